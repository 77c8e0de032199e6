"""Which jobs are due, which were left lying by a worker that died, and what a stint is told while it runs."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.job import PLAN_OF, IsCancelled, JobKind, JobPlan, StintId, StintState, Work, missed
from watchkeep.storage.catalog import jobs
from watchkeep.storage.catalog.connection import Catalog

log = logging.getLogger(__name__)

SUBJECT = "keeper"
REPORT_EVERY_NS = 1_000_000_000
"""How often progress is written at most."""
OVERDUE_AFTER = timedelta(minutes=2)
"""So long past its limit a job that does not end when asked is taken for hung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRoster:
    """The jobs of a node.

    Attributes:
        works: What each kind does; kinds that are not named here are not scheduled.
        plan_of: Their plans.
    """

    catalog: Catalog
    clock: Clock
    works: Mapping[JobKind, Work]
    plan_of: Mapping[JobKind, JobPlan] = field(default_factory=lambda: PLAN_OF)
    _deadlines: dict[StintId, int] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make settings for the kinds that are new in this catalog; the others get their schedules."""
        schedules = {kind: self.plan_of[kind].schedule for kind in self.works}
        with self.catalog.transaction(SUBJECT) as connection:
            jobs.prepare(connection, schedules, now=self.clock.now())
            jobs.set_schedules(connection, schedules)

    def make_due(self) -> list[JobKind]:
        """Put what is due into the queue, once, however often it was missed; returns what was put there.

        A kind with a stint that waits or runs gets its next when that is over.
        """
        now = self.clock.now()
        with self.catalog.transaction(SUBJECT) as connection:
            found = jobs.settings(connection)
        seem_due = [kind for kind in self.works if kind in found and missed(found[kind], now)]
        return [kind for kind in seem_due if self._make(kind)]

    def _make(self, kind: JobKind) -> bool:
        now = self.clock.now()
        with self.catalog.transaction(SUBJECT) as connection:
            # Again, now that nobody else decides: another node's keeper may have been quicker.
            due = missed(jobs.lock_setting(connection, kind, now=now), now)
            if due is None or jobs.alive(connection, kind) is not None:
                return False
            jobs.note_due(connection, kind, due)
            jobs.begin(connection, kind, now=now, due_at=due)
            return True

    def rescue(self, *, silent_for: timedelta) -> int:
        """Put back into the queue what a dead worker had in hand; returns how many stints that were.

        One that has killed its worker as often as it may be tried counts as failed.
        """
        with self.catalog.transaction(SUBJECT) as connection:
            # What this process has in hand only seems to be left: the database was away, say.
            found = [
                each
                for each in jobs.stalled(connection, silent_for=silent_for)
                if each.id not in self._deadlines
            ]
            for stalled in found:
                plan = next((plan for kind, plan in self.plan_of.items() if kind.value == stalled.kind), None)
                is_last = plan is None or stalled.attempts + 1 >= plan.attempts
                if stalled.is_cancelled or is_last:
                    jobs.give_up(connection, stalled.id, as_cancelled=stalled.is_cancelled)
                else:
                    jobs.take_again(connection, stalled.id)
                if plan is not None:
                    told = "Its process died in it" + ("." if is_last else "; it was begun anew.")
                    jobs.note_outcome(connection, plan.kind, stalled.id, told)
                log.warning("a job's process died", extra={"job": stalled.kind, "stint": stalled.id})
        return len(found)

    def do(self, kind: JobKind, stint: StintId, is_asked_to_end: IsCancelled) -> StintState:
        """Carry out one attempt of a stint, and note what it says of itself.

        Returns:
            DONE, CANCELLED, or FAILED when it took longer than it may: then it is not tried again.

        Raises:
            Exception: Whatever the job raises; it is noted, and the attempt is to be repeated.
        """
        deadline_ns = self.clock.monotonic_ns() + int(self.plan_of[kind].limit.total_seconds() * 1e9)
        self._deadlines[stint] = deadline_ns

        def is_late() -> bool:
            return self.clock.monotonic_ns() >= deadline_ns

        reported_ns = -REPORT_EVERY_NS

        def progress(share: float, detail: str) -> None:
            nonlocal reported_ns
            now_ns = self.clock.monotonic_ns()
            if now_ns - reported_ns >= REPORT_EVERY_NS:
                reported_ns = now_ns
                with self.catalog.transaction(SUBJECT) as connection:
                    jobs.report(connection, kind, stint, progress=share, detail=detail)

        try:
            progress(0.0, "")
            sentence = self.works[kind](progress, lambda: is_late() or is_asked_to_end())
        except Exception as error:  # the jobs' loop: noted here, tried again by the worker
            self._note(kind, stint, f"It failed: {_sentence(error)}")
            raise
        finally:
            del self._deadlines[stint]
        if is_asked_to_end():
            state = StintState.CANCELLED
        else:
            state = StintState.FAILED if is_late() else StintState.DONE
        late = f"It took longer than {self.plan_of[kind].limit} and was ended. " if is_late() else ""
        self._note(kind, stint, late + sentence, is_whole=state is StintState.DONE)
        log.info("job ended", extra={"job": kind.value, "stint": stint, "state": state.value})
        return state

    def has_hung(self) -> bool:
        """Whether a stint goes on though it was to end long ago: only the end of the process ends it."""
        since_ns = self.clock.monotonic_ns() - int(OVERDUE_AFTER.total_seconds() * 1e9)
        return any(deadline_ns < since_ns for deadline_ns in list(self._deadlines.values()))

    def _note(self, kind: JobKind, stint: StintId, outcome: str, *, is_whole: bool = False) -> None:
        with self.catalog.transaction(SUBJECT) as connection:
            if is_whole:
                jobs.report(connection, kind, stint, progress=1.0, detail="")
            jobs.note_outcome(connection, kind, stint, outcome)


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, WatchkeepError) else f"{type(error).__name__}: {error}"
