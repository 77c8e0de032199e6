"""The settings: one watchkeep.yaml, checked whole, every key with a default.

Nobody but runtime reads it; rooms get values.
"""

import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from watchkeep.domain.camera import Secret
from watchkeep.runtime.units import (
    ListenAddress,
    Reserve,
    format_duration,
    format_reserve,
    parse_duration,
    parse_listen,
    parse_reserve,
)
from watchkeep.runtime.wording import closest

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
PROCESSES_LIMIT = 64
"""More than the cores of one machine help nobody."""
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]+")


def _zone(text: object) -> str:
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no time zone; write for example Europe/London")  # noqa: TRY004  # pydantic
    # "UTC" needs no zone files: a slim container has none.
    if text != "UTC" and text not in available_timezones():
        raise ValueError(f"{text!r} is no time zone; {closest(text, available_timezones(), 'Europe/London')}")
    return text


def _host_name(text: object) -> str:
    if not isinstance(text, str) or _HOST_NAME.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no host name or address; write for example recorder.local")
    return text


def _secret(text: object) -> object:
    """A text in which ${NAME} stands for an environment variable, so that no password need be in the file."""
    if text is None or isinstance(text, Secret):
        return text
    if not isinstance(text, str):
        raise ValueError("it must be text")  # noqa: TRY004  # pydantic

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise ValueError(
                f"the environment variable {found[1]} is not set; set it or write the value here"
            )
        return os.environ[found[1]]

    return Secret(_VARIABLE.sub(value, text))


def _path(text: object) -> object:
    """An absolute path; `~` is the home folder."""
    if text is None or isinstance(text, Path):
        return text
    if not isinstance(text, str) or not text:
        raise ValueError(f"{text!r} is no path; write for example /srv/footage")
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ValueError(f"{text!r} is not an absolute path; write it from / on, or from ~/ on")
    return path


def _processes(given: object) -> int | None:
    if given == "auto":
        return None
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= PROCESSES_LIMIT:
        return given
    raise ValueError(f"{given!r} is no number of processes; write auto, or 1 to {PROCESSES_LIMIT}")


def _read(kind: type, reader: Callable[[object], object]) -> Callable[[object], object]:
    """Read a text, or take a value that is of the kind already."""
    return lambda value: value if isinstance(value, kind) else reader(value)


def _text_schema(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "examples": [example]})


Duration = Annotated[
    timedelta,
    PlainValidator(_read(timedelta, parse_duration)),
    PlainSerializer(format_duration),
    _text_schema("60 s"),
]
ReserveText = Annotated[
    Reserve,
    PlainValidator(_read(Reserve, parse_reserve)),
    PlainSerializer(format_reserve),
    _text_schema("5 GiB"),
]
Listen = Annotated[
    ListenAddress,
    PlainValidator(_read(ListenAddress, parse_listen)),
    PlainSerializer(str),
    _text_schema("127.0.0.1:8443"),
]
Zone = Annotated[str, PlainValidator(_zone), _text_schema("Europe/London")]
HostName = Annotated[str, PlainValidator(_host_name), _text_schema("recorder.local")]
SecretText = Annotated[
    Secret,
    PlainValidator(_secret),
    PlainSerializer(lambda _: "•••"),
    _text_schema("postgresql:///watchkeep"),
]
PathText = Annotated[
    Path, PlainValidator(_path), PlainSerializer(str), _text_schema("/srv/watchkeep/footage")
]
Processes = Annotated[
    int | None,
    PlainValidator(_processes),
    PlainSerializer(lambda count: "auto" if count is None else count),
    WithJsonSchema(
        {"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1, "maximum": PROCESSES_LIMIT}]}
    ),
]
"""None: as many as the streams need."""

Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A group of settings. The docstring under a key is its comment in the file and its reference entry."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )


class Site(Section):
    """The place that is watched."""

    name: Annotated[str, Field(min_length=1, max_length=80)] = "Home"
    """Shown at the top of the page."""
    zone: Zone = "UTC"
    """Time zone of the site, for display, local days and modes by the week; everything is stored in UTC."""


class Web(Section):
    """The page and the API, over TLS 1.3."""

    listen: Listen = ListenAddress(host="127.0.0.1", port=8443)
    """Address and port. 127.0.0.1 serves this machine only, 0.0.0.0 every network."""
    names: tuple[HostName, ...] = ()
    """Names and addresses by which browsers reach this machine, the usual one first. They are written into
    the certificate; localhost, this machine's own name and the listen address are there anyway."""


class Rtsp(Section):
    """Each camera's streams again, for other programs, under rtsp://this-machine:port/CAMERA/main or /sub."""

    listen: Listen | None = None
    """Address and port, or null to serve none; for example 0.0.0.0:8554. Programs sign in with a user's name
    and its stream password, which `watchkeep user stream-password` shows."""
    tls: bool = False
    """Whether it is rtsps://, with the page's certificate. Without it pictures cross the network in clear."""


class Metrics(Section):
    """Prometheus figures under /metrics, in plain HTTP, without sign-in."""

    listen: Listen | None = ListenAddress(host="127.0.0.1", port=9464)
    """Address and port, or null to serve none. Figures name cameras, so keep it off open networks."""


class Database(Section):
    """The catalog."""

    dsn: SecretText | None = None
    """Address of an external PostgreSQL, or null for the embedded one. ${NAME} takes an environment variable,
    so that a password need not be written here."""


class ProviderName(StrEnum):
    """What protects the keystore."""

    MACHINE = "machine"
    PASSPHRASE = "passphrase"  # noqa: S105  # the provider's name, no password


class KeystoreSettings(Section):
    """What protects the keys of the footage."""

    provider: ProviderName = ProviderName.MACHINE
    """machine: a key file beside the keystore, readable by its owner only, so that recording starts after a
    power cut without anybody; passphrase: nothing on the disk opens the footage, but each start needs it."""
    passphrase_file: PathText | None = None
    """File that holds the passphrase, or null to take it from the environment."""
    passphrase_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = "WATCHKEEP_PASSPHRASE"  # noqa: S105  # its name
    """Environment variable that holds the passphrase when there is no file."""


class Recording(Section):
    """What is written, and for how long it stays."""

    folder: PathText | None = None
    """Folder of the footage, or null for `footage` in the data folder. Put it on the large disk."""
    segment_length: Duration = timedelta(seconds=60)
    """Length of one segment file. Longer ones are fewer, shorter ones lose less to a damaged disk."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """Days that raw footage of a new camera is kept, or null for as long as `watchkeep policy` says (30 at
    first); each camera can have its own."""
    audio: bool = True
    """Whether audio may be recorded. Each camera has a switch of its own, off at first; false forbids it on
    this node, whatever the switches say."""
    reserve_free: ReserveText = Reserve(size_bytes=5 << 30)
    """Space that stays free on the footage's disk, as a size or in per cent; the oldest footage goes first.
    Filled disks are slow, and the database needs room too."""
    processes: Processes = None
    """How many processes record, each its share of the cameras: auto, or a number. auto takes one for each
    200 streams of up to 3 Mbit/s, more for heavier ones, and never more than there are processor cores; it
    adds processes while recording goes on, and takes some away at a start only."""

    pre_event: Duration = timedelta(seconds=5)
    """What is recorded of a stream in the mode motion or events before the first sign; kept in memory till
    then. From 0 s to 30 s."""
    post_event: Duration = timedelta(seconds=10)
    """What is recorded of it after the last sign. From 2 s to 10 min."""

    @model_validator(mode="after")
    def _margins_are_sensible(self) -> "Recording":
        for name, length, least, most in (
            ("pre_event", self.pre_event, timedelta(0), timedelta(seconds=30)),
            ("post_event", self.post_event, timedelta(seconds=2), timedelta(minutes=10)),
        ):
            if not least <= length <= most:
                raise ValueError(
                    f"recording.{name}: {format_duration(length)} is out of range; "
                    f"write {format_duration(least)} to {format_duration(most)}"
                )
        return self

    @model_validator(mode="after")
    def _length_is_sensible(self) -> "Recording":
        if not timedelta(seconds=2) <= self.segment_length <= timedelta(minutes=4):
            raise ValueError(
                f"recording.segment_length: {format_duration(self.segment_length)} is out of range; "
                "write 2 s to 4 min"
            )
        return self


class Analysis(Section):
    """Finding people, vehicles and more in the pictures, on this machine alone."""

    enabled: bool = True
    """Whether this node analyses pictures. Recording is the same either way."""
    model: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,80}$")] | None = None
    """Name of the detector's model, or null for the default, with a stand-in until it can be had."""


class Assets(Section):
    """Files that Watchkeep fetches once: the detector's weights, demonstration footage."""

    directory: PathText | None = None
    """Folder that is searched before any network address, or null. For machines without internet."""
    cache: PathText | None = None
    """Folder that keeps what was fetched, or null for watchkeep in the user's cache folder."""


class Cameras(Section):
    """Which addresses cameras may have."""

    simulator_ports: tuple[Port, ...] = (9554,)
    """Ports of this machine's loopback that camera addresses may name: those of `watchkeep camera-simulator`.
    The demonstration cameras are served on the first. All other loopback addresses are refused, so that
    nobody can make Watchkeep ask services of this machine."""


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Log(Section):
    """What the processes say on standard error: plain on a terminal, else one JSON object a line."""

    level: LogLevel = LogLevel.INFO
    """debug, info, warning or error."""


class Settings(Section):
    """All settings of a node."""

    site: Site = Site()
    web: Web = Web()
    rtsp: Rtsp = Rtsp()
    metrics: Metrics = Metrics()
    database: Database = Database()
    keystore: KeystoreSettings = KeystoreSettings()
    recording: Recording = Recording()
    analysis: Analysis = Analysis()
    assets: Assets = Assets()
    cameras: Cameras = Cameras()
    log: Log = Log()

    @property
    def cache(self) -> Path:
        """Where assets and demonstration clips are kept; outside the data folder, as they are clear media."""
        return self.assets.cache or default_cache(os.environ)


def default_cache(environment: Mapping[str, str]) -> Path:
    """The user's cache folder for Watchkeep (XDG base directory specification)."""
    home = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "watchkeep"


def default_data(environment: Mapping[str, str]) -> Path:
    """The data folder when neither --data nor WATCHKEEP_DATA names one (XDG base directory specification)."""
    if named := environment.get("WATCHKEEP_DATA"):
        return Path(named).expanduser().absolute()
    home = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "watchkeep"
