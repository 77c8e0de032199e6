"""A tracker that is saved and taken up again."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import STREAM
from unit.processing.walking import (
    THRESHOLDS,
    Walker,
    at,
    followed,
    hidden,
    look,
    looks,
    straight,
    times,
    tracker,
    until,
)
from watchkeep.domain.track import Tracked
from watchkeep.processing.tracker import Tracker

WALKERS = [
    Walker(straight(1.0, 2.0, speed=0.5)),
    Walker(straight(4.0, 2.2, speed=-0.4), "car", 0.8),
    Walker(straight(2.5, 2.4)),
    Walker(hidden(straight(3.3, 1.4), 4, 5)),
    Walker(until(straight(0.4, 1.4), 9), "truck", 0.7),
]
LOOKS = looks(WALKERS, times(16))


@given(st.integers(0, len(LOOKS)), st.integers(0, len(LOOKS)))
def test_what_is_restored_in_mid_sequence_goes_on_bit_for_bit(first: int, second: int) -> None:
    cuts = sorted((first, second))
    whole = tracker()
    told = followed(whole, LOOKS)

    by, said = tracker(), []
    for part in (LOOKS[: cuts[0]], LOOKS[cuts[0] : cuts[1]], LOOKS[cuts[1] :]):
        said += followed(by, part)
        by = Tracker.restore(STREAM, THRESHOLDS, by.save())

    assert said == told
    assert by.save() == whole.save()


def test_what_is_saved_is_json_that_any_reader_takes() -> None:
    by = tracker()
    followed(by, LOOKS)

    def refuse(word: str) -> None:
        raise AssertionError(word)

    document = json.loads(by.save(), parse_constant=refuse)

    assert document["format"] == 1
    assert len(document["tracks"]["ids"]) == 4


def resumed(pause: float, *, seen_after: float = 0.2, restart_takes: float = 0.0) -> list[Tracked]:
    """Somebody walks slowly, the analyst is away, he goes on."""
    slow = Walker(straight(2.0, 2.0, speed=0.05))
    before = tracker()
    followed(before, looks([slow], times(4)))
    back = 3.8 + pause
    by = Tracker.restore(STREAM, THRESHOLDS, before.save(), resumed_at=at(back))
    first = back + restart_takes
    told = [by.update(look(first))]
    return told + followed(by, looks([slow], times(first + 3, start=first + seen_after)))


@pytest.mark.parametrize("pause", [0.5, 3.0, 9.9])
@pytest.mark.parametrize("seen_after", [0.2, 1.4])
def test_a_restart_of_ten_seconds_loses_nobody_who_is_seen_soon_after(
    pause: float, seen_after: float
) -> None:
    told = resumed(pause, seen_after=seen_after, restart_takes=2.0)

    assert {view.started_at for each in told for view in each.alive} == {at(0)}
    assert not any(each.ended for each in told)


def test_who_is_not_seen_soon_after_a_restart_is_gone() -> None:
    told = resumed(5.0, seen_after=1.8)

    assert [view.observed_at for each in told for view in each.ended] == [at(3.8)]


@pytest.mark.parametrize(
    ("pause", "restart_takes"), [(10.1, 0.0), (60.0, 0.0), (5.0, 10.1)], ids=["late", "later", "no looks"]
)
def test_after_a_longer_restart_everything_is_over_at_the_first_look(
    pause: float, restart_takes: float
) -> None:
    told = resumed(pause, restart_takes=restart_takes)

    assert len(told[0].ended) == 1
    assert told[0].alive == ()


def test_a_restart_gives_time_once_only() -> None:
    by = tracker()
    followed(by, LOOKS[:20])
    by = Tracker.restore(STREAM, THRESHOLDS, by.save(), resumed_at=at(6))
    assert by.update(look(6.1)).ended == ()

    assert len(by.update(look(7.7)).ended) == 5


def test_nobody_is_given_up_between_a_restart_and_its_first_look() -> None:
    by = tracker()
    followed(by, LOOKS[:20])
    by = Tracker.restore(STREAM, THRESHOLDS, by.save(), resumed_at=at(6))

    assert len(by.idle(at(9)).alive) == 5
    assert len(by.idle(at(16.1)).ended) == 5


def spoilt(**changes: object) -> bytes:
    by = tracker()
    followed(by, LOOKS[:20])
    document = json.loads(by.save())
    for name, value in changes.items():
        if name in document:
            document[name] = value
        else:
            document["tracks"][name] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "saved",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        spoilt(format=2),
        spoilt(at_us="soon"),
        spoilt(at_us=1e400),
        spoilt(tracks={}),
        spoilt(ids=[]),
        spoilt(ids=["none"] * 5),
        spoilt(votes=[]),
        spoilt(votes=[{}] * 5),
        spoilt(columns={}),
        spoilt(columns=json.loads(spoilt())["tracks"]["columns"] | {"track.seen_us": [1 << 70] * 5}),
        spoilt(columns=json.loads(spoilt())["tracks"]["columns"] | {"motion.place": [0.0] * 19}),
    ],
)
def test_a_memory_that_makes_no_sense_is_no_memory(saved: bytes) -> None:
    by = Tracker.restore(STREAM, THRESHOLDS, saved, resumed_at=at(5))

    assert followed(by, LOOKS[20:40]) == followed(tracker(), LOOKS[20:40])


def test_a_memory_of_the_future_does_not_stop_the_tracker_for_ever() -> None:
    by = tracker()
    followed(by, LOOKS)
    restored = Tracker.restore(STREAM, THRESHOLDS, by.save(), resumed_at=at(0))

    assert restored.update(LOOKS[0]).ended == ()
    later = LOOKS[-1].at + timedelta(hours=1)
    assert restored.idle(later).alive == ()
