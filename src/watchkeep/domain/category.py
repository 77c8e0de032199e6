"""Data classes: how sensitive a thing is, how long it is kept, where, and who may see it.

Source: the specification, 1.2 and 6.1, as ruled.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from watchkeep.domain.access import Action


class DataClass(StrEnum):
    """Every stored thing has exactly one."""

    RAW_FOOTAGE = "raw_footage"
    EVENT_CLIP = "event_clip"
    ARCHIVED_EVENT = "archived_event"
    EVENT = "event"
    EVENT_SKELETON = "event_skeleton"
    ROLLUP_FINE = "rollup_fine"
    ROLLUP_COARSE = "rollup_coarse"
    METADATA = "metadata"
    SYSTEM_LOG = "system_log"
    AUDIT = "audit"

    @property
    def seen_with(self) -> Action:
        """What one must be allowed to see things of this class."""
        return _SEEN_WITH.get(self, Action.VIEW_RECORDED)


class Sensitivity(StrEnum):
    """How much harm a leak does."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class DataClassPolicy:
    """The defaults of a data class; each can be configured.

    Attributes:
        keep: Since the end of what is kept.
        longest: What the law allows at most; None when it says nothing.
        replicas: Copies on different volumes.
        residency: Names of the tiers that it may lie on; empty: any.
        quota_bytes: What all of the class may take; None: no limit.
        before: Of a clip: footage kept before its event.
        after: Of a clip: footage kept after its event.
    """

    keep: timedelta
    sensitivity: Sensitivity
    longest: timedelta | None = None
    replicas: int = 1
    residency: tuple[str, ...] = ()
    quota_bytes: int | None = None
    before: timedelta = timedelta(seconds=10)
    after: timedelta = timedelta(seconds=10)


DEFAULT_POLICIES: dict[DataClass, DataClassPolicy] = {
    DataClass.RAW_FOOTAGE: DataClassPolicy(timedelta(days=30), Sensitivity.HIGH),
    DataClass.EVENT_CLIP: DataClassPolicy(timedelta(days=90), Sensitivity.HIGH),
    DataClass.ARCHIVED_EVENT: DataClassPolicy(timedelta(days=365), Sensitivity.HIGH),
    DataClass.EVENT: DataClassPolicy(timedelta(days=180), Sensitivity.HIGH),
    DataClass.EVENT_SKELETON: DataClassPolicy(timedelta(days=365), Sensitivity.MEDIUM),
    DataClass.ROLLUP_FINE: DataClassPolicy(timedelta(days=365), Sensitivity.MEDIUM),
    DataClass.ROLLUP_COARSE: DataClassPolicy(timedelta(days=730), Sensitivity.MEDIUM),
    DataClass.METADATA: DataClassPolicy(timedelta(days=365), Sensitivity.HIGH),
    DataClass.SYSTEM_LOG: DataClassPolicy(timedelta(days=90), Sensitivity.MEDIUM),
    DataClass.AUDIT: DataClassPolicy(timedelta(days=365), Sensitivity.HIGH),
}

_SEEN_WITH = {
    DataClass.SYSTEM_LOG: Action.CONFIGURE,
    DataClass.AUDIT: Action.READ_AUDIT,
}
