from itertools import pairwise
from pathlib import Path

import pytest

from watchkeep.sources.simulator.clip import read_clip
from watchkeep.sources.simulator.picture_clock import PictureClock

UNIX = 1_764_000_000 * 90_000


@pytest.fixture(params=["h264", "h264-b", "h265-b"])
def clock(request: pytest.FixtureRequest, clips: dict[str, Path]) -> PictureClock:
    return PictureClock(read_clip(clips[request.param]), bytes.fromhex("0000000a fff0fffe"))


def test_sequence_numbers_go_on_over_the_loop_without_a_hole(clock: PictureClock) -> None:
    count = len(clock.clip.pictures)
    first = clock.next_after(UNIX)

    for number in range(first, first + 3 * count):
        packets = len(clock.picture(number).offsets)
        assert clock.sequence(number + 1) == (clock.sequence(number) + packets) % 65536


def test_timestamps_are_evenly_spaced_over_the_loop(clock: PictureClock) -> None:
    first = clock.next_after(UNIX)
    count = 3 * len(clock.clip.pictures)

    times = [
        (clock.timestamp(number) - clock.timestamp(first)) % (1 << 32)
        for number in range(first, first + count)
    ]
    shown = sorted((time + (1 << 31)) % (1 << 32) - (1 << 31) for time in times)

    # The ends are ragged where pictures are reordered.
    assert {after - before for before, after in pairwise(shown[4:-4])} == {4500}


def test_pictures_are_due_in_order_and_never_before_they_are_shown(clock: PictureClock) -> None:
    first = clock.next_after(UNIX)
    length = clock.clip.length_ticks
    count = len(clock.clip.pictures)

    due = [clock.due_ticks(number) for number in range(first, first + 3 * count)]

    assert due == sorted(due)
    for number in range(first, first + count):
        shown = number // count * length + clock.picture(number).pts_ticks
        assert clock.due_ticks(number) >= shown


@pytest.mark.parametrize("after", [0, 1, 4499, 4500, 4501, 179_999, 180_000])
def test_the_next_picture_is_the_first_one_not_yet_due(clock: PictureClock, after: int) -> None:
    number = clock.next_after(UNIX + after)

    assert clock.due_ticks(number) >= UNIX + after
    assert clock.due_ticks(number - 1) < UNIX + after


def test_the_position_in_the_clip_is_unix_time_modulo_its_length(clips: dict[str, Path]) -> None:
    clock = PictureClock(read_clip(clips["h264"]), bytes(8))
    assert clock.clip.length_ticks == 180_000

    number = clock.next_after(UNIX + 90_000)

    assert clock.picture(number).pts_ticks == (UNIX + 90_000) % 180_000


def test_a_file_of_ours_keeps_its_parameter_sets_whatever_its_container(clips: dict[str, Path]) -> None:
    in_mp4, in_ts = read_clip(clips["h264"]), read_clip(clips["h264-annexb"])

    assert in_mp4.parameter_sets == in_ts.parameter_sets
    assert in_mp4.length_ticks == in_ts.length_ticks
    assert [picture.is_key for picture in in_mp4.pictures] == [picture.is_key for picture in in_ts.pictures]
