"""Decides what moves where: each segment is to lie on a volume of the tier that it belongs to.

Looks into the catalog alone, at volumes as they were last seen, so that no slow volume delays it. What it
plans are rows; the mover makes them true.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from watchkeep.domain.category import DataClass
from watchkeep.domain.clock import Clock
from watchkeep.domain.interval import Interval
from watchkeep.domain.tier import Condition, Reserve, Room, Tier, destination, share_out
from watchkeep.lifecycle.copies import SUBJECT
from watchkeep.storage.catalog import moves, tier_figures, volumes
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.moves import CopyRule, Purpose
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.volumes import VolumeState

BATCH = 200
MOST_PLANNED = 400
"""On their way to one tier at once: enough for all its volumes till the next round."""
COUNT_EVERY = timedelta(minutes=1)
COUNT_SHARE = 100
"""Counting what lies on volumes walks all segments: it rests a hundred times as long as it takes."""
PATIENCE = timedelta(minutes=10)
"""What is planned for a volume that is away or full for so long is planned anew, for another if there is."""
LEVEL_SLACK = 0.05
"""Of a disk: disks of the first tier that differ by less in free space are level."""
DAY = timedelta(days=1)
NEWEST = timedelta(days=2)
DAYS_A_ROUND = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPlan:
    """A tier with its volumes.

    Attributes:
        volumes: Those that were taken into use.
        margin: What is to stay free on each disk of the tier before anything more comes.
        urge: Footage goes on from a disk with less than so many times its margin free.
    """

    tier: Tier
    volumes: Collection[UUID]
    margin: Reserve
    urge: float = 1.0


@dataclass(slots=True)
class Planned:
    """What one round planned, and what could not be: by tier, why nothing fits."""

    moves: int = 0
    copies: int = 0
    under_way: int = 0
    stuck: dict[str, str] = field(default_factory=dict)


class Planner:
    """Plans moves and copies. One for a node's keeper; not for several threads."""

    def __init__(
        self,
        catalog: Catalog,
        tiers: Callable[[], Sequence[TierPlan]],
        *,
        clock: Clock,
        copies: Mapping[DataClass, int] | None = None,
    ) -> None:
        """Plan for some tiers.

        Args:
            catalog: Where segments and plans stand.
            tiers: Tells them, in the order in which footage passes through; a bucket may come into use later.
            clock: For ages.
            copies: How many there are to be of a class; one of those that are not named.
        """
        self._catalog = catalog
        self._ask_tiers = tiers
        self._tiers: Sequence[TierPlan] = ()
        self._clock = clock
        self._copies = copies or {}
        self._counted_at: datetime | None = None
        self._count_rest = COUNT_EVERY
        self._oldest: datetime | None = None
        self._looked_at: dict[DataClass, datetime] = {}

    def round(self) -> Planned:
        """Plan what is due now; rows of plans are durable on return.

        Raises:
            CatalogUnavailable: The database does not answer.
        """
        planned = Planned()
        now = self._clock.now()
        self._tiers = self._ask_tiers()
        self._count_when_due(now)
        with self._catalog.transaction(SUBJECT) as connection:
            for volume in _long_away(connection, now):
                moves.plan_anew(connection, volume)
            scene = _Scene.look(connection, self._tiers)
        for number in range(len(self._tiers) - 1):
            self._plan_tier(number, scene, planned, now)
        self._level(scene, planned, now)
        for data_class, copies in self._copies.items():
            self._plan_copies(data_class, copies, scene, planned, now)
        planned.under_way = scene.total()
        return planned

    def _count_when_due(self, now: datetime) -> None:
        if self._counted_at is not None and self._counted_at <= now < self._counted_at + self._count_rest:
            return
        began_ns = self._clock.monotonic_ns()
        with self._catalog.transaction(SUBJECT) as connection:
            stored = tier_figures.used_bytes(connection)
            for state in volumes.volume_states(connection):
                found = stored.get(state.volume.id)
                volumes.note_used(connection, state.volume.id, 0 if found is None else found.used_bytes)
        self._oldest = min((each.oldest_end for each in stored.values()), default=None)
        took = timedelta(microseconds=(self._clock.monotonic_ns() - began_ns) // 1000)
        self._counted_at, self._count_rest = now, max(COUNT_EVERY, COUNT_SHARE * took)

    def _plan_tier(self, number: int, scene: "_Scene", planned: Planned, now: datetime) -> None:
        """What is to leave a tier: what is too old for it, and the oldest while it is too full."""
        plan = self._tiers[number]
        ids = list(plan.volumes)
        with self._catalog.transaction(SUBJECT) as connection:
            due: list[StoredSegment] = []
            if plan.tier.max_age is not None:
                due = moves.on_volumes(connection, ids, before=now - plan.tier.max_age, limit=BATCH)
            for some, excess in self._excesses(plan, scene):
                oldest = moves.on_volumes(connection, some, before=now, limit=BATCH)
                due += _until(oldest, excess - _size(due, some))
        unique = {segment.id: segment for segment in due}
        by_tier: dict[int, list[StoredSegment]] = {}
        for segment in sorted(unique.values(), key=lambda each: each.when.start):
            age = now - segment.when.end
            by_tier.setdefault(destination([each.tier for each in self._tiers], number, age), []).append(
                segment
            )
        for target, segments in by_tier.items():
            planned.moves += self._want(segments, self._tiers[target], scene, planned, Purpose.MOVE)

    def _excesses(self, plan: TierPlan, scene: "_Scene") -> list[tuple[list[UUID], int]]:
        """Bytes that are too many, as (volumes that they are to leave, how many)."""
        found: list[tuple[list[UUID], int]] = []
        ids = list(plan.volumes)
        if plan.tier.max_bytes is not None:
            staying = sum(scene.used(each) - scene.leaving(each, plan.volumes) for each in ids)
            found.append((ids, staying - plan.tier.max_bytes))
        for each in ids:
            state = scene.states.get(each)
            if state is not None and state.space is not None:
                wanted = int(plan.urge * plan.margin.of(state.space.total_bytes))
                lacking = wanted - state.space.free_bytes - scene.leaving(each, ())
                found.append(([each], lacking))
        return [(some, excess) for some, excess in found if excess > 0]

    def _level(self, scene: "_Scene", planned: Planned, now: datetime) -> None:
        """Recording goes to one disk of the first tier; its siblings take from it until all are level."""
        first = self._tiers[0]
        disks = [scene.states[each] for each in first.volumes if each in scene.states]
        disks = [state for state in disks if state.space is not None and state.condition is Condition.GOOD]
        if len(disks) < 2:
            return
        fullest, emptiest = min(disks, key=scene.even_free), max(disks, key=scene.even_free)
        apart = scene.even_free(emptiest) - scene.even_free(fullest)
        if apart <= LEVEL_SLACK * max(_total(fullest), _total(emptiest)):
            return
        with self._catalog.transaction(SUBJECT) as connection:
            oldest = moves.on_volumes(connection, [fullest.volume.id], before=now, limit=BATCH)
        some = _until(oldest, apart // 2)
        planned.moves += self._want(some, first, scene, planned, Purpose.MOVE)

    def _plan_copies(
        self, data_class: DataClass, copies: int, scene: "_Scene", planned: Planned, now: datetime
    ) -> None:
        """See that copies are where they are to be: the newest days each round, of the rest a few."""
        spans = [Interval(now - NEWEST, now), *self._older_days(data_class, now)]
        for number in range(len(self._tiers)):
            rule = self._rule(number, data_class, copies)
            for when in spans:
                with self._catalog.transaction(SUBJECT) as connection:
                    moves.doom_spare_copies(connection, rule, when=when)
                    lacking = moves.lacking_copies(connection, rule, when=when, limit=BATCH)
                target = self._tiers[self._tier_for_copies(number)]
                planned.copies += self._want(lacking, target, scene, planned, Purpose.COPY)

    def _rule(self, number: int, data_class: DataClass, copies: int) -> CopyRule:
        """Copies lie in the own tier and those after it; elsewhere only where these have too few volumes."""
        later = [each for plan in self._tiers[number:] for each in plan.volumes]
        every = [each for plan in self._tiers for each in plan.volumes]
        return CopyRule(
            data_class=data_class,
            volumes=list(self._tiers[number].volumes),
            among=later if len(later) >= copies else every,
            copies=copies,
        )

    def _tier_for_copies(self, number: int) -> int:
        """The own tier if it has another volume, else the next, else the one before."""
        if len(self._tiers[number].volumes) > 1:
            return number
        return number + 1 if number + 1 < len(self._tiers) else max(0, number - 1)

    def _older_days(self, data_class: DataClass, now: datetime) -> list[Interval]:
        """The next days of all that there are: settings change, copies are lost."""
        begin = self._oldest - DAY if self._oldest is not None else now
        at = self._looked_at.get(data_class, begin)
        if at >= now - NEWEST:
            at = begin
        end = min(at + DAYS_A_ROUND * DAY, now)
        self._looked_at[data_class] = end
        return [Interval(at, end)] if at < end else []

    def _want(
        self,
        segments: Sequence[StoredSegment],
        plan: TierPlan,
        scene: "_Scene",
        planned: Planned,
        purpose: Purpose,
    ) -> int:
        """Choose a volume for each and write it down; what fits nowhere stays where it is."""
        spare = MOST_PLANNED - sum(scene.count(each) for each in plan.volumes)
        segments = segments[: max(0, spare)]
        if not segments:
            return 0
        with self._catalog.transaction(SUBJECT) as connection:
            has = [{segment.volume, *moves.volumes_of(connection, segment)} for segment in segments]
            rooms, why = scene.rooms(plan)
            bound = scene.bound(plan) if segments[0].volume not in plan.volumes else None
            sizes = [each.size_bytes for each in segments]
            chosen = share_out(sizes, rooms, lies_on=has, most_bytes=bound)
            count = 0
            for segment, target, lies_on in zip(segments, chosen, has, strict=True):
                there = lies_on & set(plan.volumes) - {segment.volume}
                if purpose is Purpose.MOVE and there:
                    copies = self._copies.get(segment.data_class, 1)
                    count += any(moves.swap(connection, segment, each, copies=copies) for each in there)
                elif target is None:
                    planned.stuck[plan.tier.name] = why or f"{plan.tier.name} has no room for more"
                else:
                    count += moves.want(connection, segment, target, purpose)
                    scene.note(target, segment.size_bytes)
        return count


class _Scene:
    """What lies where and what is on its way, at the start of a round."""

    def __init__(
        self,
        states: Mapping[UUID, VolumeState],
        under_way: Mapping[UUID, tuple[int, int]],
        leaving: Mapping[tuple[UUID, UUID], tuple[int, int]],
    ) -> None:
        self.states = states
        self._under_way = dict(under_way)
        self._leaving = leaving

    @classmethod
    def look(cls, connection: Connection, tiers: Sequence[TierPlan]) -> "_Scene":
        ours = {each for plan in tiers for each in plan.volumes}
        states = {state.volume.id: state for state in volumes.volume_states(connection)}
        return cls(
            {each: state for each, state in states.items() if each in ours},
            tier_figures.planned(connection),
            tier_figures.leaving(connection),
        )

    def used(self, volume: UUID) -> int:
        state = self.states.get(volume)
        return 0 if state is None else state.used_bytes

    def coming(self, volume: UUID) -> int:
        return self._under_way.get(volume, (0, 0))[1]

    def count(self, volume: UUID) -> int:
        return self._under_way.get(volume, (0, 0))[0]

    def total(self) -> int:
        """How many copies are on their way."""
        return sum(count for count, _ in self._under_way.values())

    def leaving(self, volume: UUID, but_to: Collection[UUID]) -> int:
        """Bytes that are about to go from a volume, but to some others."""
        return sum(
            size
            for (source, target), (_, size) in self._leaving.items()
            if source == volume and target not in but_to
        )

    def note(self, volume: UUID, size_bytes: int) -> None:
        count, size = self._under_way.get(volume, (0, 0))
        self._under_way[volume] = (count + 1, size + size_bytes)

    def bound(self, plan: TierPlan) -> int | None:
        """What the tier as a whole may still take."""
        if plan.tier.max_bytes is None:
            return None
        leaving = sum(self.leaving(each, plan.volumes) for each in plan.volumes)
        return (
            plan.tier.max_bytes + leaving - sum(self.used(each) + self.coming(each) for each in plan.volumes)
        )

    def even_free(self, state: VolumeState) -> int:
        """What is free on a disk once all that is on its way has come and gone."""
        free = 0 if state.space is None else state.space.free_bytes
        return free - self.coming(state.volume.id) + self.leaving(state.volume.id, ())

    def rooms(self, plan: TierPlan) -> tuple[list[Room], str]:
        """The volumes of a tier that can take something, and why not if none can."""
        rooms: list[Room] = []
        why = f"{plan.tier.name} has no volume that was seen yet"
        for each in plan.volumes:
            state = self.states.get(each)
            if state is None or state.seen_at is None:
                continue
            if state.condition is not Condition.GOOD:
                why = f"{state.volume.location} is {state.condition}: {state.detail}"
                continue
            free: int | None = None
            if state.space is not None:
                margin = plan.margin.of(state.space.total_bytes)
                free = state.space.free_bytes - margin - self.coming(each)
            rooms.append(Room(volume=each, free_bytes=free, used_bytes=self.used(each) + self.coming(each)))
        return rooms, "" if rooms else why


def _long_away(connection: Connection, now: datetime) -> list[UUID]:
    return [
        state.volume.id
        for state in volumes.volume_states(connection)
        if state.condition is not Condition.GOOD and state.since is not None and now - state.since > PATIENCE
    ]


def _until(segments: Sequence[StoredSegment], size_bytes: int) -> list[StoredSegment]:
    """As many from the front as it takes to make so many bytes."""
    taken: list[StoredSegment] = []
    for segment in segments:
        if size_bytes <= 0:
            break
        taken.append(segment)
        size_bytes -= segment.size_bytes
    return taken


def _size(segments: Collection[StoredSegment], on: Collection[UUID]) -> int:
    return sum(each.size_bytes for each in segments if each.volume in on)


def _total(state: VolumeState) -> int:
    return 0 if state.space is None else state.space.total_bytes
