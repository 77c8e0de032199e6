"""The recorder goes by the analyst's word only while the word can be relied on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CAMERA, NOON
from watchkeep.domain.mode import RecordingMode
from watchkeep.domain.sighting import AHEAD, EVENT_DELAY, LATE, Heard, Sighting

MOTION, EVENTS = RecordingMode.MOTION, RecordingMode.EVENTS
SEEN = Sighting(camera=CAMERA, until=NOON, moved_at=NOON - timedelta(seconds=7))
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("heard", "sentence"),
    [
        (Heard(), "not looked at this camera yet"),
        (Heard(sighting=SEEN, is_analysis_on=False), "switched off"),
        (Heard(sighting=replace(SEEN, until=None)), "not looked at this camera yet"),
        (Heard(sighting=replace(SEEN, until=None, blind="no")), "cannot look at this camera: no"),
        (Heard(sighting=SEEN, age=LATE + MOMENT), "away"),
        (Heard(sighting=replace(SEEN, until=NOON - LATE - MOMENT)), "behind"),
        (Heard(sighting=replace(SEEN, until=NOON + AHEAD + MOMENT)), "another clock"),
    ],
)
@pytest.mark.parametrize("mode", [MOTION, EVENTS])
def test_a_word_that_cannot_be_relied_on_is_doubted(heard: Heard, sentence: str, mode: RecordingMode) -> None:
    assert sentence in heard.doubt(mode, at=NOON)


@pytest.mark.parametrize("until", [NOON - LATE, NOON, NOON + AHEAD])
def test_a_fresh_word_is_relied_on(until: object) -> None:
    heard = Heard(sighting=replace(SEEN, until=until), age=LATE)  # type: ignore[arg-type]
    assert heard.doubt(MOTION, at=NOON) == heard.doubt(EVENTS, at=NOON) == ""


def test_without_rules_there_are_no_events_to_wait_for() -> None:
    heard = Heard(sighting=replace(SEEN, tells_events=False))
    assert "no rule" in heard.doubt(EVENTS, at=NOON)
    assert heard.doubt(MOTION, at=NOON) == ""


def test_an_event_is_sure_some_time_after_it_began() -> None:
    sighting = replace(SEEN, event_at=NOON)
    assert sighting.quiet_until(MOTION) == NOON
    assert sighting.quiet_until(EVENTS) == NOON - EVENT_DELAY
    assert replace(SEEN, until=None).quiet_until(EVENTS) is None
    assert sighting.sign(EVENTS) == NOON
    assert sighting.sign(MOTION) == SEEN.moved_at
