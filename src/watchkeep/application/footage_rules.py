"""The rules that footage is kept by: how long, who says so, and what becomes of a segment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from watchkeep.application.house import House
from watchkeep.domain.category import DEFAULT_POLICIES, DataClass
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import Hold, judge
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog import cameras
from watchkeep.storage.catalog.connection import Connection

FOOTAGE_CLASSES = (DataClass.RAW_FOOTAGE, DataClass.EVENT_CLIP, DataClass.ARCHIVED_EVENT)
"""In the order in which footage may come from one to the next."""


class Origin(StrEnum):
    """Who says a number."""

    CLASS = "class"
    SITE = "site"
    CAMERA = "camera"
    ASKED = "asked"
    """Nobody yet: it is what somebody asks about."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How long the footage of a camera in one class is kept, from a segment's end."""

    data_class: DataClass
    keep: timedelta
    origin: Origin


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a segment as things stand.

    Attributes:
        goes_at: When it goes by its age; None while an order or its state says otherwise.
        reason: One phrase.
        rule: The one that says so; None when it is a hold or its state.
    """

    is_due: bool
    goes_at: datetime | None
    reason: str
    rule: Rule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """All rules at one moment.

    Attributes:
        rules: Of every camera that the catalog knows, removed ones included, by class.
        default: Of any other camera.
        holds: All orders that stand.
    """

    rules: Mapping[CameraId, Mapping[DataClass, Rule]]
    default: Mapping[DataClass, Rule]
    holds: Collection[Hold] = ()

    def of(self, camera: CameraId) -> Mapping[DataClass, Rule]:
        """The rules of a camera."""
        return self.rules.get(camera, self.default)

    def changed(self, days: Mapping[CameraId, int]) -> "RuleBook":
        """The same with other days of raw footage for some cameras; nothing is saved."""
        rules = dict(self.rules)
        for camera, count in days.items():
            raw = Rule(DataClass.RAW_FOOTAGE, timedelta(days=count), Origin.ASKED)
            rules[camera] = {**self.of(camera), DataClass.RAW_FOOTAGE: raw}
        return replace(self, rules=rules)

    def held(self, camera: CameraId) -> list[Interval]:
        """What of a camera is held."""
        return [hold.when for hold in self.holds if hold.camera == camera]

    def fate(self, segment: Segment, now: datetime) -> Fate:
        """What becomes of a segment: the sweeper's own decision."""
        rule = self.of(segment.camera).get(segment.data_class) or self.default[DataClass.RAW_FOOTAGE]
        verdict = judge(segment, keep=rule.keep, holds=self.holds, now=now)
        goes_at = segment.when.end + rule.keep
        # What is kept for another reason than its age has no date: judged at its date it would still stay.
        if verdict.is_expired or judge(segment, keep=rule.keep, holds=self.holds, now=goes_at).is_expired:
            return Fate(verdict.is_expired, goes_at, verdict.reason, rule)
        return Fate(False, None, verdict.reason, None)


def read_rules(house: House, conn: Connection) -> RuleBook:
    """The rules as they stand. A camera's days are its own; what it does not say comes from the class."""
    default = {each: Rule(each, DEFAULT_POLICIES[each].keep, Origin.CLASS) for each in FOOTAGE_CLASSES}
    fallback = Rule(DataClass.RAW_FOOTAGE, timedelta(days=house.default_retention_days), Origin.SITE)
    rules = {
        camera.id: {
            **default,
            DataClass.RAW_FOOTAGE: Rule(
                DataClass.RAW_FOOTAGE, timedelta(days=camera.retention_days), Origin.CAMERA
            ),
        }
        for camera in cameras.list_cameras(conn, with_removed=True)
    }
    return RuleBook(rules=rules, default={**default, DataClass.RAW_FOOTAGE: fallback})
