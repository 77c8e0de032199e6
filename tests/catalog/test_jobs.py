"""Jobs on a real queue: done once, tried again, taken up after a kill, made up for, paused and cancelled."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

import job_works
from builders import FixedClock
from catalog_server import Database
from job_works import (
    KIND,
    SILENT_FOR,
    RunningWorker,
    a_roster,
    ask_for,
    dsn_of,
    history,
    newest,
    wait_for,
    wait_until,
)
from watchkeep.domain import job
from watchkeep.domain.errors import Unavailable
from watchkeep.domain.job import IsCancelled, Progress, StintState
from watchkeep.domain.schedule import parse_schedule
from watchkeep.lifecycle.job_roster import OVERDUE_AFTER
from watchkeep.storage.catalog import jobs
from watchkeep.storage.catalog.connection import Catalog

HOUR = timedelta(hours=1)


def test_a_job_is_done_and_says_what_it_did(catalog: Catalog, database: Database) -> None:
    def work(progress: Progress, _: IsCancelled) -> str:
        progress(0.5, "half of it")
        return "It counted to ten."

    roster = a_roster(catalog, work)
    made = ask_for(catalog, roster)
    with RunningWorker(dsn_of(database), roster):
        done = wait_for(catalog, StintState.DONE)

    assert (made.state, made.asked_by, made.due_at) == (StintState.WAITING, "ada", None)
    assert (done.id, done.outcome, done.progress, done.attempts) == (made.id, "It counted to ten.", 1.0, 1)
    assert done.started_at is not None
    assert done.ended_at is not None
    with catalog.transaction() as connection:
        assert [stint.id for stint in jobs.latest(connection)] == [made.id]


def test_a_job_that_raises_is_told_and_tried_again(
    catalog: Catalog, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "FIRST_PAUSE", timedelta())
    tries: list[str] = []

    def work(_progress: Progress, _: IsCancelled) -> str:
        tries.append(newest(catalog).outcome)
        if len(tries) < 3:
            raise Unavailable("The bucket does not answer.")
        return "At last."

    roster = a_roster(catalog, work)
    with RunningWorker(dsn_of(database), roster):
        ask_for(catalog, roster)
        done = wait_for(catalog, StintState.DONE)

    assert tries == ["", *["It failed: The bucket does not answer."] * 2]
    assert (done.attempts, done.outcome) == (3, "At last.")


def test_a_job_that_never_goes_well_counts_as_failed_after_its_last_attempt(
    catalog: Catalog, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "FIRST_PAUSE", timedelta())
    tries: list[int] = []

    def work(_progress: Progress, _: IsCancelled) -> str:
        tries.append(1)
        raise ZeroDivisionError("a fault of ours")

    roster = a_roster(catalog, work)
    with RunningWorker(dsn_of(database), roster):
        ask_for(catalog, roster)
        failed = wait_for(catalog, StintState.FAILED)

    assert len(tries) == failed.attempts == job.PLAN_OF[KIND].attempts
    assert failed.outcome == "It failed: ZeroDivisionError: a fault of ours"


def test_between_attempts_it_waits_and_a_person_may_hasten_it(catalog: Catalog, database: Database) -> None:
    tries: list[int] = []

    def work(_progress: Progress, _: IsCancelled) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise Unavailable("Not now.")
        return "Done."

    roster = a_roster(catalog, work)
    with RunningWorker(dsn_of(database), roster):
        ask_for(catalog, roster)
        wait_until(lambda: tries)
        waiting = wait_for(catalog, StintState.WAITING)
        assert waiting.next_at is not None
        assert waiting.started_at is not None
        assert timedelta(seconds=20) < waiting.next_at - waiting.started_at < timedelta(seconds=60)
        with catalog.transaction() as connection:
            jobs.hasten(connection, waiting)
        wait_for(catalog, StintState.DONE)


def test_two_workers_have_one_runner(catalog: Catalog, database: Database) -> None:
    at_once: list[int] = []
    most: list[int] = []
    gate = threading.Event()

    def work(_progress: Progress, _: IsCancelled) -> str:
        at_once.append(1)
        most.append(len(at_once))
        gate.wait(0.05)
        at_once.pop()
        return ""

    roster = a_roster(catalog, work)
    with RunningWorker(dsn_of(database), roster), RunningWorker(dsn_of(database), roster):
        for _ in range(6):
            # Past the guard of the application: here it is the queue that must keep them apart.
            ask_for(catalog, roster)
        wait_until(lambda: all(stint.state is StintState.DONE for stint in history(catalog)))

    assert len(most) == len(history(catalog)) == 6
    assert max(most) == 1


def test_what_a_killed_worker_had_in_hand_is_taken_up_again_once(
    catalog: Catalog, database: Database, tmp_path: Path
) -> None:
    roster = a_roster(catalog, lambda _progress, _is_cancelled: "")
    ask_for(catalog, roster)
    command = [sys.executable, job_works.__file__, dsn_of(database), str(tmp_path)]
    begun = tmp_path / "begun"

    with subprocess.Popen(command) as first:
        wait_until(lambda: newest(catalog).detail == "waiting")
        os.kill(first.pid, signal.SIGKILL)
    assert newest(catalog).state is StintState.RUNNING  # as far as anybody knows
    assert roster.rescue(silent_for=timedelta(minutes=1)) == 0
    (tmp_path / "go").touch()
    with subprocess.Popen(command) as second:
        try:
            wait_until(lambda: roster.rescue(silent_for=SILENT_FOR) == 1)
            done = wait_for(catalog, StintState.DONE)
        finally:
            second.kill()

    assert begun.read_text() == "xx"
    assert (done.attempts, done.outcome) == (2, "It went on to its end.")
    assert roster.rescue(silent_for=timedelta()) == 0


def test_a_job_that_kills_its_worker_every_time_is_given_up(catalog: Catalog) -> None:
    roster = a_roster(catalog, lambda _progress, _is_cancelled: "", attempts=2)
    ask_for(catalog, roster)

    for state in (StintState.WAITING, StintState.FAILED):
        with catalog.transaction() as connection:
            connection.execute("update procrastinate.procrastinate_jobs set status = 'doing'")
        assert roster.rescue(silent_for=SILENT_FOR) == 1
        assert newest(catalog).state is state

    assert newest(catalog).outcome == "Its process died in it."


def test_missed_due_minutes_are_made_up_once(catalog: Catalog) -> None:
    clock = FixedClock()
    roster = a_roster(catalog, lambda _progress, _is_cancelled: "", clock=clock)

    assert roster.make_due() == []  # what was due before it was known is not made up
    clock.advance(50 * 3600)  # the keeper was away for two days
    assert roster.make_due() == [KIND]
    assert roster.make_due() == []
    made = newest(catalog)
    assert made.due_at is not None
    assert timedelta() <= clock.now() - made.due_at < HOUR
    assert len(history(catalog)) == 1
    with catalog.transaction() as connection:
        connection.execute("update procrastinate.procrastinate_jobs set status = 'doing'")
        connection.execute("update procrastinate.procrastinate_jobs set status = 'succeeded'")
    assert roster.make_due() == []
    clock.advance(3600)
    assert roster.make_due() == [KIND]


def test_a_schedule_of_the_settings_is_followed_and_shown(catalog: Catalog) -> None:
    clock = FixedClock()
    a_roster(catalog, lambda _progress, _is_cancelled: "", clock=clock)
    other = parse_schedule("30 12 * * *")
    roster = a_roster(catalog, lambda _progress, _is_cancelled: "", clock=clock, schedule=other)

    clock.advance(20 * 60)  # past :07, when it would be due otherwise
    assert roster.make_due() == []
    clock.advance(10 * 60)
    assert roster.make_due() == [KIND]
    with catalog.transaction() as connection:
        assert jobs.settings(connection)[KIND].schedule == other


def test_two_keepers_make_one_stint_of_a_due_minute(catalog: Catalog, database: Database) -> None:
    clock = FixedClock()
    other = database.catalog()
    rosters = [a_roster(each, lambda _progress, _is_cancelled: "", clock=clock) for each in (catalog, other)]
    clock.advance(3600)
    made: list[object] = []

    threads = [
        threading.Thread(target=lambda roster=roster: made.extend(roster.make_due())) for roster in rosters
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()

    assert made == [KIND]
    assert len(history(catalog)) == 1


def test_what_falls_due_while_it_runs_waits_for_its_end(catalog: Catalog, database: Database) -> None:
    clock = FixedClock()
    gate = threading.Event()

    def work(_progress: Progress, _: IsCancelled) -> str:
        gate.wait(20)
        return ""

    roster = a_roster(catalog, work, clock=clock, limit=24 * HOUR)
    with RunningWorker(dsn_of(database), roster):
        ask_for(catalog, roster)
        wait_for(catalog, StintState.RUNNING)
        clock.advance(3 * 3600)
        assert roster.rescue(silent_for=timedelta()) == 0  # it is in our own hand
        assert roster.make_due() == []
        gate.set()
        wait_for(catalog, StintState.DONE)
        assert roster.make_due() == [KIND]


def test_a_running_job_is_asked_to_end_and_is_not_tried_again(catalog: Catalog, database: Database) -> None:
    def work(_progress: Progress, is_cancelled: IsCancelled) -> str:
        wait_until(is_cancelled)
        return "It got to the letter K."

    roster = a_roster(catalog, work)
    with RunningWorker(dsn_of(database), roster):
        ask_for(catalog, roster)
        running = wait_for(catalog, StintState.RUNNING)
        with catalog.transaction() as connection:
            jobs.end(connection, running)
        ended = wait_for(catalog, StintState.CANCELLED)

    assert (ended.outcome, ended.attempts) == ("It got to the letter K.", 1)


def test_a_waiting_job_is_called_off_and_never_begins(catalog: Catalog, database: Database) -> None:
    begun: list[int] = []
    roster = a_roster(catalog, lambda _progress, _is_cancelled: str(begun.append(1)))
    waiting = ask_for(catalog, roster)
    with catalog.transaction() as connection:
        jobs.end(connection, waiting)
    assert newest(catalog).state is StintState.CANCELLED

    with RunningWorker(dsn_of(database), roster):
        ask_for(catalog, roster)
        wait_for(catalog, StintState.DONE)

    assert begun == [1]


def test_a_job_that_takes_too_long_is_ended_and_told(catalog: Catalog, database: Database) -> None:
    clock = FixedClock()

    def work(_progress: Progress, is_cancelled: IsCancelled) -> str:
        wait_until(is_cancelled)
        return "It got to the letter B."

    roster = a_roster(catalog, work, clock=clock, limit=HOUR)
    with RunningWorker(dsn_of(database), roster):
        ask_for(catalog, roster)
        wait_for(catalog, StintState.RUNNING)
        assert not roster.has_hung()
        clock.advance(3600)
        failed = wait_for(catalog, StintState.FAILED)

    assert failed.outcome == "It took longer than 1:00:00 and was ended. It got to the letter B."
    assert failed.attempts == 1


def test_a_job_that_does_not_end_though_it_should_is_seen_to_hang(
    catalog: Catalog, database: Database
) -> None:
    clock = FixedClock()
    gate = threading.Event()
    roster = a_roster(catalog, lambda _progress, _is_cancelled: str(gate.wait(20)), clock=clock, limit=HOUR)

    with RunningWorker(dsn_of(database), roster):
        ask_for(catalog, roster)
        wait_for(catalog, StintState.RUNNING)
        clock.advance(3600 + OVERDUE_AFTER.total_seconds() + 1)
        assert roster.has_hung()
        gate.set()


def test_a_worker_that_is_stopped_leaves_its_job_for_the_next(catalog: Catalog, database: Database) -> None:
    begun: list[int] = []

    def work(_progress: Progress, is_cancelled: IsCancelled) -> str:
        begun.append(1)
        if len(begun) == 1:
            wait_until(is_cancelled)
        return "Done."

    roster = a_roster(catalog, work)
    with RunningWorker(dsn_of(database), roster):
        ask_for(catalog, roster)
        wait_for(catalog, StintState.RUNNING)
    assert newest(catalog).state is StintState.WAITING
    with RunningWorker(dsn_of(database), roster):
        assert wait_for(catalog, StintState.DONE).attempts == 2


def test_old_stints_are_forgotten_but_the_newest_of_a_kind(catalog: Catalog, database: Database) -> None:
    roster = a_roster(catalog, lambda _progress, _is_cancelled: "")
    with RunningWorker(dsn_of(database), roster):
        for _ in range(2):
            kept = ask_for(catalog, roster)
            wait_for(catalog, StintState.DONE)

    with catalog.transaction() as connection:
        assert jobs.forget(connection, before=roster.clock.now() - HOUR) == 0
        assert jobs.forget(connection, before=roster.clock.now() + HOUR) == 1
    assert [stint.id for stint in history(catalog)] == [kept.id]
