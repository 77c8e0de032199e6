"""Reading at any place, of files that are finished and of files that grow."""

import contextlib
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import A_SHRED_KEY as KEY
from builders import CountingRng, a_header, a_segment_file, an_init_section, fragments, its_key
from counted_reads import CountedFile, CountingFs, record_places, records_beyond
from watchkeep.domain.errors import DataLoss, Invalid
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.format import PIECE_SIZE, RECORD_OVERHEAD
from watchkeep.storage.media.reader import SealedReader, read_header
from watchkeep.storage.media.writer import SealedWriter

SIZES = (150_000, 15_000, 65_536, 65_500, 20, 200_000, 131_072, 9_000)


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[bytes, SealedReader, CountedFile]]:
    path = tmp_path_factory.mktemp("segment") / "file"
    video = a_segment_file(path, SIZES)
    fs = CountingFs()
    reader = SealedReader.open(path, fs=fs, keys=its_key)
    yield video, reader, fs.last
    reader.close()


def test_opening_a_finished_file_takes_three_reads(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "file", [15_000] * 120)
    fs = CountingFs()

    SealedReader.open(tmp_path / "file", fs=fs, keys=its_key).close()

    assert len(fs.last.reads) == 3
    assert sum(length for _, length in fs.last.reads) < 20_000


@given(st.data())
def test_any_range_equals_the_plaintext_and_touches_no_more_records_than_it_must(
    segment: tuple[bytes, SealedReader, CountedFile], data: st.DataObject
) -> None:
    video, reader, file = segment
    offset = data.draw(st.integers(0, len(video) + 10))
    length = data.draw(st.integers(0, 200_000))
    file.reads.clear()

    assert reader.read_video(offset, length) == video[offset : offset + length]

    end = min(offset + length, len(video))
    starts = [0, *(mark.offset for mark in reader.marks), len(video)]
    holding = sum(
        1
        for start, stop in itertools.pairwise(starts)
        for piece in range(start, stop, PIECE_SIZE)
        if piece < end and offset < min(piece + PIECE_SIZE, stop)
    )
    touched_bytes = sum(length for _, length in file.reads)
    # A record is at most a full piece; the range and its two cut records bound what was read.
    assert touched_bytes <= max(end - offset, 0) + holding * RECORD_OVERHEAD + 2 * PIECE_SIZE
    if end <= offset:
        assert file.reads == []


def test_a_small_range_in_a_large_fragment_touches_one_record(
    segment: tuple[bytes, SealedReader, CountedFile],
) -> None:
    _, reader, file = segment
    large = reader.marks[5]
    file.reads.clear()

    reader.read_video(large.offset + PIECE_SIZE + 5, 100)

    assert file.reads == [(large.record_offset + PIECE_SIZE + RECORD_OVERHEAD, PIECE_SIZE + RECORD_OVERHEAD)]


def test_a_seek_touches_the_records_of_its_range_and_one_into_a_closed_file_two_more(tmp_path: Path) -> None:
    path = tmp_path / "file"
    a_segment_file(path, SIZES * 40)
    places, fs, chance = record_places(path), CountingFs(), random.Random(1)
    open_one = SealedReader.open(path, fs=fs, keys=its_key)
    warm = fs.last

    for _ in range(300):
        offset = chance.randrange(open_one.video_length)
        length = min(round(10 ** chance.uniform(0, 6)), open_one.video_length - offset)
        warm.reads.clear()
        open_one.read_video(offset, length)
        assert records_beyond(warm.reads, places, open_one, offset, length) == 0
        with contextlib.closing(SealedReader.open(path, fs=fs, keys=its_key)) as another:
            another.read_video(offset, length)
        # The final record and the index: what a segment of a minute has of it fits one record.
        assert records_beyond(fs.last.reads, places, open_one, offset, length) <= 2
    open_one.close()


def test_a_negative_range_is_refused(segment: tuple[bytes, SealedReader, CountedFile]) -> None:
    with pytest.raises(Invalid):
        segment[1].read_video(-1, 5)


def test_a_file_that_grows_is_read_on_up_to_its_last_whole_mark(tmp_path: Path) -> None:
    path = tmp_path / "file"
    init = an_init_section()
    writer = SealedWriter.create(path, a_header(), init, shred_key=KEY, fs=SystemFs(), rng=CountingRng())
    reader = SealedReader.open(path, fs=SystemFs(), keys=its_key)
    assert (reader.video_length, reader.init_length, reader.marks) == (0, 0, ())

    video = init
    for fragment in fragments(SIZES):
        writer.append(fragment)
        assert reader.read_video(0, 1 << 20) == (video if video != init else b"")
        reader.refresh()
        video += fragment.payload
        assert reader.read_video(0, 1 << 20) == video
        assert not reader.is_final
    with pytest.raises(DataLoss, match="not finished"):
        reader.verify()

    summary = writer.finish()
    reader.refresh()

    assert reader.is_final
    assert reader.init_length == len(init)
    assert reader.read_video(0, 1 << 20) == video
    assert reader.final is not None
    assert (reader.final.root_digest, reader.final.state) == (summary.root_digest, summary.state)
    reader.verify()
    reader.refresh()
    reader.close()


def test_an_unfinished_file_is_opened_without_reading_its_video(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "file", [200_000] * 20, finish=False)
    fs = CountingFs()

    reader = SealedReader.open(tmp_path / "file", fs=fs, keys=its_key)

    assert len(reader.marks) == 20
    assert sum(length for _, length in fs.last.reads) < 20_000
    reader.close()


def test_marks_say_what_the_fragments_were(tmp_path: Path) -> None:
    written = fragments([400, 300, 500, 200, 100])
    a_segment_file(tmp_path / "file", [400, 300, 500, 200, 100])
    reader = SealedReader.open(tmp_path / "file", fs=SystemFs(), keys=its_key)

    for mark, fragment in zip(reader.marks, written, strict=True):
        assert reader.read_video(mark.offset, mark.length) == fragment.payload
        assert (mark.when, mark.start_ticks, mark.duration_ticks, mark.packet_count) == (
            fragment.when,
            fragment.start_ticks,
            fragment.duration_ticks,
            fragment.packet_count,
        )
        assert mark.starts_with_key is fragment.starts_with_key
        assert mark.media_offset == fragment.media_offset
    reader.close()


def test_the_plain_header_says_everything_that_was_given(tmp_path: Path) -> None:
    header = a_header(clock_is_synchronised=None, epoch=3, sequence=2**40)
    a_segment_file(tmp_path / "file", header=header)

    assert read_header(tmp_path / "file", fs=SystemFs()) == header
