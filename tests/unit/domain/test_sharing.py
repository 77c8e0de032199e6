"""Cameras are shared out evenly, the same by everybody, and one shard more moves as few as can be."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.ids import CameraId
from watchkeep.domain.sharing import (
    FULL_STREAM_BITS,
    STREAMS_A_SHARD,
    Share,
    shard_of,
    shards_wanted,
)

cameras = st.from_regex(r"[a-z0-9](-?[a-z0-9]){0,20}", fullmatch=True).map(CameraId)
MANY = [CameraId(f"camera-{number}") for number in range(1000)]


@given(camera=cameras, count=st.integers(1, 64))
def test_exactly_one_shard_holds_a_camera(camera: CameraId, count: int) -> None:
    holders = [shard for shard in range(count) if Share(shard, count).holds(camera)]

    assert holders == [shard_of(camera, count)]


@given(camera=cameras, count=st.integers(1, 63))
def test_one_shard_more_moves_a_camera_to_it_or_not_at_all(camera: CameraId, count: int) -> None:
    assert shard_of(camera, count + 1) in (shard_of(camera, count), count)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_cameras_are_shared_out_evenly(count: int) -> None:
    shares = Counter(shard_of(camera, count) for camera in MANY)

    assert set(shares) == set(range(count))
    fair = len(MANY) / count
    assert all(0.7 * fair < share < 1.3 * fair for share in shares.values())


def test_the_shares_are_those_of_every_version() -> None:
    """Processes and starts agree without a word; a hash that changes moves half of all cameras."""
    assert [shard_of(CameraId(name), 2) for name in ("gate", "yard", "hall", "ramp")] == [1, 1, 1, 0]
    assert [shard_of(CameraId(name), 3) for name in ("gate", "yard", "hall", "ramp")] == [2, 1, 2, 0]


@given(rates=st.lists(st.integers(0, FULL_STREAM_BITS), max_size=STREAMS_A_SHARD), cores=st.integers(1, 64))
def test_few_streams_need_one_process(rates: list[int], cores: int) -> None:
    assert shards_wanted(rates, cores=cores) == 1


@pytest.mark.parametrize(
    ("rates", "wanted"),
    [
        ([0] * (STREAMS_A_SHARD + 1), 2),
        ([FULL_STREAM_BITS] * 2 * STREAMS_A_SHARD, 2),
        ([4 * FULL_STREAM_BITS] * 100, 2),
        ([300_000] * 1000, 5),
    ],
    ids=["one too many", "two full", "heavy ones", "light ones count whole"],
)
def test_more_streams_or_heavier_ones_need_more(rates: list[int], wanted: int) -> None:
    assert shards_wanted(rates, cores=64) == wanted
    assert shards_wanted(rates, cores=1) == 1


@given(rates=st.lists(st.integers(0, 10**9), max_size=20), cores=st.integers(1, 64))
def test_never_more_than_there_are_cores_and_a_stream_more_never_fewer(rates: list[int], cores: int) -> None:
    wanted = shards_wanted(rates, cores=cores)

    assert 1 <= wanted <= cores
    assert shards_wanted([*rates, 0], cores=cores) >= wanted
