"""Whatever happens in whatever order, exactly what may be read can be read; and eight planted bugs are found.

`WATCHKEEP_STEPS` says how many steps there are at least.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from builders import NOON
from catalog_server import Database
from crash_fs import CrashFs
from retention_rows import prepare
from retention_world import CAMERAS, DAY, MemoryDisk, World
from watchkeep.domain.clock_doubt import ClockFacts
from watchkeep.domain.retention import Verdict
from watchkeep.domain.segment import Segment
from watchkeep.lifecycle import sweeper as sweeper_module
from watchkeep.lifecycle.certifier import Certifier
from watchkeep.lifecycle.sweeper import Sweeper
from watchkeep.storage.catalog import footage, retention
from watchkeep.storage.catalog.connection import CatalogRole, Connection
from watchkeep.storage.media.volume import Volume

STEPS = int(os.environ.get("WATCHKEEP_STEPS", "10000"))
STEPS_OF_ONE = 50
CAMERA = st.sampled_from(CAMERAS)


@pytest.fixture(scope="module")
def connection(shared_database: Database) -> Iterator[Connection]:
    catalog = shared_database.catalog(CatalogRole.OWNER)
    prepare(catalog)
    catalog.close()
    with psycopg.connect(shared_database.dsn(CatalogRole.OWNER), autocommit=True) as made:
        made.execute("set timezone to 'UTC'; set jit to off; set synchronous_commit to off")
        yield made


@dataclass
class Count:
    steps: int = 0


def machine(  # noqa: C901  # the rules of one machine
    connection: Connection, count: Count, *, make: Callable[..., Sweeper] = Sweeper
) -> type[RuleBasedStateMachine]:
    """The rules, over a world whose sweeper may be broken."""

    class Retention(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = World(connection, make)

        def check_invariants(self, *args: object) -> None:
            count.steps += 1
            super().check_invariants(*args)

        @rule(camera=CAMERA)
        def record(self, camera: str) -> None:
            self.world.record(camera)

        @rule(camera=CAMERA, slot=st.integers(-2, 5), length=st.integers(1, 3), is_archived=st.booleans())
        def event(self, camera: str, slot: int, length: int, *, is_archived: bool) -> None:
            self.world.record(camera)
            self.world.happen(camera, slot, length, is_archived=is_archived)

        @rule(seconds=st.sampled_from([1, 59, 60, 3600]))
        def a_moment_passes(self, seconds: int) -> None:
            self.world.pass_time(timedelta(seconds=seconds))

        @precondition(lambda self: self.world.known)
        @rule(number=st.integers(0, 99), slot=st.integers(0, 5), is_over=st.booleans())
        def go_to_a_limit(self, number: int, slot: int, *, is_over: bool) -> None:
            segments = list(self.world.known)
            self.world.go_to_a_limit(segments[number % len(segments)], slot, is_over=is_over)

        @rule(days=st.sampled_from([1, 29, 30, 31, 60, 89, 275]))
        def days_pass(self, days: int) -> None:
            self.world.pass_time(days * DAY)

        @rule(camera=CAMERA, ago=st.sampled_from([60, 120, 3600]), length=st.sampled_from([10, 30, 600]))
        def hold(self, camera: str, ago: int, length: int) -> None:
            self.world.record(camera)
            self.world.hold(
                camera, self.world.clock.now() - timedelta(seconds=ago), timedelta(seconds=length)
            )

        @precondition(lambda self: self.world.holds.orders)
        @rule()
        def release(self) -> None:
            self.world.release()

        @precondition(lambda self: any(not each.is_lost for each in self.world.known.values()))
        @rule(number=st.integers(0, 99))
        def lose_a_file(self, number: int) -> None:
            there = [each.id for each in self.world.known.values() if not each.is_lost]
            self.world.lose_file(there[number % len(there)])

        @rule()
        def sweep(self) -> None:
            self.world.sweep()

        @rule(segments=st.integers(1, 4))
        def fill(self, segments: int) -> None:
            self.world.fill(segments)

        @rule(
            camera=CAMERA, after=st.integers(0, 12), seed=st.integers(0, 999), days=st.sampled_from([0, 31])
        )
        def kill(self, camera: str, after: int, seed: int, days: int) -> None:
            self.world.record(camera)
            self.world.pass_time(days * DAY)
            self.world.kill(after, random.Random(seed))

        @rule()
        def restart(self) -> None:
            self.world.start()

        @rule()
        def unmount(self) -> None:
            self.world.unmount()

        @rule(days=st.sampled_from([-400, 365]))
        def leap(self, days: int) -> None:
            self.world.leap(days * DAY)

        def teardown(self) -> None:
            self.world.end()

    return Retention


def run(kind: type[RuleBasedStateMachine], examples: int) -> None:
    run_state_machine_as_test(
        kind,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS_OF_ONE,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_happens_exactly_what_may_be_read_can_be_read(connection: Connection) -> None:
    count = Count()
    run(machine(connection, count), STEPS // STEPS_OF_ONE + STEPS // (STEPS_OF_ONE * 10))

    assert count.steps >= STEPS


# --- Eight planted bugs, each found by the same machine ---


def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """1: a day early."""
    true = sweeper_module.judge

    def judge(*args: Any, now: datetime, **facts: Any) -> Verdict:
        return true(*args, now=now + DAY, **facts)

    by_age = retention.Limits.by_age
    monkeypatch.setattr(sweeper_module, "judge", judge)
    monkeypatch.setattr(
        retention.Limits, "by_age", lambda keeps, now, fronts=None: by_age(keeps, now + DAY, fronts)
    )


def from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """2: ages count from a segment's start, so that it goes a minute early."""
    true = sweeper_module.judge
    by_age = retention.Limits.by_age
    minute = timedelta(seconds=60)

    def judge(segment: Segment, *, now: datetime, **facts: Any) -> Verdict:
        return true(segment, now=now + segment.when.length, **facts)

    monkeypatch.setattr(sweeper_module, "judge", judge)
    monkeypatch.setattr(
        retention.Limits, "by_age", lambda keeps, now, fronts=None: by_age(keeps, now + minute, fronts)
    )


def no_hold_when_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """3: holds do not count when space is short."""
    true = sweeper_module.judge

    def judge(*args: Any, holds: Any, shortage: Any = None, **facts: Any) -> Verdict:
        return true(*args, holds=() if shortage else holds, shortage=shortage, **facts)

    due = retention.due

    def without(connection: Connection, limits: Any, holds: Any, *, most: int) -> Any:
        return due(connection, limits, (), most=most)

    monkeypatch.setattr(sweeper_module, "judge", judge)
    monkeypatch.setattr(retention, "due", without)


def no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """4: the directory is not synced before the row is dropped: after a power cut the file is there again."""
    monkeypatch.setattr(MemoryDisk, "sync_directory", _only_new_names)


def row_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """5: rows are dropped before their files are unlinked."""

    def finish(self: Sweeper) -> None:
        with self.catalog.transaction() as connection:
            doomed = footage.doomed(connection, 999)
            footage.drop_rows(connection, doomed)
            if doomed:
                self.certifier.certify(connection, doomed)
        for segment in doomed:
            self.fs.unlink(self.volume.within(segment.path))
            with suppress(FileNotFoundError):
                self.fs.sync_directory(self.volume.within(segment.path).parent)

    monkeypatch.setattr(Sweeper, "_finish", finish)


def no_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    """6: events claim nothing."""
    monkeypatch.setattr(retention, "claims", lambda *_: {})


def nothing_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """7: the whole segment can be read for the sake of one event."""
    monkeypatch.setattr(retention, "narrow", lambda *_: None)


def credulous(monkeypatch: pytest.MonkeyPatch) -> None:
    """8: a clock that leapt is believed."""

    def believe(_: ClockFacts) -> str:
        return ""

    monkeypatch.setattr(sweeper_module, "doubt", believe)


def any_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """9: nobody looks whether the volume is there."""
    monkeypatch.setattr(Volume, "require_same", lambda _: None)


def no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """10: a deletion leaves no certificate."""
    monkeypatch.setattr(Certifier, "certify", lambda *_: None)


def youngest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """11: when space is short, what would be kept longest goes first."""
    until = sweeper_module._until

    def reversed_until(verdict: Verdict, now: datetime) -> datetime:
        return NOON + (datetime(9000, 1, 1, tzinfo=UTC) - until(verdict, now).replace(year=2026))

    monkeypatch.setattr(sweeper_module, "_until", reversed_until)


def _only_new_names(self: MemoryDisk, path: Path) -> None:
    if self.files(path):
        CrashFs.sync_directory(self, path)


BUGS = [
    early,
    from_the_start,
    no_hold_when_short,
    no_sync,
    row_first,
    no_clips,
    nothing_given_up,
    credulous,
    any_disk,
    no_proof,
    youngest_first,
]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_found(
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    bug: Callable[[pytest.MonkeyPatch], None],
) -> None:
    bug(monkeypatch)

    with pytest.raises(AssertionError):
        run(machine(connection, Count()), 200)
