"""Incidents: events of one camera that overlap or follow within 30 s, which people review as one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import CameraId, EventId, IncidentId
from watchkeep.domain.rule import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What a person reviews.

    Attributes:
        ended_at: None while one of its events goes on.
        best_event: Whose picture stands for it.
        best_box: Of its object in that picture.
        seen_at: When somebody marked it seen.
        verdict: What a person said: true, or a false alarm.
        archived_by: Who wants it and its footage kept as an archived event; None: nobody.
    """

    id: IncidentId
    camera: CameraId
    started_at: datetime
    ended_at: datetime | None
    seen_until: datetime
    severity: Severity
    event_count: int
    kinds: tuple[str, ...]
    objects: tuple[str, ...]
    best_event: EventId
    best_at: datetime
    best_box: Box
    has_picture: bool
    seen_at: datetime | None
    seen_by: str | None
    verdict: bool | None
    verdict_by: str | None
    archived_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Which incidents are wanted; None is any.

    Attributes:
        cameras: An empty set is none at all.
        until: Begun before.
        since: Not over before.
    """

    cameras: Collection[CameraId] | None = None
    kinds: Collection[str] | None = None
    objects: Collection[str] | None = None
    least_severity: int = 0
    is_seen: bool | None = None
    has_verdict: bool | None = None
    verdict: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
