"""The recorder hears once a second what the analyst sees, and at once when something begins."""

from datetime import timedelta

from builders import CAMERA, NOON
from watchkeep.domain.sighting import Sighting
from watchkeep.runtime.sighting_teller import SightingTeller

SECOND = timedelta(seconds=1)
SECOND_NS = 1_000_000_000


def said(teller: SightingTeller, now_s: float, blind: str = "") -> Sighting | None:
    return teller.due(round(now_s * SECOND_NS), tells_events=True, blind=blind)


def looking() -> SightingTeller:
    """One that has looked for a while; it spoke at 0 s."""
    teller = SightingTeller(CAMERA)
    teller.looked(until=NOON, moved_at=None)
    assert said(teller, 0) is not None
    return teller


def test_while_nothing_happens_it_speaks_once_a_second() -> None:
    teller = looking()
    spoken = []
    for tick in range(1, 76):
        teller.looked(until=NOON + tick * 0.04 * SECOND, moved_at=None)
        spoken.append(said(teller, tick * 0.04))

    words = [word for word in spoken if word is not None]
    assert len(words) == 3
    assert words[-1].until == NOON + 3 * SECOND
    assert words[-1].moved_at == NOON  # before which it had not looked


def test_what_begins_is_told_at_once() -> None:
    teller = looking()
    teller.looked(until=NOON + 9 * SECOND, moved_at=NOON + 8 * SECOND)
    word = said(teller, 0.04)
    assert word is not None
    assert word.moved_at == NOON + 8 * SECOND
    assert word.event_at == NOON

    teller.event(NOON + 9 * SECOND)
    word = said(teller, 0.08)
    assert word is not None
    assert word.event_at == NOON + 9 * SECOND

    assert said(teller, 0.12) is None
    assert said(teller, 0.16, blind="its pictures cannot be decoded") is not None


def test_pictures_that_were_not_looked_at_count_as_ones_in_which_something_moves() -> None:
    teller = looking()
    teller.missed()
    teller.looked(until=NOON, moved_at=None)  # looked at before
    assert said(teller, 0.04) is None
    teller.looked(until=NOON + 5 * SECOND, moved_at=None)

    word = said(teller, 0.08)
    assert word is not None
    assert (word.moved_at, word.event_at) == (NOON + 5 * SECOND, NOON + 5 * SECOND)


def test_one_that_has_not_looked_says_so() -> None:
    word = said(SightingTeller(CAMERA), 5)

    assert word == Sighting(camera=CAMERA, until=None)
