"""The settings: one watchkeep.yaml, checked whole, every key with a default.

Nobody but runtime reads it; rooms get values.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainValidator, model_validator

from watchkeep.domain.errors import Invalid
from watchkeep.domain.job import JobKind
from watchkeep.domain.schedule import parse_schedule
from watchkeep.domain.tier import Reserve
from watchkeep.runtime.config_values import (
    Duration,
    HostName,
    Listen,
    PathText,
    Port,
    Processes,
    ReserveText,
    SecretText,
    Section,
    Zone,
)
from watchkeep.runtime.storage_settings import Storage
from watchkeep.runtime.units import ListenAddress, format_duration


def _schedule(text: object) -> str:
    try:
        return parse_schedule(str(text)).text
    except Invalid as error:
        raise ValueError(str(error)) from None


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


class Upkeep(Section):
    """What the keeper does by the calendar: unfinished files daily, reading footage again on Sundays."""

    scrub_mb_per_s: Annotated[int, Field(ge=1, le=10_000)] = 40
    """How many megabytes a second are read when footage is read again, so that recording has the disk. All is
    read at least every 30 days: 40 are enough for 50 TB."""


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


class Jobs(Section):
    """What the keeper does by the clock."""

    schedules: dict[JobKind, Annotated[str, PlainValidator(_schedule)]] = {}  # noqa: RUF012  # pydantic copies it
    """Other schedules than the usual ones, by the job's word: minute, hour, day, month and weekday as cron
    has them, in UTC, for example {picture-sweep: "30 1 * * *"}. `watchkeep jobs list` shows them all."""


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
    upkeep: Upkeep = Upkeep()
    storage: Storage = Storage()
    analysis: Analysis = Analysis()
    assets: Assets = Assets()
    cameras: Cameras = Cameras()
    jobs: Jobs = Jobs()
    log: Log = Log()

    @model_validator(mode="after")
    def _recording_has_one_place(self) -> "Settings":
        self.storage.require_place_of_recording(self.recording.folder)
        return self

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
