"""The rules that footage is kept by: how long, who says so, and what becomes of a segment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.policy import EffectivePolicy
from watchkeep.domain.retention import FOOTAGE_CLASSES, Claim, Hold, Keeps, judge
from watchkeep.domain.segment import Segment
from watchkeep.lifecycle.holds import orders
from watchkeep.storage.catalog import policies
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.policies import PolicyBook


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
    """What becomes of a segment, or of an instant of it, as things stand.

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
        book: The policies as they stand.
        asked: Days of raw footage that somebody thinks of.
        holds: All orders that stand.
    """

    book: PolicyBook
    asked: Mapping[CameraId, timedelta]
    holds: Collection[Hold]

    def of(self, camera: CameraId) -> Mapping[DataClass, Rule]:
        """The rules of a camera."""
        found = self.book.of(camera)
        rules = {each: _rule(found[each]) for each in FOOTAGE_CLASSES}
        if camera in self.asked:
            raw = Rule(DataClass.RAW_FOOTAGE, self.asked[camera], Origin.ASKED)
            rules[DataClass.RAW_FOOTAGE] = raw
        return rules

    def keeps(self, camera: CameraId) -> Keeps:
        """The same, as the judge wants it."""
        keeps = self.book.keeps(camera)
        return replace(keeps, raw=self.asked[camera]) if camera in self.asked else keeps

    def changed(self, days: Mapping[CameraId, int]) -> "RuleBook":
        """The same with other days of raw footage for some cameras; nothing is saved."""
        other = {camera: timedelta(days=count) for camera, count in days.items()}
        return replace(self, asked={**self.asked, **other})

    def held(self, camera: CameraId) -> list[Interval]:
        """What of a camera is held."""
        return [hold.when for hold in self.holds if hold.camera == camera]

    def fate(self, segment: Segment, now: datetime, claims: Sequence[Claim] = ()) -> Fate:
        """What becomes of a segment that events claim: the sweeper's own decision."""
        keeps = self.keeps(segment.camera)
        own = segment.when.end + keeps.of(segment.data_class)
        verdict = judge(segment, keeps=keeps, claims=claims, holds=self.holds, now=now)
        if verdict.is_expired:
            return Fate(True, own, verdict.reason, self._that_says(segment, own))
        if verdict.until is None:
            return Fate(False, None, verdict.reason, None)
        return Fate(False, verdict.until, verdict.reason, self._that_says(segment, verdict.until))

    def _that_says(self, segment: Segment, goes_at: datetime) -> Rule | None:
        """The rule by which a segment goes at an instant: of the class that keeps it longest."""
        rules = self.of(segment.camera).values()
        return next((rule for rule in rules if segment.when.end + rule.keep == goes_at), None)


def read_rules(conn: Connection, now: datetime) -> RuleBook:
    """The rules as they stand."""
    return RuleBook(book=policies.read(conn), asked={}, holds=orders(conn, at=now))


def _rule(policy: EffectivePolicy) -> Rule:
    return Rule(policy.data_class, policy.keep.value, Origin(policy.keep.origin.value))
