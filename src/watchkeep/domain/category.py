"""Data classes: how sensitive a thing is and how long it is kept.

Source: the specification, 1.2 and 6.1, as ruled.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


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


class Sensitivity(StrEnum):
    """How much harm a leak does."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class DataClassPolicy:
    """The defaults of a data class; each can be configured."""

    keep: timedelta
    sensitivity: Sensitivity


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
