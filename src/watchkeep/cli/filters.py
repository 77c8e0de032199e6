"""Options that say which events, incidents and rules are meant."""

import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from watchkeep.domain.errors import Invalid
from watchkeep.domain.geometry import Point
from watchkeep.domain.ids import CameraId
from watchkeep.domain.rule import EventKind, Severity


class SeverityWord(StrEnum):
    """A severity as a person writes it."""

    INFO = "info"
    NOTICE = "notice"
    ALERT = "alert"
    CRITICAL = "critical"

    @property
    def severity(self) -> Severity:
        """The same, as the domain knows it."""
        return Severity[self.name]


CamerasOption = Annotated[
    list[str] | None, typer.Option("--camera", help="Only this camera; may be given several times.")
]
KindsOption = Annotated[
    list[EventKind] | None, typer.Option("--kind", help="Only this kind; may be given several times.")
]
ObjectsOption = Annotated[
    list[str] | None,
    typer.Option("--object", help="Only this object, as person; may be given several times."),
]
SeverityOption = Annotated[SeverityWord, typer.Option(help="At least so severe.")]
StartOption = Annotated[
    str | None, typer.Option("--from", help="Begin, ISO 8601; without an offset it is UTC.")
]
EndOption = Annotated[str | None, typer.Option("--to", help="End.")]
LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]


_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def checked_length(text: str, option: str) -> timedelta:
    """Read a length of time as it is typed: 30s, 10m, 1.5h.

    Raises:
        Invalid: It is none, or nothing.
    """
    found = _LENGTH.fullmatch(text.strip())
    length = timedelta(seconds=float(found[1]) * _SECONDS[found[2]]) if found else timedelta(0)
    if not length:
        raise Invalid(f"{option} {text!r} is no length of time; write for example 30s, 10m or 1h")
    return length


def checked_span(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """A span, either end of which may be left open.

    Raises:
        Invalid: An end is no time, or the span ends before it begins.
    """
    first = None if start is None else checked_instant(start, "--from")
    last = None if end is None else checked_instant(end, "--to")
    if first is not None and last is not None and last <= first:
        raise Invalid("--to must be later than --from")
    return first, last


def checked_instant(text: str, option: str) -> datetime:
    """A time as a person writes it, in UTC.

    Raises:
        Invalid: It is none.
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"{option} {text!r} is no time; write for example 2026-11-25T14:03:20Z") from None


def checked_points(text: str, option: str) -> tuple[Point, ...]:
    """Points as a person writes them: "0.1,0.2 0.5,0.2", shares of the picture.

    Raises:
        Invalid: They are none; whether they make a zone or a line is not looked at here.
    """
    try:
        pairs = [[float(share) for share in pair.split(",")] for pair in text.split()]
        return tuple(Point(x, y) for x, y in pairs)
    except ValueError:
        raise Invalid(
            f'{option} {text!r} is no list of points; write for example "0.1,0.2 0.5,0.2 0.5,0.8"'
        ) from None


def cameras_of(words: Iterable[str] | None) -> list[CameraId] | None:
    """The cameras that were named; None when none was."""
    return [CameraId(word) for word in words or ()] or None


def words_of(words: Iterable[str] | None) -> list[str] | None:
    """The words that were given; None when none was."""
    return [str(word) for word in words or ()] or None


def tell_of_more(cursor: str | None, *, json: bool) -> None:
    """Say that a list was cut."""
    if cursor is not None and not json:
        print("There are more; give a larger --limit, or an earlier --to.", file=sys.stderr)
