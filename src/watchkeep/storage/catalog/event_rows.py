"""Rows of events as the driver gives them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.event import BestMoment, EndReason, Event, Flag
from watchkeep.domain.event_record import StoredEvent, StoredPicture
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import CameraId, EventId, IncidentId, RuleId, StreamId, TrackId
from watchkeep.domain.rule import Direction, EventKind, Severity
from watchkeep.storage.catalog.connection import Connection


def event_rows(
    connection: Connection, query: LiteralString, facts: Mapping[str, object]
) -> list[StoredEvent]:
    """The events that a query finds."""
    with connection.cursor(row_factory=class_row(_EventRow)) as cursor:
        # Not prepared: a plan that fits every filter would fit none.
        return [row.stored() for row in cursor.execute(query, facts, prepare=False)]


@dataclass(frozen=True, slots=True)
class _EventRow:
    event_id: UUID
    timestamp: datetime
    ended_at: datetime | None
    detected_at: datetime
    camera_id: str
    event_type: str
    confidence: float
    severity: int
    event_metadata: dict[str, list[str]]
    rule_id: UUID
    rule_version: int
    track_id: UUID
    stream_id: UUID
    object_type: str
    seen_until: datetime
    end_reason: str | None
    revision: int
    severity_reasons: list[str]
    model_id: UUID | None
    direction: str | None
    best_at: datetime
    best_score: float
    best_left: float
    best_top: float
    best_right: float
    best_bottom: float
    incident_id: UUID | None
    picture_volume: UUID | None
    picture_path: str | None
    picture_bytes: int | None
    picture_at: datetime | None
    box_left: float
    box_top: float
    box_right: float
    box_bottom: float
    rule_name: str
    model_name: str | None
    model_version: str | None

    def stored(self) -> StoredEvent:
        return StoredEvent(
            event=self._event(),
            incident=None if self.incident_id is None else IncidentId(self.incident_id),
            picture=self._picture(),
            rule_name=self.rule_name,
            model_name=self.model_name or "",
            model_version=self.model_version or "",
        )

    def _event(self) -> Event:
        return Event(
            id=EventId(self.event_id),
            kind=EventKind(self.event_type),
            camera=CameraId(self.camera_id),
            stream=StreamId(self.stream_id),
            rule=RuleId(self.rule_id),
            rule_version=self.rule_version,
            track=TrackId(self.track_id),
            object_type=self.object_type,
            started_at=self.timestamp.astimezone(UTC),
            seen_until=self.seen_until.astimezone(UTC),
            ended_at=None if self.ended_at is None else self.ended_at.astimezone(UTC),
            end_reason=None if self.end_reason is None else EndReason(self.end_reason),
            detected_at=self.detected_at.astimezone(UTC),
            confidence=self.confidence,
            severity=Severity(self.severity),
            severity_reasons=tuple(self.severity_reasons),
            box=Box(self.box_left, self.box_top, self.box_right, self.box_bottom),
            best=BestMoment(
                at=self.best_at.astimezone(UTC),
                box=Box(self.best_left, self.best_top, self.best_right, self.best_bottom),
                score=self.best_score,
            ),
            direction=None if self.direction is None else Direction(self.direction),
            revision=self.revision,
            flags=tuple(Flag(flag) for flag in self.event_metadata.get("flags", [])),
        )

    def _picture(self) -> StoredPicture | None:
        if self.picture_path is None or self.picture_volume is None:
            return None
        at = self.picture_at or self.best_at
        return StoredPicture(volume=self.picture_volume, path=self.picture_path, at=at.astimezone(UTC))
