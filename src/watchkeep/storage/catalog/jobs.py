"""Jobs: what is set for each kind, and their stints in the queue. The worker is in `job_worker`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.rows import class_row

from watchkeep.domain.job import PLAN_OF, JobKind, JobSetting, Stint, StintId, StintState
from watchkeep.domain.schedule import Schedule, parse_schedule
from watchkeep.storage.catalog import outbox
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.catalog.queries import load

_QUERIES = load("jobs")
_KNOWN = {kind.value for kind in JobKind}
_STATES = {
    "todo": StintState.WAITING,
    "doing": StintState.RUNNING,
    "succeeded": StintState.DONE,
    "failed": StintState.FAILED,
    "cancelled": StintState.CANCELLED,
    "aborted": StintState.CANCELLED,
}
NEWEST = StintId((1 << 63) - 1)
"""Where the history begins."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """A job whose worker is gone.

    Attributes:
        kind: A word, for it may be one that this version does not know.
        attempts: How many had ended before.
        is_cancelled: A person had asked it to end.
    """

    id: StintId
    kind: str
    attempts: int
    is_cancelled: bool


def prepare(connection: Connection, schedules: Mapping[JobKind, Schedule | None], *, now: datetime) -> None:
    """Make settings for kinds that are new here, which are due from now on; known ones stay."""
    connection.execute(_QUERIES["prepare"], {**_of_schedules(schedules), "now": now})


def set_schedules(connection: Connection, schedules: Mapping[JobKind, Schedule | None]) -> None:
    """Give known kinds their schedules."""
    connection.execute(_QUERIES["set_schedules"], _of_schedules(schedules))


def settings(connection: Connection) -> dict[JobKind, JobSetting]:
    """What is set for each kind that this version knows."""
    with connection.cursor(row_factory=class_row(_SettingRow)) as cursor:
        rows = cursor.execute(_QUERIES["settings"]).fetchall()
    return {JobKind(row.kind): row.setting() for row in rows if row.kind in _KNOWN}


def lock_setting(connection: Connection, kind: JobKind, *, now: datetime) -> JobSetting:
    """What is set for a kind; until the transaction ends nobody else makes, pauses or cancels its stints."""
    prepare(connection, {kind: PLAN_OF[kind].schedule}, now=now)
    with connection.cursor(row_factory=class_row(_SettingRow)) as cursor:
        row = cursor.execute(_QUERIES["lock_setting"], {"kind": kind}).fetchone()
    if row is None:
        raise LookupError(f"the settings of the job {kind} went away")
    return row.setting()


def set_paused(connection: Connection, kind: JobKind, by: str) -> None:
    """Stop following a kind's schedule, or go on when `by` is empty."""
    connection.execute(_QUERIES["set_paused"], {"kind": kind, "by": by})


def note_due(connection: Connection, kind: JobKind, due_at: datetime) -> None:
    """Remember up to which due minute a kind has had its stints."""
    connection.execute(_QUERIES["note_due"], {"kind": kind, "due_at": due_at})


def miss(connection: Connection, kind: JobKind, due_at: datetime) -> None:
    """Count a due minute as missed after all: its stint was called off before it began."""
    note_due(connection, kind, due_at - timedelta(minutes=1))


def begin(
    connection: Connection,
    kind: JobKind,
    *,
    now: datetime,
    due_at: datetime | None = None,
    asked_by: str = "",
) -> StintId:
    """Put a stint into the queue; a worker takes it once the transaction is committed.

    The caller holds `lock_setting` and has found none `alive`.
    """
    row = connection.execute(_QUERIES["enqueue"], {"kind": kind}).fetchone()
    if row is None:
        raise LookupError("the queue gave no number")
    facts = {"stint": row[0], "kind": kind, "due_at": due_at, "asked_by": asked_by, "now": now}
    connection.execute(_QUERIES["begin_stint"], facts)
    tell(connection, kind)
    return StintId(row[0])


def alive(connection: Connection, kind: JobKind) -> Stint | None:
    """The stint of a kind that waits or runs."""
    with connection.cursor(row_factory=class_row(_StintRow)) as cursor:
        row = cursor.execute(_QUERIES["alive"], {"kind": kind}).fetchone()
    return None if row is None else row.stint()


def latest(connection: Connection) -> list[Stint]:
    """The two newest stints of every kind, newest first."""
    with connection.cursor(row_factory=class_row(_StintRow)) as cursor:
        rows = cursor.execute(_QUERIES["latest"]).fetchall()
    return [row.stint() for row in rows if row.kind in _KNOWN]


def history(connection: Connection, kind: JobKind, *, before: StintId, limit: int) -> list[Stint]:
    """Stints of a kind with lower numbers, newest first."""
    facts = {"kind": kind, "before": before, "limit": limit}
    with connection.cursor(row_factory=class_row(_StintRow)) as cursor:
        return [row.stint() for row in cursor.execute(_QUERIES["history"], facts)]


def hasten(connection: Connection, stint: Stint) -> None:
    """Let a waiting stint begin at once."""
    connection.execute(_QUERIES["hasten"], {"stint": stint.id})
    tell(connection, stint.kind)


def end(connection: Connection, stint: Stint) -> None:
    """Call off a stint that waits; ask one that runs to end."""
    if not connection.execute(_QUERIES["call_off"], {"stint": stint.id}).rowcount:
        connection.execute(_QUERIES["ask_to_end"], {"stint": stint.id})
    tell(connection, stint.kind)


def report(connection: Connection, kind: JobKind, stint: StintId, *, progress: float, detail: str) -> None:
    """Say how far a stint is."""
    facts = {"stint": stint, "progress": min(max(progress, 0.0), 1.0), "detail": detail}
    connection.execute(_QUERIES["report"], facts)
    tell(connection, kind)


def note_outcome(connection: Connection, kind: JobKind, stint: StintId, outcome: str) -> None:
    """Say what came of a stint, or of its last attempt."""
    connection.execute(_QUERIES["note_outcome"], {"stint": stint, "outcome": outcome})
    tell(connection, kind)


def stalled(connection: Connection, *, silent_for: timedelta) -> list[Stalled]:
    """Stints whose worker is gone, or has given no sign of life for so long; locked for this transaction."""
    rows = connection.execute(_QUERIES["stalled"], {"silent": silent_for})
    return [Stalled(StintId(row[0]), row[1], row[2], row[3]) for row in rows]


def take_again(connection: Connection, stint: StintId) -> None:
    """Put a stalled stint back into the queue."""
    connection.execute(_QUERIES["take_again"], {"stint": stint})


def give_up(connection: Connection, stint: StintId, *, as_cancelled: bool) -> None:
    """End a stalled stint for good."""
    facts = {"stint": stint, "status": "aborted" if as_cancelled else "failed"}
    connection.execute(_QUERIES["give_up"], facts)


def forget(connection: Connection, *, before: datetime) -> int:
    """Remove stints that are over and older than an instant, but the newest of a kind; returns how many."""
    return connection.execute(_QUERIES["forget"], {"before": before}).rowcount


def tell(connection: Connection, kind: JobKind) -> None:
    """Let those who watch know that something about a kind has changed; to be called late."""
    outbox.publish(connection, NoticeKind.JOB, facts={"job": kind.value})


@dataclass(frozen=True, slots=True)
class _SettingRow:
    kind: str
    schedule: str
    due_at: datetime
    paused_by: str

    def setting(self) -> JobSetting:
        return JobSetting(
            kind=JobKind(self.kind),
            schedule=parse_schedule(self.schedule) if self.schedule else None,
            due_at=self.due_at.astimezone(UTC),
            paused_by=self.paused_by,
        )


@dataclass(frozen=True, slots=True)
class _StintRow:
    stint_id: int
    kind: str
    status: str
    due_at: datetime | None
    asked_by: str
    attempts: int
    progress: float
    detail: str
    outcome: str
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    scheduled_at: datetime | None
    abort_requested: bool

    def stint(self) -> Stint:
        state = _STATES[self.status]
        return Stint(
            id=StintId(self.stint_id),
            kind=JobKind(self.kind),
            state=state,
            due_at=_utc(self.due_at),
            asked_by=self.asked_by,
            attempts=self.attempts,
            progress=self.progress,
            detail=self.detail,
            outcome=self.outcome,
            made_at=self.made_at.astimezone(UTC),
            started_at=_utc(self.started_at),
            ended_at=_utc(self.ended_at) if state.is_over else None,
            next_at=_utc(self.scheduled_at) if state is StintState.WAITING else None,
            is_ending=self.abort_requested and not state.is_over,
        )


def _of_schedules(schedules: Mapping[JobKind, Schedule | None]) -> dict[str, object]:
    return {
        "kinds": [kind.value for kind in schedules],
        "schedules": ["" if each is None else each.text for each in schedules.values()],
    }


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
