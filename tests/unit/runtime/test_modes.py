"""A stream in a mode records what the mode wants and a little more, and every second has its cause."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from builders import CAMERA, NOON
from recording_rig import EndlessClip, Rig, recorded, share
from watchkeep.domain.camera import StreamCondition
from watchkeep.domain.media import GapCause
from watchkeep.domain.mode import ALWAYS, NEVER, ModeSchedule, ModeSpan, RecordingMode, Weekday
from watchkeep.domain.sighting import Sighting
from watchkeep.ingestion.modal_recording import Margins
from watchkeep.storage.catalog.recorder_rows import GapOpened, RunBegan

MOTION = ModeSchedule(default=RecordingMode.MOTION)
EVENTS = ModeSchedule(default=RecordingMode.EVENTS)
MARGINS = Margins(before=timedelta(seconds=3), after=timedelta(seconds=4))


@pytest.fixture
def rig(tmp_path: Path, clip: EndlessClip) -> Rig:
    rig = Rig(tmp_path, clip, modes=MOTION, margins=MARGINS)
    rig.connect()
    return rig


def whole(rig: Rig) -> list[tuple[str, float]]:
    spans = rig.spans()
    assert GapCause.UNKNOWN not in dict(spans)
    assert sum(seconds for _, seconds in spans) == (rig.clock.now() - NOON).total_seconds()
    return spans


def test_what_moves_is_recorded_with_what_was_before_and_what_comes_after(rig: Rig) -> None:
    rig.see(30)
    assert rig.worker.state().condition is StreamCondition.STANDBY
    assert rig.worker.state().detail == "not recorded while nothing moves"
    assert rig.worker.ring_bytes > 0
    rig.see(2, moves=True)
    assert rig.worker.state().condition is StreamCondition.RECORDING
    rig.see(20)
    rig.stop()

    spans = whole(rig)
    (first, still, moving, *_, end) = [(kind, seconds) for kind, seconds in spans if seconds > 0.2]
    assert first[0] == "recorded"  # until the analyst had looked, and the seconds after that
    assert still == ("nothing_moved", pytest.approx(21, abs=3))
    assert moving == ("recorded", pytest.approx(9, abs=2.1))
    assert end[0] == "recorded"  # what waited when the recorder was stopped
    assert share(spans, "nothing_moved") > 25
    motion_began = NOON + timedelta(seconds=30.5)
    quiet = next(gap for gap in rig.book.gaps() if gap.cause is GapCause.NOTHING_MOVED)
    assert quiet.ended_at is not None
    assert quiet.ended_at <= motion_began - MARGINS.before
    assert rig.check_files() >= 3
    assert rig.worker.dropped_fragments == 0


def test_a_silent_analyst_costs_nothing_that_it_had_not_looked_at(rig: Rig) -> None:
    rig.see(20)
    looked_until = rig.clock.now() - timedelta(seconds=0.5)
    rig.play(30)
    assert rig.worker.state().detail == "recorded continuously: the analyst is away"
    rig.stop()

    whole(rig)
    (last_gap,) = [gap for gap in rig.book.gaps() if gap.cause is GapCause.NOTHING_MOVED]
    assert last_gap.ended_at is not None
    assert last_gap.ended_at <= looked_until - MARGINS.before
    assert rig.worker.dropped_fragments == 0


def test_a_camera_that_the_analyst_cannot_look_at_is_recorded_and_says_why(rig: Rig) -> None:
    rig.see(20)
    rig.see(5, blind="its pictures cannot be decoded")

    state = rig.worker.state()
    assert state.condition is StreamCondition.RECORDING
    assert state.detail == (
        "recorded continuously: the analyst cannot look at this camera: its pictures cannot be decoded"
    )


def test_the_last_seconds_before_a_camera_is_lost_are_recorded(rig: Rig) -> None:
    """Who cuts the cable is in them, and nobody has looked at them yet."""
    rig.see(20)
    lost_at = rig.clock.now()
    rig.lose(GapCause.STALLED)
    rig.wait(5)

    whole(rig)
    assert lost_at - rig.book.segments()[-1].when.end < timedelta(seconds=0.2)
    assert rig.spans()[-1] == ("stalled", pytest.approx(5, abs=0.2))


def test_events_are_recorded_and_motion_alone_is_not(tmp_path: Path, clip: EndlessClip) -> None:
    rig = Rig(tmp_path, clip, modes=EVENTS, margins=MARGINS)
    rig.connect()
    rig.see(25, moves=True)
    assert rig.worker.state().condition is StreamCondition.STANDBY
    rig.see(3, moves=True, has_event=True)
    assert rig.worker.state().detail == "recorded because of an event"
    rig.see(15, moves=True)
    rig.stop()

    assert share(whole(rig), "no_event") > 15


def test_a_camera_that_moves_often_makes_no_storm_of_gaps(rig: Rig) -> None:
    rig.see(10, moves=True)
    rows = len(rig.book.rows)
    for _ in range(20):
        rig.see(1, moves=True)
        rig.see(6)

    assert [row for row in rig.book.rows[rows:] if isinstance(row, GapOpened)] == []
    rig.stop()
    assert share(whole(rig), "nothing_moved") == 0


def test_a_stretch_that_waits_long_is_told_though_it_may_yet_be_recorded(
    tmp_path: Path, clip: EndlessClip
) -> None:
    rig = Rig(
        tmp_path,
        clip,
        modes=MOTION,
        margins=Margins(before=timedelta(seconds=25), after=timedelta(seconds=2)),
    )
    rig.connect()
    rig.see(20)
    assert rig.spans()[-1][0] == "nothing_moved"
    rig.see(2, moves=True)
    rig.stop()

    assert share(whole(rig), "nothing_moved") == 0
    assert rig.worker.dropped_fragments == 0


def test_another_mode_loses_nothing_and_keeps_the_connection(rig: Rig) -> None:
    rig.see(20)
    for modes in (ALWAYS, MOTION, NEVER, MOTION, EVENTS, ALWAYS):
        rig.worker.change(replace(rig.worker.stream, modes=modes), rig.modal(modes))
        rig.see(6.4)
    rig.stop()

    spans = whole(rig)
    assert len([row for row in rig.book.rows if isinstance(row, RunBegan)]) == 1
    assert share(spans, "scheduled_off") == pytest.approx(6, abs=1.1)
    assert rig.worker.dropped_fragments == 0
    # Nobody has looked at the newest second before each change: it is recorded.
    (off,) = [gap for gap in rig.book.gaps() if gap.cause is GapCause.SCHEDULED_OFF]
    assert any(segment.when.end == off.started_at for segment in rig.book.segments())


def test_modes_that_are_changed_on_a_stream_that_was_recorded_always_hold_from_then_on(
    tmp_path: Path, clip: EndlessClip
) -> None:
    rig = Rig(tmp_path, clip, margins=MARGINS)
    rig.connect()
    rig.see(5)
    rig.worker.change(replace(rig.worker.stream, modes=MOTION), rig.modal(MOTION))
    rig.see(20)

    assert rig.worker.state().condition is StreamCondition.STANDBY
    rig.stop()
    assert share(whole(rig), "nothing_moved") > 5


def test_the_week_says_when_and_off_is_off_at_once(tmp_path: Path, clip: EndlessClip) -> None:
    """NOON is a Sunday's."""
    span = ModeSpan(days=(Weekday.SUN,), start_minute=721, end_minute=722, mode=RecordingMode.OFF)
    rig = Rig(tmp_path, clip, modes=ModeSchedule(spans=(span,)))
    rig.connect()
    rig.play(180)
    rig.stop()

    minute = timedelta(minutes=1)
    (off,) = [gap for gap in rig.book.gaps() if gap.cause is GapCause.SCHEDULED_OFF]
    assert timedelta() <= off.started_at - NOON - minute < timedelta(seconds=0.6)
    assert off.ended_at is not None
    assert timedelta() <= off.ended_at - NOON - 2 * minute <= timedelta(seconds=1.1)  # a GOP
    assert recorded(whole(rig)) == pytest.approx(120, abs=1.5)


def test_a_lost_camera_is_no_loss_while_it_would_not_be_recorded(tmp_path: Path, clip: EndlessClip) -> None:
    span = ModeSpan(days=(Weekday.SUN,), start_minute=721, end_minute=722, mode=RecordingMode.OFF)
    rig = Rig(tmp_path, clip, modes=ModeSchedule(spans=(span,)))
    rig.connect()
    rig.play(30)
    rig.lose(GapCause.UNREACHABLE)
    rig.wait(150)

    spans = whole(rig)
    assert share(spans, "scheduled_off") == pytest.approx(60, abs=1.1)
    assert share(spans, "unreachable") == pytest.approx(90, abs=1.2)


def test_a_camera_lost_while_off_is_looked_for_when_it_is_to_be_recorded(
    tmp_path: Path, clip: EndlessClip
) -> None:
    span = ModeSpan(days=(Weekday.SUN,), start_minute=720, end_minute=721, mode=RecordingMode.OFF)
    rig = Rig(tmp_path, clip, modes=ModeSchedule(spans=(span,)))
    rig.wait(2)
    rig.connect()
    rig.play(20)
    rig.lose(GapCause.AUTHENTICATION)
    rig.wait(60)

    spans = whole(rig)
    assert [kind for kind, _ in spans] == ["scheduled_off", "authentication"]
    assert share(spans, "authentication") == pytest.approx(22, abs=1.1)


def test_a_disk_that_fails_is_never_called_quiet(rig: Rig) -> None:
    rig.see(20)
    rig.fs.fail(kinds={"append", "create"}, lasts=True, under=rig.footage)
    rig.see(3, moves=True)
    rig.see(4)
    rig.fs.heal()
    rig.see(20)
    rig.stop()

    spans = whole(rig)
    assert share(spans, "disk") > 5
    assert GapCause.UNKNOWN not in dict(spans)
    rig.check_files()


def test_a_sync_that_fails_after_the_motion_is_over_is_a_gap_of_the_disk(rig: Rig) -> None:
    rig.see(20)
    rig.see(2, moves=True)
    rig.fs.fail(kinds={"sync"}, lasts=True, under=rig.footage)
    rig.see(6)
    rig.fs.heal()
    rig.see(20)
    rig.stop()

    assert share(whole(rig), "disk") > 3
    rig.check_files()


def test_a_recorder_that_comes_back_records_until_the_analyst_has_looked(rig: Rig) -> None:
    rig.see(20)
    rig.stop()
    again = rig.restart(after_s=5)
    again.connect()
    again.play(5)

    assert again.worker.state().condition is StreamCondition.RECORDING
    again.stop()
    assert share(whole(again), "recorder_stopped") == pytest.approx(5, abs=0.2)


def stuck_then_failing(rig: Rig) -> None:
    """The disk stands still while motion ends, and then refuses what waited."""
    rig.see(2, moves=True)
    rig.is_disk_stuck = True
    rig.see(10)
    rig.fs.fail(kinds={"sync"}, lasts=True, under=rig.footage)
    rig.is_disk_stuck = False
    rig.tick()
    rig.worker.look_at_disk()
    rig.fs.heal()


def test_what_a_disk_refuses_while_the_newest_waits_in_memory_is_a_gap_of_the_disk(
    tmp_path: Path, clip: EndlessClip
) -> None:
    margins = Margins(before=timedelta(seconds=25), after=timedelta(seconds=2))
    rig = Rig(tmp_path, clip, modes=MOTION, margins=margins)
    rig.connect()
    rig.see(4)
    rig.sightings.hear(Sighting(camera=CAMERA, until=rig.clock.now()))
    stuck_then_failing(rig)
    assert rig.worker.gap is not None
    assert rig.worker.gap.cause is GapCause.DISK
    rig.see(6)
    rig.stop()

    assert share(whole(rig), "disk") > 2
    rig.check_files()


def test_what_moves_just_after_a_disk_failed_is_not_called_quiet(rig: Rig) -> None:
    rig.see(20)
    stuck_then_failing(rig)
    assert rig.worker.gap is not None
    assert rig.worker.gap.cause is GapCause.NOTHING_MOVED
    moved_at = rig.clock.now()
    rig.sightings.hear(Sighting(camera=CAMERA, until=moved_at, moved_at=moved_at))
    rig.play(0.6)

    assert rig.worker.gap.cause is GapCause.DISK
    assert rig.worker.gap.started_at <= moved_at - MARGINS.before
    rig.play(5)
    rig.stop()
    whole(rig)
    rig.check_files()


def test_a_camera_that_is_called_in_vain_while_off_makes_no_rows(tmp_path: Path, clip: EndlessClip) -> None:
    rig = Rig(tmp_path, clip, modes=NEVER)
    for _ in range(20):
        rig.lose(GapCause.UNREACHABLE)
        rig.wait(5)

    assert len([row for row in rig.book.rows if isinstance(row, GapOpened)]) <= 2
    assert share(rig.spans(), "scheduled_off") == pytest.approx(100)
