"""What counts as motion."""

import numpy as np
import pytest

from scenes import GROUND, empty_yard, with_square
from watchkeep.processing.motion import blocks_of, has_moved
from watchkeep.processing.pictures import Bytes


def small(picture: Bytes) -> Bytes:
    return picture[::2, ::2]


def test_noise_is_no_motion() -> None:
    for noise in (0.0, 3.0, 8.0, 15.0):
        yard = empty_yard(noise=noise)
        shown = [blocks_of(small(yard(0))) for _ in range(20)]
        assert not any(has_moved(shown[0], each) for each in shown[1:]), noise


def test_the_light_of_the_whole_picture_is_no_motion() -> None:
    yard = empty_yard()
    before = small(yard(0))

    assert not has_moved(
        blocks_of(before), blocks_of((before.astype(np.int16) + 30).clip(0, 255).astype(np.uint8))
    )


def test_a_thing_that_appears_while_the_light_changes_is_motion() -> None:
    yard = empty_yard()
    before, after = small(yard(0)), small(with_square(yard, start=0, side=24)(0))

    assert has_moved(
        blocks_of(before), blocks_of((after.astype(np.int16) - 30).clip(0, 255).astype(np.uint8))
    )


@pytest.mark.parametrize("side", [16, 24, 60])
def test_a_thing_that_appears_moves_or_leaves_is_motion(side: int) -> None:
    yard = empty_yard()
    nothing = blocks_of(small(yard(0)))
    here = blocks_of(small(with_square(yard, start=0, side=side)(0)))
    further = blocks_of(small(with_square(yard, start=0, side=side)(0.5)))

    assert has_moved(nothing, here)
    assert has_moved(here, further)
    assert has_moved(further, nothing)


def test_a_picture_of_another_size_is_motion() -> None:
    picture = np.full((90, 160), GROUND, dtype=np.uint8)

    assert has_moved(blocks_of(picture), blocks_of(picture[:, :80]))


def test_the_smallest_picture_has_blocks() -> None:
    assert blocks_of(np.zeros((16, 16), dtype=np.uint8)).shape == (4, 4)
