"""The camera's clock is noted in the file when it is closed, and what is done to the note is seen."""

from datetime import timedelta
from pathlib import Path

import pytest

from builders import (
    A_CAMERA_CLOCK,
    A_SHRED_KEY,
    NOON,
    CountingRng,
    a_fragment,
    a_header,
    a_segment_file,
    an_init_section,
    its_key,
)
from formats.independent_reader import read_clock
from watchkeep.domain.errors import DataLoss, Tampered
from watchkeep.domain.media import CameraClock
from watchkeep.domain.segment import SegmentState
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.clock_note import pack_clock_note
from watchkeep.storage.media.format import RECORD_OVERHEAD, RecordType
from watchkeep.storage.media.reader import SealedReader
from watchkeep.storage.media.recovery import recover
from watchkeep.storage.media.writer import SealedWriter

SIZES = (90, 40, 70_000)
NOTE = 32 + RECORD_OVERHEAD


def opened(path: Path) -> SealedReader:
    return SealedReader.open(path, fs=SystemFs(), keys=its_key)


def is_sound(path: Path) -> bool:
    reader = opened(path)
    try:
        reader.verify()
    except DataLoss:
        return False
    finally:
        reader.close()
    return True


def note_span(path: Path) -> tuple[int, int]:
    """Where the note's record lies: before the index, which is found through the final record."""
    reader = opened(path)
    assert reader.final is not None
    end = reader.final.index_offset
    reader.close()
    return end - NOTE, end


@pytest.mark.parametrize(
    "clock",
    [
        A_CAMERA_CLOCK,
        CameraClock(offset=timedelta(0), drift_ppm=None, reports=1, measured_at=NOON),
        CameraClock(offset=timedelta(days=-20_000), drift_ppm=0.0, reports=720, measured_at=NOON),
    ],
)
def test_what_was_known_of_the_clock_is_read_back_by_both_readers(tmp_path: Path, clock: CameraClock) -> None:
    path = tmp_path / "file"
    video = a_segment_file(path, SIZES, camera_clock=clock)

    reader = opened(path)

    assert reader.camera_clock() == clock
    assert reader.read_video(0, 1 << 20) == video
    reader.verify()
    reader.close()
    drift = None if clock.drift_ppm is None else round(clock.drift_ppm * 1000)
    offset_us = clock.offset // timedelta(microseconds=1)
    found = read_clock(path.read_bytes(), A_SHRED_KEY.key)
    assert found is not None
    assert found[:3] == (clock.reports, offset_us, drift)


def test_without_reports_there_is_no_note(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "file", SIZES)

    reader = opened(tmp_path / "file")

    assert reader.camera_clock() is None
    reader.close()
    assert read_clock((tmp_path / "file").read_bytes(), A_SHRED_KEY.key) is None


def test_a_drift_that_no_clock_has_is_written_as_the_most_there_is() -> None:
    clock = CameraClock(offset=timedelta(0), drift_ppm=-9e9, reports=2, measured_at=NOON)

    assert pack_clock_note(clock, fragment_count=1)[12:16] == (-(2**31) + 1).to_bytes(4, "big", signed=True)


def test_a_changed_bit_in_the_note_is_seen_and_costs_no_footage(tmp_path: Path) -> None:
    path = tmp_path / "file"
    video = a_segment_file(path, SIZES, camera_clock=A_CAMERA_CLOCK)
    whole, (start, end) = path.read_bytes(), note_span(path)

    for at in range(start, end):
        changed = bytearray(whole)
        changed[at] ^= 0x10
        path.write_bytes(changed)
        reader = opened(path)
        assert reader.read_video(0, 1 << 20) == video
        with pytest.raises((Tampered, DataLoss)):
            reader.camera_clock()
        reader.close()
        assert not is_sound(path), at


def test_a_note_that_is_left_out_repeated_or_of_another_segment_is_seen(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    a_segment_file(path, SIZES, camera_clock=A_CAMERA_CLOCK, rng=CountingRng(1))
    a_segment_file(other, SIZES, camera_clock=A_CAMERA_CLOCK, rng=CountingRng(2), header=a_header(sequence=1))
    whole, (start, end) = path.read_bytes(), note_span(path)
    another = other.read_bytes()[slice(*note_span(other))]

    assert is_sound(path)
    for note in (b"", whole[start:end] * 2, another):
        path.write_bytes(whole[:start] + note + whole[end:])
        assert not is_sound(path)


@pytest.mark.parametrize("fragment_count", [0, 1, 3])
def test_a_note_that_does_not_stand_behind_all_fragments_is_refused(
    tmp_path: Path, fragment_count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer with a bug: the tag is right and the place is not."""
    path = tmp_path / "file"
    writer = SealedWriter.create(
        path, a_header(), an_init_section(), shred_key=A_SHRED_KEY, fs=SystemFs(), rng=CountingRng()
    )
    writer.append(a_fragment(0))
    if fragment_count == 1:  # right there, and then the footage goes on
        note = pack_clock_note(A_CAMERA_CLOCK, fragment_count=1)
        writer._write(b"".join(writer._seal(RecordType.METADATA, note)))
        writer.append(a_fragment(1))
        writer.finish()
    else:
        writer.append(a_fragment(1))
        monkeypatch.setattr(
            "watchkeep.storage.media.writer.pack_clock_note",
            lambda clock, **_: pack_clock_note(clock, fragment_count=fragment_count),
        )
        writer.finish(camera_clock=A_CAMERA_CLOCK)

    assert not is_sound(path)


def test_a_file_torn_within_its_end_is_recovered_without_a_note(tmp_path: Path) -> None:
    path = tmp_path / "file"
    video = a_segment_file(path, SIZES, camera_clock=A_CAMERA_CLOCK)
    whole, (start, _) = path.read_bytes(), note_span(path)

    for size in range(start, len(whole)):
        path.write_bytes(whole[:size])
        summary = recover(path, fs=SystemFs(), rng=CountingRng(7), keys=its_key)
        assert summary is not None
        assert (summary.state, summary.camera_clock) == (SegmentState.RECOVERED, None)
        assert is_sound(path)
    reader = opened(path)
    assert (reader.camera_clock(), reader.read_video(0, 1 << 20)) == (None, video)
    reader.close()


def test_a_finished_file_that_was_left_in_open_is_registered_with_its_note(tmp_path: Path) -> None:
    path = tmp_path / "file"
    a_segment_file(path, SIZES, camera_clock=A_CAMERA_CLOCK)

    summary = recover(path, fs=SystemFs(), rng=CountingRng(7), keys=its_key)

    assert summary is not None
    assert (summary.state, summary.camera_clock) == (SegmentState.CLOSED, A_CAMERA_CLOCK)
