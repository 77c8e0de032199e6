"""A camera whose clock is wrong: how wrong stands in sealed files and rows. On a clock driven by hand."""

from datetime import timedelta
from pathlib import Path

import pytest

from builders import INSTALLATION, CountingRng
from driven_camera import film, filming
from recording_rig import Rig
from time_code import make_clip
from watchkeep.domain.media import CameraClock, GapCause
from watchkeep.domain.segment import SegmentState
from watchkeep.runtime.system import SystemFs
from watchkeep.sources.simulator.faults import ClockDrift, ClockOffset
from watchkeep.storage.media.reader import SealedReader
from watchkeep.storage.media.volume import Volume


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "door.mp4", seconds=2, gop=25, size=(160, 90))


def noted(rig: Rig) -> list[CameraClock | None]:
    """What the sealed files say, in order; the rows say the same."""
    volume = Volume.open(rig.footage, fs=SystemFs(), rng=CountingRng(), installation=INSTALLATION)
    found = []
    for segment in rig.book.segments():
        reader = SealedReader.open(
            volume.locate(segment.path, segment.id), fs=SystemFs(), keys=rig.keystore.find_shred_key
        )
        found.append(reader.camera_clock())
        reader.close()
    assert [segment.camera_clock for segment in rig.book.segments()] == found
    return found


@pytest.mark.parametrize("ppm", [300, -300])
def test_offset_and_drift_of_a_cameras_clock_stand_in_each_segment(rig: Rig, door: Path, ppm: int) -> None:
    rig.worker._segment_length = timedelta(seconds=20)
    faults = (ClockOffset(seconds=-3600), ClockDrift(parts_per_million=ppm))
    with filming(rig, door, faults=faults) as simulator:
        began = rig.clock.now()
        film(rig, simulator, 150)
        rig.stop()

    rig.check_files()
    found = noted(rig)
    assert len(found) >= 6
    for segment, clock in zip(rig.book.segments(), found, strict=True):
        assert clock is not None
        since = (clock.measured_at - began).total_seconds()
        true_s = -3600 + since * ppm / 1e6
        assert abs(clock.offset.total_seconds() - true_s) < 0.06  # a turn, and a bit
        assert timedelta(0) <= segment.when.end - clock.measured_at < timedelta(seconds=7)
        assert clock.reports == pytest.approx(since / 5, abs=2)
    assert found[0] is not None
    assert found[0].drift_ppm is None  # less than a minute was seen
    last = found[-1]
    assert last is not None
    assert last.drift_ppm == pytest.approx(ppm, abs=50)


def test_a_segment_that_ends_with_its_connection_has_its_note_and_the_next_one_begins_anew(
    rig: Rig, door: Path
) -> None:
    with filming(rig, door, faults=(ClockOffset(seconds=90),), report_every_s=1.0) as simulator:
        film(rig, simulator, 3)
        simulator.drop_clients()
        film(rig, simulator, 6)
        rig.stop()

    found = noted(rig)
    assert len(found) >= 2
    assert [None if clock is None else round(clock.offset.total_seconds()) for clock in found] == [90] * len(
        found
    )
    reports = [0 if clock is None else clock.reports for clock in found]
    assert reports[-1] < sum(reports)
    assert max(reports) <= 7  # none of them counts those of both connections


def test_of_a_camera_without_reports_nothing_is_known(rig: Rig) -> None:
    rig.connect()
    rig.play(6)
    rig.stop()

    assert noted(rig) == [None, None]


def test_a_segment_that_a_crash_left_has_no_note(rig: Rig, door: Path) -> None:
    with filming(rig, door, report_every_s=1.0) as simulator:
        film(rig, simulator, 2)
        rig.turn_disk()

    after = rig.restart()

    (segment,) = after.book.segments()
    assert (segment.state, segment.camera_clock) == (SegmentState.RECOVERED, None)
    after.worker.stop(GapCause.RECORDER_STOPPED, "over")
