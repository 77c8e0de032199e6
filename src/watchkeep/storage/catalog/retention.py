"""What may be due for deletion, who claims it, and how a segment gives up a part of itself."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import Range

from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import FOOTAGE_CLASSES, Claim, Hold, Keeps, Verdict
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.recordings import SegmentRow

_QUERIES = load("retention")
DAY = timedelta(days=1)


Fronts = Mapping[tuple[CameraId, DataClass], datetime]
"""Where the oldest segment of a camera and class began; none is older."""
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    """For each camera and class of footage an instant: what ended at or before it is looked at.

    Attributes:
        fronts: Before these nothing is looked for; of what is not named, everything.
        volume: Only what lies there; None: wherever it lies.
    """

    rows: Sequence[tuple[CameraId, DataClass, datetime]]
    fronts: Fronts = field(default_factory=dict)
    volume: UUID | None = None

    @classmethod
    def by_age(cls, keeps: Mapping[CameraId, Keeps], now: datetime, fronts: Fronts | None = None) -> "Limits":
        """What has reached the limit of its class; with fronts, of the cameras and classes that have one."""
        return cls(
            [
                (camera, data_class, now - keep.of(data_class))
                for camera, keep in keeps.items()
                for data_class in FOOTAGE_CLASSES
                if fronts is None or (camera, data_class) in fronts
            ],
            fronts or {},
        )

    @classmethod
    def all(
        cls,
        cameras: Collection[CameraId],
        classes: Collection[DataClass],
        now: datetime,
        *,
        volume: UUID | None = None,
    ) -> "Limits":
        """Everything that is over, on one volume or on all."""
        rows = [(camera, data_class, now) for camera in cameras for data_class in classes]
        return cls(rows, volume=volume)

    def facts(self) -> dict[str, object]:
        """As the queries want them."""
        return {
            "cameras": [camera for camera, _, _ in self.rows],
            "classes": [data_class.value for _, data_class, _ in self.rows],
            "befores": [before for _, _, before in self.rows],
            "fronts": [self.fronts.get(row[:2], _EVER) for row in self.rows],
            "volume": self.volume,
        }


def due(connection: Connection, limits: Limits, holds: Collection[Hold], *, most: int) -> list[StoredSegment]:
    """The oldest segments of each camera and class that ended in time, without those wholly held.

    Args:
        connection: The transaction.
        limits: Up to when, by camera and class.
        holds: All that stand.
        most: At most so many of each camera and class.
    """
    facts = {
        **limits.facts(),
        "held": [hold.camera for hold in holds],
        "held_from": [hold.when.start for hold in holds],
        "held_to": [hold.when.end for hold in holds],
        "limit": most,
    }
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(_QUERIES["due"], facts)]


def fronts(
    connection: Connection, cameras: Collection[CameraId]
) -> dict[tuple[CameraId, DataClass], datetime]:
    """Where the oldest segment of each camera and class began. Looks into every partition."""
    pairs = [(camera, data_class) for camera in cameras for data_class in FOOTAGE_CLASSES]
    facts = {"cameras": [each[0] for each in pairs], "classes": [each[1].value for each in pairs]}
    return {
        (CameraId(camera), DataClass(name)): start.astimezone(UTC)
        for camera, name, start in connection.execute(_QUERIES["fronts"], facts)
    }


def claims(
    connection: Connection, segments: Collection[Segment], keeps: Mapping[CameraId, Keeps]
) -> dict[CameraId, list[Claim]]:
    """What the events of each camera claim of its footage, from the oldest segment to the newest of each day.

    Args:
        connection: The transaction.
        segments: Of any cameras; events that touch none of them may be among the answer.
        keeps: Of these cameras; tells the margins.
    """
    return claims_of(connection, list(_days(segments)), keeps)


def claims_of(
    connection: Connection, footage: Collection[tuple[CameraId, Interval]], keeps: Mapping[CameraId, Keeps]
) -> dict[CameraId, list[Claim]]:
    """What the events of cameras claim of spans of their footage; as `claims`."""
    spans = [(camera, keeps[camera], span) for camera, span in footage]
    if not spans:
        return {}
    facts = {
        "cameras": [camera for camera, _, _ in spans],
        "starts": [span.start - keep.after for _, keep, span in spans],
        "ends": [span.end + keep.before for _, keep, span in spans],
    }
    found: dict[CameraId, list[Claim]] = {}
    for name, start, end, is_archived in connection.execute(_QUERIES["claiming_events"], facts):
        camera = CameraId(name)
        when = Interval(
            start.astimezone(UTC) - keeps[camera].before, end.astimezone(UTC) + keeps[camera].after
        )
        found.setdefault(camera, []).append(Claim(when, DataClass.EVENT_CLIP))
        if is_archived:
            found[camera].append(Claim(when, DataClass.ARCHIVED_EVENT))
    return found


def _days(segments: Collection[Segment]) -> Iterator[tuple[CameraId, Interval]]:
    """For each camera and UTC day the span of its segments: no more partitions are read than needed."""
    spans: dict[tuple[CameraId, object], Interval] = {}
    for segment in segments:
        key = (segment.camera, segment.when.start.date())
        known = spans.get(key, segment.when)
        spans[key] = Interval(min(known.start, segment.when.start), max(known.end, segment.when.end))
    for (camera, _), span in sorted(spans.items(), key=lambda each: each[1]):
        yield camera, span


def narrow(connection: Connection, narrowed: Sequence[tuple[Segment, Verdict]]) -> None:
    """Let segments give up what nobody claims any more; from this transaction on it is not handed out."""
    if not narrowed:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            _QUERIES["narrow"],
            [
                {
                    "id": segment.id,
                    "start": segment.when.start,
                    "data_class": verdict.data_class.value,
                    "claims": TimestamptzMultirange(
                        [Range(span.start, span.end, "[)") for span in verdict.readable]
                    ),
                }
                for segment, verdict in narrowed
            ],
        )


def covered_by_sub(
    connection: Connection, camera: CameraId, when: Interval, *, volume: UUID, most: int
) -> list[StoredSegment]:
    """Raw footage of a camera's main stream, begun and over in a span, that its sub stream shows, too."""
    facts = {"camera": camera, "after": when.start, "before": when.end, "volume": volume, "limit": most}
    return _found(connection, _QUERIES["covered_by_sub"], facts)


def thinnable(
    connection: Connection, camera: CameraId, when: Interval, *, volume: UUID, most: int
) -> list[StoredSegment]:
    """Raw footage of a camera on a volume, begun and over in a span, that still has all its pictures."""
    facts = {"camera": camera, "after": when.start, "before": when.end, "volume": volume, "limit": most}
    return _found(connection, _QUERIES["thinnable"], facts)


def _found(connection: Connection, query: LiteralString, facts: Mapping[str, object]) -> list[StoredSegment]:
    with connection.cursor(row_factory=class_row(SegmentRow)) as cursor:
        return [row.segment() for row in cursor.execute(query, facts)]


def put_thinned(connection: Connection, old: Segment, new: StoredSegment) -> bool:
    """Add the segment that has only the key pictures of another; False if the other is not there any more.

    It is there while it has its place on the volume of the new one.
    """
    facts = {
        "id": new.id,
        "old": old.id,
        "start": old.when.start,
        "volume": new.volume,
        "path": new.path,
        "size_bytes": new.size_bytes,
        "fragment_count": new.fragment_count,
        "root_digest": new.root_digest,
    }
    return connection.execute(_QUERIES["put_thinned"], facts).rowcount == 1


def bytes_of_camera(connection: Connection, camera: CameraId) -> int:
    """What all footage of a camera takes; walks all of it."""
    return _number(connection.execute(_QUERIES["bytes_of_camera"], {"camera": camera}).fetchone())


def bytes_of_class(connection: Connection, data_class: DataClass) -> int:
    """What all footage of a class takes; walks all of it."""
    facts = {"data_class": data_class.value}
    return _number(connection.execute(_QUERIES["bytes_of_class"], facts).fetchone())


def daily_flow(connection: Connection, keeps: Mapping[CameraId, Keeps], now: datetime) -> tuple[int, int]:
    """Bytes recorded in the day before, and bytes that reach their limit in the day after."""
    came = _number(connection.execute(_QUERIES["recorded_bytes"], {"since": now - DAY}).fetchone())
    goes = connection.execute(_QUERIES["expiring_bytes"], Limits.by_age(keeps, now).facts()).fetchone()
    return came, _number(goes)


def _number(row: tuple[int, ...] | None) -> int:
    return 0 if row is None else int(row[0])
