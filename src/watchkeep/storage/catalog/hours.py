"""Footage by the hour: what came of each camera, what is there, and on which days.

The two tables are kept by triggers in the transaction that changes a segment, so they are never behind
(migration 0015). Open segments are not in them; the hours say where one is, and these functions look it up.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt

from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import EPOCH, CameraId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("hours")
HOUR = timedelta(hours=1)
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPart:
    """A segment that is not settled: being written, or left by a recorder that died."""

    stream: StreamId
    camera: CameraId
    when: Interval
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHours:
    """Settled segments of a camera of one class on one volume, by the hour in which they began.

    Attributes:
        hours: Hours since 1970, ascending; those without any are left out.
        segments: How many, hour by hour; without doomed ones.
        size_bytes: What they take; of an hour that is being deleted, with what is doomed already.
    """

    camera: CameraId
    data_class: DataClass
    volume: UUID
    hours: Numbers
    segments: Numbers
    size_bytes: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class CameHours:
    """What came of a camera, all its streams, by the hour; whatever became of it since."""

    camera: CameraId
    hours: Numbers
    size_bytes: Numbers


def hour_of(instant: datetime) -> datetime:
    """The start of the UTC hour that an instant lies in."""
    return instant - (instant - EPOCH) % HOUR


def open_parts(connection: Connection, streams: Collection[StreamId] | None = None) -> list[OpenPart]:
    """The segments of these streams (None: of all) that are not settled, oldest first."""
    wanted = None if streams is None else list(streams)
    found = connection.execute(_QUERIES["open_hours"], {"streams": wanted}).fetchall()
    parts: list[OpenPart] = []
    for when in _days(row[2] for row in found):
        rows = connection.execute(_QUERIES["open_between"], {"start": when.start, "end": when.end})
        parts += [
            OpenPart(
                stream=StreamId(stream),
                camera=CameraId(camera),
                when=Interval(start.astimezone(UTC), end.astimezone(UTC)),
                size_bytes=size_bytes,
            )
            for stream, camera, start, end, size_bytes in rows
            if streams is None or stream in streams
        ]
    return sorted(parts, key=lambda part: part.when.start)


def _days(hours: Iterable[datetime]) -> list[Interval]:
    """Spans that hold these hours, none of which goes beyond a UTC day: each is one partition."""
    spans: dict[object, Interval] = {}
    for hour in sorted(each.astimezone(UTC) for each in hours):
        known = spans.get(hour.date())
        spans[hour.date()] = Interval(hour if known is None else known.start, hour + HOUR)
    return list(spans.values())


def recorded_by_hour(
    connection: Connection, stream: StreamId, when: Interval
) -> list[tuple[datetime, float]]:
    """Seconds of settled footage in each hour of a span that begins and ends on the hour."""
    facts = {"stream": stream, "start": when.start, "end": when.end}
    rows = connection.execute(_QUERIES["recorded"], facts)
    return [(hour.astimezone(UTC), float(seconds)) for hour, seconds in rows]


def settled_bounds(connection: Connection, stream: StreamId) -> Interval | None:
    """From the start of a stream's oldest settled footage to the end of its newest; None without any."""
    row = connection.execute(_QUERIES["bounds"], {"stream": stream}).fetchone()
    if row is None or row[0] is None:
        return None
    return Interval(row[0].astimezone(UTC), row[1].astimezone(UTC))


def days_with_footage(
    connection: Connection, cameras: Sequence[CameraId], days: Sequence[Interval]
) -> list[datetime]:
    """The starts of those of these days on which there is settled footage of any of these cameras, in order.

    Args:
        connection: An open transaction.
        cameras: Whose.
        days: Local days as spans; they may be of 23 or 25 hours, and need not begin on the hour.
    """
    facts = {
        "cameras": list(cameras),
        "starts": [day.start for day in days],
        "ends": [day.end for day in days],
    }
    return [start.astimezone(UTC) for (start,) in connection.execute(_QUERIES["days"], facts)]


def came_by_hour(
    connection: Connection, when: Interval, *, cameras: Collection[CameraId] | None = None
) -> list[CameHours]:
    """What came of these cameras (None: of all) in the hours that begin in a span."""
    facts = {"start": when.start, "end": when.end, "cameras": _listed(cameras)}
    return [
        CameHours(camera=CameraId(camera), hours=_numbers(hours, 4), size_bytes=_numbers(sizes, 8))
        for camera, hours, sizes in connection.execute(_QUERIES["came"], facts)
    ]


def stored_by_hour(
    connection: Connection, *, cameras: Collection[CameraId] | None = None
) -> list[StoredHours]:
    """What is stored of these cameras (None: of all) by hour, class and volume."""
    return [
        StoredHours(
            camera=CameraId(camera),
            data_class=DataClass(data_class),
            volume=volume,
            hours=_numbers(hours, 4),
            segments=_numbers(segments, 4),
            size_bytes=_numbers(sizes, 8),
        )
        for camera, data_class, volume, hours, segments, sizes in connection.execute(
            _QUERIES["stored"], {"cameras": _listed(cameras)}
        )
    ]


def outages(
    connection: Connection, when: Interval, *, cameras: Collection[CameraId] | None = None
) -> list[tuple[CameraId, Interval]]:
    """Spans of a minute or more in which the main stream was lost, cut to a span; by camera, oldest first."""
    facts = {
        "start": when.start,
        "end": when.end,
        "cameras": _listed(cameras),
        "on_purpose": [cause.value for cause in GapCause if cause.is_on_purpose],
    }
    return [
        (CameraId(camera), Interval(start.astimezone(UTC), end.astimezone(UTC)))
        for camera, start, end in connection.execute(_QUERIES["outages"], facts)
    ]


def _listed(cameras: Collection[CameraId] | None) -> list[CameraId] | None:
    return None if cameras is None else list(cameras)


def _numbers(packed: bytes, size: int) -> Numbers:
    """Whole numbers as the database sends them: most significant byte first."""
    return np.frombuffer(packed, dtype=f">i{size}").astype(np.int64)


def forget_hours(connection: Connection, *, before: datetime) -> int:
    """Forget what came in hours before an instant of which nothing is there any more; returns how many."""
    return connection.execute(_QUERIES["forget"], {"before": before}).rowcount
