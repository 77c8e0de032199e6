"""What a crash leaves is finished at its last whole fragment, under nonces that were never used."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import NOON, CountingRng, a_header, a_segment_file, its_key
from watchkeep.domain.errors import Invalid, Tampered
from watchkeep.domain.ids import SegmentId
from watchkeep.domain.segment import SegmentState
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.format import RECORD_OVERHEAD, Summary
from watchkeep.storage.media.reader import SealedReader
from watchkeep.storage.media.recovery import recover

SIZES = (90, 40, 70)


def recovered(path: Path, seed: int = 7) -> Summary | None:
    return recover(path, fs=SystemFs(), rng=CountingRng(seed), keys=its_key)


def opened(path: Path) -> SealedReader:
    return SealedReader.open(path, fs=SystemFs(), keys=its_key)


def records_of(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Counter and whole bytes of every whole record."""
    at = 12 + int.from_bytes(content[8:12], "big") + 124
    while at + RECORD_OVERHEAD <= len(content):
        size = int.from_bytes(content[at + 1 : at + 4], "big") + RECORD_OVERHEAD
        if at + size <= len(content):
            yield int.from_bytes(content[at + 4 : at + 8], "big"), content[at : at + size]
        at += size


@pytest.mark.parametrize("finish", [True, False], ids=["closing", "recording"])
def test_a_file_cut_at_any_byte_recovers_to_its_last_whole_fragment(tmp_path: Path, finish: bool) -> None:
    video = a_segment_file(tmp_path / "whole", SIZES, finish=finish)
    whole = (tmp_path / "whole").read_bytes()
    reader = opened(tmp_path / "whole")
    marks = list(reader.marks)
    reader.close()
    mark_record = 112 + RECORD_OVERHEAD
    path = tmp_path / "file"

    head = len(whole) - sum(len(record) for _, record in records_of(whole))

    for size in [*range(0, head, 37), *range(head, len(whole))]:
        path.write_bytes(whole[:size])
        expected = [
            mark for mark in marks if mark.record_offset + mark.length + RECORD_OVERHEAD + mark_record <= size
        ]
        summary = recovered(path)
        if not expected:
            assert summary is None
            assert not path.exists()
            continue
        assert summary is not None
        assert summary.state is SegmentState.RECOVERED
        assert summary.fragment_count == len(expected)
        assert summary.when.start == NOON
        assert summary.when.end == expected[-1].when.end
        assert summary.size_bytes == path.stat().st_size
        reader = opened(path)
        reader.verify()
        assert reader.is_final
        assert reader.read_video(0, 1 << 20) == video[: expected[-1].offset + expected[-1].length]
        reader.close()


def test_no_nonce_is_used_for_two_plaintexts_however_often_a_crash_interrupts(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "file", SIZES, finish=True)
    path = tmp_path / "file"
    sealed = dict(records_of(path.read_bytes()))

    for seed in range(30):
        # Cut in the last record, so that each round throws away what an earlier one had sealed.
        content = path.read_bytes()
        path.write_bytes(content[: -1 - seed % 200])
        recovered(path, seed)
        for counter, record in records_of(path.read_bytes()):
            assert sealed.setdefault(counter, record) == record, f"counter {counter} sealed two plaintexts"

    assert len(sealed) >= 60


def test_a_tail_of_zeros_or_of_noise_is_cut(tmp_path: Path) -> None:
    video = a_segment_file(tmp_path / "whole", SIZES, finish=False)
    whole = (tmp_path / "whole").read_bytes()
    path = tmp_path / "file"

    for tail in (bytes(4096), CountingRng(9).token(5000)):
        path.write_bytes(whole + tail)
        summary = recovered(path)
        assert summary is not None
        assert summary.fragment_count == 3
        reader = opened(path)
        reader.verify()
        assert reader.read_video(0, 1 << 20) == video
        reader.close()


def test_blocks_lost_from_the_unsynced_end_cost_only_what_was_not_synced(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "file", SIZES, finish=True)
    path = tmp_path / "file"
    reader = opened(path)
    second = reader.marks[1]
    reader.close()
    content = bytearray(path.read_bytes())
    content[second.record_offset : second.record_offset + 60] = bytes(60)  # index and final came through
    path.write_bytes(content)

    summary = recovered(path)

    assert summary is not None
    assert (summary.state, summary.fragment_count) == (SegmentState.RECOVERED, 1)
    reader = opened(path)
    reader.verify()
    reader.close()


def test_a_finished_file_is_not_written_to(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "file", SIZES)
    before = (tmp_path / "file").read_bytes()

    summary = recovered(tmp_path / "file")

    assert summary is not None
    assert (summary.state, summary.header) == (SegmentState.CLOSED, a_header())
    assert (tmp_path / "file").read_bytes() == before


def test_recovering_twice_changes_nothing(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "file", SIZES, finish=False)
    first = recovered(tmp_path / "file")
    before = (tmp_path / "file").read_bytes()

    assert recovered(tmp_path / "file", seed=8) == first
    assert (tmp_path / "file").read_bytes() == before


def test_a_strange_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"bring milk")

    with pytest.raises(Invalid):
        recovered(path)

    assert path.read_bytes() == b"bring milk"


def test_damage_long_before_the_end_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    a_segment_file(path, [50] * 40, finish=False)  # 20 s
    reader = opened(path)
    content = bytearray(path.read_bytes())
    content[reader.marks[3].record_offset + 30] ^= 1
    path.write_bytes(content)
    reader.close()

    with pytest.raises(Tampered, match="quarantine"):
        recovered(path)

    assert path.read_bytes() == content


def test_damage_before_the_first_mark_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    a_segment_file(path, SIZES, finish=False, header=a_header(segment=SegmentId(a_header().run)))
    content = bytearray(path.read_bytes())
    first = next(records_of(bytes(content)))[1]
    content[content.index(first) + 10] ^= 1
    path.write_bytes(content)

    with pytest.raises(Tampered):
        recovered(path)

    assert path.read_bytes() == content
