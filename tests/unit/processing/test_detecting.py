"""What all detectors share: clipping, thresholds, one detection for each thing."""

import numpy as np
import pytest

from watchkeep.domain.errors import Invalid
from watchkeep.domain.geometry import Box
from watchkeep.processing.coco import NUMBERS, PLACES
from watchkeep.processing.detecting import Candidates, check_picture, joined, settled, trial_picture
from watchkeep.processing.known_models import DEFAULT
from watchkeep.processing.model_files import card_of
from watchkeep.processing.ssd_graph import decoded

CARD = card_of(DEFAULT)
VEHICLE, PERSON, BICYCLE = 0, 1, 2


def candidates(*rows: tuple[tuple[float, float, float, float], float, int]) -> Candidates:
    return Candidates(
        boxes=np.array([row[0] for row in rows], dtype=np.float32).reshape(-1, 4),
        scores=np.array([row[1] for row in rows], dtype=np.float32),
        labels=np.array([row[2] for row in rows], dtype=np.intp),
    )


def test_a_box_is_clipped_to_the_picture_and_one_outside_it_is_none() -> None:
    found = settled(
        candidates(((-0.2, 0.5, 0.25, 1.5), 0.9, PERSON), ((1.1, 0.0, 1.2, 0.5), 0.9, PERSON)), CARD
    )

    assert [each.box for each in found] == [Box(0.0, 0.5, 0.25, 1.0)]
    assert found[0].object_type == "person"


def test_what_scores_below_the_low_threshold_is_noise() -> None:
    low = CARD.thresholds.low
    found = settled(
        candidates(((0, 0, 0.2, 0.2), low - 0.01, PERSON), ((0.5, 0.5, 1, 1), low + 0.01, VEHICLE)), CARD
    )

    assert [each.object_type for each in found] == ["vehicle"]


def test_of_two_types_in_one_place_the_better_stays() -> None:
    place, near = (0.2, 0.2, 0.5, 0.8), (0.21, 0.2, 0.5, 0.8)

    found = settled(candidates((place, 0.4, PERSON), (near, 0.6, BICYCLE)), CARD)

    assert [each.object_type for each in found] == ["bicycle"]


def test_a_person_on_a_bicycle_stays_beside_it() -> None:
    found = settled(
        candidates(((0.2, 0.2, 0.4, 0.7), 0.6, PERSON), ((0.2, 0.45, 0.4, 0.9), 0.5, BICYCLE)), CARD
    )

    assert {each.object_type for each in found} == {"person", "bicycle"}


def test_a_picture_has_at_most_a_hundred_detections() -> None:
    columns, rows = np.meshgrid(np.arange(20) / 20, np.arange(20) / 20)
    many = [((x, y, x + 0.04, y + 0.04), 0.5, PERSON) for x, y in zip(columns.flat, rows.flat, strict=True)]

    assert len(settled(candidates(*many), CARD)) == 100


@pytest.mark.parametrize(
    "row", [((0.0, float("nan"), 0.5, 0.5), 0.5, PERSON), ((0.0, 0.0, 0.5, 0.5), float("inf"), PERSON)]
)
def test_numbers_that_are_none_are_refused(row: tuple[tuple[float, float, float, float], float, int]) -> None:
    with pytest.raises(Invalid, match="numbers that are none"):
        settled(candidates(row), CARD)


def test_doubles_of_one_type_go_and_those_of_another_stay() -> None:
    place = (0.2, 0.2, 0.5, 0.8)
    found = joined(
        [candidates((place, 0.4, PERSON)), candidates((place, 0.6, PERSON), (place, 0.5, VEHICLE))]
    )

    kept = found.without_doubles(limit=0.6, most=10)

    assert sorted(zip(kept.labels.tolist(), kept.scores.round(1).tolist(), strict=True)) == [
        (VEHICLE, pytest.approx(0.5)),
        (PERSON, pytest.approx(0.6)),
    ]


def test_a_picture_of_another_size_is_refused() -> None:
    check_picture(trial_picture(width=448, height=256), width=448, height=256)
    with pytest.raises(Invalid, match="448 x 256"):
        check_picture(trial_picture(width=256, height=448), width=448, height=256)


def test_an_anchor_without_corrections_is_the_box() -> None:
    anchors = np.array([[0.5, 0.25, 0.2, 0.1]], dtype=np.float32)

    assert np.allclose(decoded(np.zeros((1, 4), np.float32), anchors), [[0.2, 0.4, 0.3, 0.6]])
    # Ten tenths of its own width to the right, and e times as high.
    moved = decoded(np.array([[0, 10, 5, 0]], dtype=np.float32), anchors)
    assert np.allclose(moved, [[0.3, 0.5 - 0.1 * np.e, 0.4, 0.5 + 0.1 * np.e]])


def test_the_numbers_of_coco_have_holes_that_its_places_have_not() -> None:
    assert (NUMBERS["person"], PLACES["person"]) == (1, 0)
    assert (NUMBERS["boat"], PLACES["boat"]) == (9, 8)
    assert (NUMBERS["bird"], PLACES["bird"]) == (16, 14)
    assert (NUMBERS["giraffe"], PLACES["giraffe"]) == (25, 23)
