from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.adopted import (
    CUT_TICKS,
    AdoptedPlace,
    adopted_place,
    cut_at_keys,
    frigate_file,
    length_of,
)


@pytest.mark.parametrize("file", ["a.mp4", "2025-06-01/14/front_door/00.10.mp4", "odd#1-2 name.MP4"])
def test_a_place_reads_as_it_was_written(file: str) -> None:
    place = AdoptedPlace(file, 0, 900_000)

    assert adopted_place(place.encode()) == place


@pytest.mark.parametrize(
    "path", ["door/2025-06-01/0197291a-0000-7000-8000-00000000000d.wks", "a.mp4", "a.mp4#1"]
)
def test_the_path_of_a_sealed_segment_is_no_adopted_place(path: str) -> None:
    assert adopted_place(path) is None


def test_frigates_names_tell_camera_and_time() -> None:
    found = frigate_file("recordings/2025-06-01/14/front_door/05.10.mp4")

    assert found == ("front_door", datetime(2025, 6, 1, 14, 5, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    "path",
    ["2025-06-01/14/05.10.mp4", "2025-06-01/14/door/05.10.mkv", "2025-13-01/14/door/05.10.mp4", "clip.mp4"],
)
def test_other_names_are_not_frigates(path: str) -> None:
    assert frigate_file(path) is None


def test_a_short_file_is_one_part_and_a_long_one_is_cut_at_key_pictures() -> None:
    assert list(cut_at_keys([0, 90_000], 180_000)) == [(0, 180_000)]
    assert list(cut_at_keys([0, CUT_TICKS - 1, CUT_TICKS + 5, 2 * CUT_TICKS + 9], 3 * CUT_TICKS)) == [
        (0, CUT_TICKS + 5),
        (CUT_TICKS + 5, 2 * CUT_TICKS + 9),
        (2 * CUT_TICKS + 9, 3 * CUT_TICKS),
    ]
    assert list(cut_at_keys([], 5)) == []


@given(st.lists(st.integers(1, 30 * 90_000), min_size=1, max_size=40))
def test_the_parts_of_a_file_touch_and_cover_it(steps: list[int]) -> None:
    keys = [sum(steps[:number]) for number in range(len(steps))]
    parts = list(cut_at_keys(keys, sum(steps)))

    assert (parts[0][0], parts[-1][1]) == (0, sum(steps))
    assert all(one[1] == other[0] for one, other in pairwise(parts))
    assert {start for start, _ in parts} <= set(keys)
    assert length_of(90_000) == timedelta(seconds=1)
