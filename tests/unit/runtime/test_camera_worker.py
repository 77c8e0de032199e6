"""Every second of a stream is footage or a gap with its cause, whatever the camera, disk and clock do."""

import errno
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from builders import NOON
from recording_rig import FPS, EndlessClip, Rig, recorded, share
from watchkeep.domain.camera import StreamCondition
from watchkeep.domain.ids import StreamId
from watchkeep.domain.media import GapCause, Packet, RunStarted
from watchkeep.domain.mode import NEVER
from watchkeep.runtime import disk_writer
from watchkeep.storage.catalog.recorder_rows import RunBegan, RunEnded, SegmentClosed


def test_a_day_of_a_camera_is_accounted_for(rig: Rig) -> None:
    rig.wait(1)
    rig.lose(GapCause.AUTHENTICATION)
    rig.wait(2)
    rig.connect()
    rig.play(7)
    rig.lose(GapCause.STALLED)
    rig.wait(3)
    rig.lose(GapCause.UNREACHABLE)
    rig.wait(2)
    rig.connect()
    rig.play(5)
    rig.lose(GapCause.PARAMETERS_CHANGED)
    rig.connect()
    rig.play(3)
    rig.stop()
    rig = rig.restart(after_s=10)
    rig.wait(1)
    rig.connect()
    rig.play(6)
    rig.stop()

    spans = rig.spans()
    assert GapCause.UNKNOWN not in dict(spans)
    assert sum(seconds for _, seconds in spans) == (rig.clock.now() - NOON).total_seconds()
    assert recorded(spans) == pytest.approx(21, abs=0.1)
    kinds = Counter(kind for kind, seconds in spans if seconds > 0.1)
    assert set(kinds) == {
        "connecting", "authentication", "stalled", "unreachable", "recorder_stopped", "recorded"
    }  # fmt: skip
    assert share(spans, "recorder_stopped") == pytest.approx(11, abs=0.2)
    assert rig.check_files() == 7


def test_a_run_that_never_reached_the_disk_ends_no_earlier_than_it_began(rig: Rig) -> None:
    rig.connect()
    rig.play(2)
    rig.fs.fail(kinds={"append"}, under=rig.footage)
    rig.play(0.6)
    rig.lose(GapCause.STALLED)
    rig.connect()
    rig.play(0.1)
    rig.lose(GapCause.STALLED)

    ended = [row.run for row in rig.book.rows if isinstance(row, RunEnded)]
    assert len(ended) == 2
    assert all(run.ended_at is not None and run.ended_at >= run.started_at for run in ended)


def test_a_full_disk_is_one_gap_and_footage_goes_on_when_there_is_room(rig: Rig) -> None:
    rig.connect()
    rig.play(6)
    rig.fs.fail(kinds={"append", "create"}, code=errno.ENOSPC, lasts=True, under=rig.footage)
    rig.play(30)
    assert rig.worker.state().condition is StreamCondition.FAILED
    assert "No space left" in rig.worker.state().detail
    rig.fs.heal()
    rig.play(12)
    assert rig.worker.state().condition is StreamCondition.RECORDING
    rig.stop()

    spans = rig.spans()
    assert GapCause.UNKNOWN not in dict(spans)
    assert share(spans, "disk") == pytest.approx(31, abs=2)
    assert [gap.cause for gap in rig.book.gaps()] == ["connecting", "disk", "recorder_stopped"]
    torn = [segment for segment in rig.book.segments() if segment.state == "recovered"]
    assert len(torn) == 1
    assert torn[0].when.end - NOON < (rig.clock.now() - NOON) / 4
    assert rig.viewers.fragments > 90  # who watches live sees on
    rig.check_files()


def test_what_a_failed_sync_left_behind_is_never_claimed(rig: Rig) -> None:
    rig.connect()
    rig.play(5.2)
    durable = rig.disk.durable_until(rig.worker.stream.id)
    assert durable is not None
    rig.fs.fail(kinds={"sync"}, under=rig.footage)
    rig.play(8)
    rig.stop()

    recovered = [row.segment for row in rig.book.rows if isinstance(row, SegmentClosed)]
    (torn,) = [segment for segment in recovered if segment.state == "recovered"]
    assert torn.when.end == durable
    spans = rig.spans()
    assert GapCause.UNKNOWN not in dict(spans)
    assert 0.4 < share(spans, "disk") < 3
    rig.check_files()


def test_a_failed_close_after_the_camera_was_lost_has_its_own_gap(rig: Rig) -> None:
    rig.connect()
    rig.play(6.3)
    durable = rig.disk.durable_until(rig.worker.stream.id)
    rig.fs.fail(kinds={"sync"}, under=rig.footage)
    rig.lose(GapCause.STALLED)
    rig.wait(7)

    causes = [(gap.cause, gap.started_at) for gap in rig.book.gaps()]
    assert ("disk", durable) in causes
    assert causes[-1][0] == "stalled"
    assert GapCause.UNKNOWN not in dict(rig.spans())


def test_a_failed_sync_at_the_stop_leaves_no_second_unexplained(rig: Rig) -> None:
    rig.connect()
    rig.play(6.3)
    rig.fs.fail(kinds={"sync"}, under=rig.footage)
    rig.stop()
    rig = rig.restart(after_s=5)
    rig.connect()
    rig.play(3)
    rig.stop()

    assert GapCause.UNKNOWN not in dict(rig.spans())
    rig.check_files()


def test_a_disk_that_stands_still_costs_memory_and_then_footage_with_its_cause(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_writer, "QUEUE_BYTES", 60_000)
    rig.connect()
    rig.play(2)
    rig.is_disk_stuck = True
    rig.play(60)
    assert rig.disk.waiting_bytes <= 60_000
    assert len(rig.disk._orders) < 300
    rig.is_disk_stuck = False
    rig.play(6)
    rig.stop()

    spans = rig.spans()
    assert GapCause.UNKNOWN not in dict(spans)
    assert share(spans, "disk") > 5
    assert recorded(spans) + share(spans, "disk") == pytest.approx(68, abs=0.2)
    rig.check_files()


def test_a_disk_that_stands_still_for_thirty_seconds_costs_no_footage(
    tmp_path: Path, clip: EndlessClip
) -> None:
    """Of a camera of 16 Mbit/s."""

    class HeavyClip(EndlessClip):
        def packet(self, number: int, received_at: datetime) -> Packet:
            plain = clip.packet(number, received_at)
            return plain._replace(nals=(*plain.nals, filler))

    filler = b"\x0c" + bytes(16_000_000 // 8 // FPS - 2_000)
    rig = Rig(tmp_path, HeavyClip(clip.parameters, []))
    rig.connect()
    rig.play(2)
    rig.is_disk_stuck = True
    rig.play(30)
    assert rig.disk.waiting_bytes > 55_000_000
    rig.is_disk_stuck = False
    rig.play(2)
    rig.stop()

    assert rig.worker.dropped_fragments == 0
    assert recorded(rig.spans()) == pytest.approx(34, abs=0.2)
    rig.check_files()


def test_a_stream_that_sends_too_much_takes_the_room_of_no_other(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_writer, "STREAM_BYTES", 60_000)
    other = StreamId(UUID(int=7))
    rig.connect()
    rig.play(2)
    rig.is_disk_stuck = True
    rig.play(60)
    assert rig.worker.dropped_fragments > 0
    fragment = rig.viewers.newest
    assert fragment is not None

    assert not rig.disk.append(rig.worker.stream.id, fragment)
    assert rig.disk.append(other, fragment)


@pytest.mark.parametrize("step_s", [-3600, 3600])
def test_a_clock_that_is_set_hides_nothing_and_overlaps_nothing(rig: Rig, step_s: float) -> None:
    rig.connect()
    rig.play(6)
    rig.clock.instant += timedelta(seconds=step_s)
    rig.play(6)
    rig.lose(GapCause.STALLED)
    rig.wait(1)
    rig.connect()
    rig.play(4)
    rig.stop()

    segments = rig.book.segments()
    assert all(segment.when.end - segment.when.start < timedelta(seconds=10) for segment in segments)
    assert all(one.when.end <= two.when.start for one, two in pairwise(segments))
    assert all(gap.ended_at is None or gap.ended_at >= gap.started_at for gap in rig.book.gaps())
    end = max(rig.clock.now(), segments[-1].when.end)
    assert GapCause.UNKNOWN not in dict(rig.book.spans(until=end))
    if step_s > 0:
        assert share(rig.spans(), "clock_step") == pytest.approx(3600, abs=1)
    rig.check_files()


def test_a_clock_set_back_does_not_stretch_the_pause_after_a_disk_error(rig: Rig) -> None:
    rig.connect()
    rig.play(3)
    rig.fs.fail(kinds={"sync"}, under=rig.footage)
    rig.play(1)
    rig.clock.instant = NOON
    rig.play(5)
    rig.stop()

    assert len([row for row in rig.book.rows if isinstance(row, SegmentClosed)]) >= 2
    assert rig.book.segments()[-1].state == "closed"


def test_a_second_failure_does_not_hide_the_first(rig: Rig) -> None:
    rig.connect()
    rig.play(3.2)
    rig.fs.fail(kinds={"sync", "create", "append"}, lasts=True, under=rig.footage)
    rig.is_disk_stuck = True
    rig.play(2)
    rig.is_disk_stuck = False
    rig.turn_disk()
    rig.play(2)
    rig.fs.heal()
    rig.play(8)
    rig.stop()

    assert GapCause.UNKNOWN not in dict(rig.spans())
    rig.check_files()


def test_a_stream_that_is_only_watched_writes_no_footage_and_says_that_it_is_off(
    tmp_path: Path, clip: EndlessClip
) -> None:
    rig = Rig(tmp_path, clip, modes=NEVER)
    rig.connect()
    rig.play(3)
    assert rig.worker.state().condition is StreamCondition.STANDBY
    rig.lose(GapCause.STALLED)
    rig.wait(2)
    rig.connect()
    rig.play(1)

    assert rig.viewers.fragments > 0
    assert rig.book.segments() == []
    assert rig.spans() == [("scheduled_off", pytest.approx(6))]


def test_after_a_fault_what_was_recorded_is_closed_and_the_rest_is_a_gap(rig: Rig) -> None:
    rig.connect()
    rig.play(3)
    rig.worker.give_up("our own fault")
    rig.turn_disk()

    (segment,) = rig.book.segments()
    assert segment.state == "closed"
    gap = rig.book.gaps()[-1]
    assert (gap.cause, gap.detail, gap.started_at) == ("unknown", "our own fault", segment.when.end)


def test_a_run_is_told_once_and_before_its_segments(rig: Rig) -> None:
    rig.connect()
    rig.play(10)
    rig.source.notices.append(RunStarted(parameters=rig.clip.parameters, is_clear_text=True))
    rig.tick()
    rig.stop()

    kinds = [type(row).__name__ for row in rig.book.rows if "Gap" not in type(row).__name__]
    assert kinds[0] == RunBegan.__name__
    assert Counter(kinds)["RunBegan"] == 1
