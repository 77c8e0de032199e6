"""Makes room when the reserve is not free: gently first, and by deletion last; never of what is held.

Each step is audited when it is taken up, and every file that goes has its reason and its certificate.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchkeep.domain.audit import AuditEntry
from watchkeep.domain.clock import Rng
from watchkeep.domain.ids import uuid7
from watchkeep.domain.pressure import Rung, rungs
from watchkeep.domain.retention import FOOTAGE_CLASSES, Shortage
from watchkeep.lifecycle.gentle_ways import GentleWays
from watchkeep.lifecycle.sweep import SUBJECT, Plan, Swept
from watchkeep.lifecycle.sweeper import Sweeper
from watchkeep.storage.catalog import audit, retention
from watchkeep.storage.catalog.retention import Limits

log = logging.getLogger(__name__)

CALM = timedelta(hours=1)
"""So long nothing was needed before all is said to be well again, or it would be said at every turn."""


@dataclass(slots=True)
class Standing:
    """Where on the ladder we stand, and when a rung was last needed."""

    rung: Rung = Rung.NONE
    needed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """What it works on.

    Attributes:
        ways: Those that are gentler than deletion.
    """

    sweeper: Sweeper
    ways: GentleWays
    rng: Rng
    standing: Standing = field(default_factory=Standing)

    def climb(self) -> Swept:
        """Free the reserve, as far as something may go; durable on return. Where it stands is in `standing`.

        Raises:
            CatalogUnavailable: The database does not answer.
            Conflict: The volume is not there, or another one is. Nothing was dropped.
        """
        swept = Swept()
        room = self.sweeper.room()
        ways = rungs(room)
        if not ways:
            self._calm_down()
            return swept
        plan = self.sweeper.plan(swept)
        if swept.doubt:
            # With a wrong clock the newest may look like the oldest: better to stop than to delete it.
            swept.is_space_short = True
            self._stand(Rung.STUCK, plan.now, swept)
            return swept
        self.sweeper.finish()
        for rung in ways:
            missing = self.sweeper.room().missing
            if missing <= 0:
                return swept
            if self._take(rung, swept, plan, missing):
                self._stand(rung, plan.now, swept)
        swept.is_space_short = self.sweeper.room().missing > 0
        if swept.is_space_short:
            self._stand(Rung.STUCK, plan.now, swept)
        return swept

    def by_quota(self) -> Swept:
        """Take from cameras and classes what they have beyond their quotas; durable on return."""
        swept = Swept()
        plan = self.sweeper.plan(swept)
        if swept.doubt:
            return swept
        for camera, quota in plan.book.quotas.items():
            if camera in plan.keeps:
                with self.sweeper.catalog.transaction(SUBJECT) as connection:
                    beyond = retention.bytes_of_camera(connection, camera) - quota
                limits = Limits.all([camera], FOOTAGE_CLASSES, plan.now)
                self.sweeper.make_room(swept, plan, limits, missing_bytes=beyond, why=Shortage.CAMERA_QUOTA)
        for data_class, policy in plan.book.classes.items():
            if policy.quota_bytes is not None:
                with self.sweeper.catalog.transaction(SUBJECT) as connection:
                    beyond = retention.bytes_of_class(connection, data_class) - policy.quota_bytes
                limits = Limits.all(list(plan.keeps), [data_class], plan.now)
                self.sweeper.make_room(swept, plan, limits, missing_bytes=beyond, why=Shortage.CLASS_QUOTA)
        return swept

    def _take(self, rung: Rung, swept: Swept, plan: Plan, missing: int) -> bool:
        """Climb one rung; whether it freed anything."""
        match rung:
            case Rung.LEFTOVERS:
                return self.ways.drop_previews(plan, missing)
            case Rung.SUB_ONLY:
                return self.ways.sub_only(swept, plan, missing)
            case Rung.THINNING:
                return self.ways.thin(swept, plan, missing)
            case _:
                limits = Limits.all(list(plan.keeps), FOOTAGE_CLASSES, plan.now)
                freed = self.sweeper.make_room(swept, plan, limits, missing_bytes=missing, why=Shortage.SPACE)
                return freed > 0

    def _calm_down(self) -> None:
        now = self.sweeper.clock.now()
        needed = self.standing.needed_at
        if self.standing.rung is not Rung.NONE and (needed is None or now - needed > CALM):
            self.standing.rung = Rung.NONE

    def _stand(self, rung: Rung, now: datetime, swept: Swept) -> None:
        """Note where we stand; a change is audited, and a way that leads nowhere is an alarm."""
        self.standing.needed_at = now
        if rung is self.standing.rung:
            return
        self.standing.rung = rung
        room = self.sweeper.room()
        facts = {
            "free": str(room.free),
            "reserve": str(room.reserve),
            "step": rung.value,
            "deleted": str(swept.segments),
        }
        if rung is Rung.STUCK:
            log.error("space is short and nothing may go", extra=facts)
        else:
            log.warning("space is short", extra=facts)
        entry = AuditEntry(
            id=uuid7(self.sweeper.clock, self.rng),
            at=now,
            subject=SUBJECT,
            address="local",
            action="make room",
            target=f"volume {self.sweeper.volume.id}",
            outcome="failed" if rung is Rung.STUCK else "allowed",
            reason=swept.doubt or SENTENCES[rung],
            facts=facts,
        )
        with self.sweeper.catalog.transaction(SUBJECT) as connection:
            audit.append(connection, entry)


SENTENCES = {
    Rung.NONE: "",
    Rung.WARNED: "The disk will be full before its footage has reached its limits.",
    Rung.LEFTOVERS: "Space is short: pictures of old events are deleted, their footage stays.",
    Rung.SUB_ONLY: "Space is short: of the oldest footage only the sub stream is kept.",
    Rung.THINNING: "Space is short: of the oldest footage only key pictures are kept.",
    Rung.DELETING: "Space is short: footage goes before its time, that which would expire soonest first.",
    Rung.STUCK: "Space is short and nothing more may be deleted; add space or release holds.",
}
"""What is told of each rung."""
