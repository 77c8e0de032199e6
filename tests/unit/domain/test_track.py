"""Tracks as others see them, and their ids."""

from dataclasses import replace
from datetime import timedelta, timezone
from uuid import UUID

import pytest

from unit.domain.words import EPOCH, STREAM, at
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import StreamId
from watchkeep.domain.track import TrackView, track_id

BOX = Box(0.1, 0.2, 0.3, 0.8)
VIEW = TrackView(
    id=track_id(STREAM, EPOCH, BOX),
    started_at=EPOCH,
    at=at(2),
    observed_at=at(2),
    object_type="person",
    box=BOX,
    confidence=0.8,
    peak_confidence=0.9,
    observations=10,
    is_stationary=False,
    has_moved=True,
)


def test_a_track_is_predicted_when_it_was_last_seen_before_this_look() -> None:
    assert not VIEW.is_predicted
    assert replace(VIEW, observed_at=at(1.8)).is_predicted


def test_a_track_has_the_same_id_whenever_the_footage_is_analysed_again() -> None:
    again = EPOCH.astimezone(timezone(timedelta(0)))
    assert track_id(STREAM, again, Box(0.1, 0.2, 0.3, 0.8)) == VIEW.id


def test_a_track_id_of_a_released_version_stays_what_it_was() -> None:
    assert str(VIEW.id) == "019ca945-0a00-80be-a7ea-feecbc16c081"


@pytest.mark.parametrize(
    "other",
    [
        track_id(StreamId(UUID(int=99)), EPOCH, BOX),
        track_id(STREAM, at(0.001), BOX),
        track_id(STREAM, EPOCH, replace(BOX, left=0.1001)),
        track_id(STREAM, EPOCH, replace(BOX, bottom=0.8001)),
    ],
    ids=["stream", "start", "left edge", "lower edge"],
)
def test_tracks_that_differ_have_different_ids(other: UUID) -> None:
    assert other != VIEW.id


def test_a_track_id_begins_with_its_start_and_says_that_it_is_no_chance() -> None:
    assert VIEW.id.version == 8
    assert VIEW.id.int >> 80 == int(EPOCH.timestamp() * 1000)
