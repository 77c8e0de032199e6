"""The kinds of value that settings have: read from text with a cure for each mistake, and written back."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from watchkeep.domain.camera import Secret
from watchkeep.domain.tier import DailyHours, Reserve
from watchkeep.runtime.units import (
    ListenAddress,
    format_duration,
    format_reserve,
    format_size,
    parse_duration,
    parse_hours,
    parse_listen,
    parse_rate,
    parse_reserve,
    parse_size,
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
Size = Annotated[int, PlainValidator(parse_size), PlainSerializer(format_size), _text_schema("10 TB")]
Rate = Annotated[
    int,
    PlainValidator(parse_rate),
    PlainSerializer(lambda size: f"{format_size(size)}/s"),
    _text_schema("50 MB/s"),
]
Hours = Annotated[
    DailyHours,
    PlainValidator(_read(DailyHours, parse_hours)),
    PlainSerializer(str),
    _text_schema("22:00-06:00"),
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


def section_within(annotation: object) -> type[Section] | None:
    """The section that a key holds: itself, or as each entry of a list, or if it is not null."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(filter(None, map(section_within, get_args(annotation))), None)
