"""Events as they are kept and asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from watchkeep.domain.event import Event
from watchkeep.domain.ids import CameraId, IncidentId, RuleId

FAR_FUTURE = datetime(9000, 1, 1, tzinfo=UTC)
FAR_PAST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """Where the sealed picture of an event lies.

    Attributes:
        path: Relative to the volume.
        at: Which moment it shows.
    """

    volume: UUID
    path: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event with what the catalog adds.

    Attributes:
        incident: Which it belongs to.
        model_name: Of the weights that found it; empty when they are not known.
    """

    event: Event
    incident: IncidentId | None
    picture: StoredPicture | None
    rule_name: str
    model_name: str
    model_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are wanted; None is any.

    Attributes:
        cameras: An empty set is none at all.
        begun_from: First start.
        begun_to: Last start, inclusive.
        lasts_until: Only those that go on until then at least.
    """

    cameras: Collection[CameraId] | None = None
    kinds: Collection[str] | None = None
    objects: Collection[str] | None = None
    least_severity: int = 0
    rule: RuleId | None = None
    incident: IncidentId | None = None
    begun_from: datetime = FAR_PAST
    begun_to: datetime = FAR_FUTURE
    lasts_until: datetime | None = None
