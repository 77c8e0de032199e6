"""What is within the margins of a sign is recorded, in order and once, however late the analyst says so."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import CAMERA, NOON, a_fragment
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import Fragment, GapCause
from watchkeep.domain.mode import ModeSchedule, ModeSpan, RecordingMode, Weekday
from watchkeep.domain.sighting import EVENT_DELAY, LATE, Heard, Sighting
from watchkeep.ingestion.modal_recording import Margins, ModalRecording

MOTION = ModeSchedule(default=RecordingMode.MOTION)
MARGINS = Margins(before=timedelta(seconds=5), after=timedelta(seconds=2))
HALF = timedelta(seconds=0.5)


def half_seconds(keys: list[bool], *, start: datetime = NOON) -> list[Fragment]:
    """Fragments of half a second; the first starts with a key picture."""
    return [
        replace(
            a_fragment(number, media_bytes=100),
            starts_with_key=is_key or number == 0,
            when=Interval(start + number * HALF, start + (number + 1) * HALF),
        )
        for number, is_key in enumerate(keys)
    ]


@dataclass
class Story:
    """A stream and what its analyst says.

    Attributes:
        keys: Which fragments start with a key picture.
        signs: Fragments in which something moves.
        lags: How many fragments the analyst is behind, at each.
        silent_from: From which fragment on it says nothing.
    """

    keys: list[bool]
    signs: set[int]
    lags: list[int]
    silent_from: int
    mode: RecordingMode = RecordingMode.MOTION
    fragments: list[Fragment] = field(init=False)
    recorded: list[Fragment] = field(default_factory=list)
    looked_until: datetime | None = None

    def __post_init__(self) -> None:
        self.fragments = half_seconds(self.keys)

    def play(self, limit_bytes: int = 1 << 20) -> ModalRecording:
        modal = ModalRecording(
            ModeSchedule(default=self.mode), zone=UTC, margins=MARGINS, limit_bytes=limit_bytes
        )
        word, age = Heard(), timedelta()
        looked = -1
        for number, fragment in enumerate(self.fragments):
            age += HALF
            if number < self.silent_from:
                looked = max(looked, number - self.lags[number % len(self.lags)])
                seen = [each for each in self.signs if each <= looked]
                if looked >= 0:
                    sign = self.fragments[max(seen)].when.end if seen else None
                    self.looked_until = until = self.fragments[looked].when.end
                    sighting = Sighting(camera=CAMERA, until=until, moved_at=sign, event_at=sign)
                    word, age = Heard(sighting=sighting), timedelta()
            self.recorded += modal.place(fragment, replace(word, age=age))
            assert modal.ring_bytes <= limit_bytes
        self.recorded += modal.end()
        return modal


stories = st.builds(
    Story,
    keys=st.lists(st.booleans(), min_size=20, max_size=160),
    signs=st.sets(st.integers(0, 159), max_size=6),
    lags=st.lists(st.integers(0, 18), min_size=1, max_size=20),
    silent_from=st.integers(0, 200),
    mode=st.sampled_from([RecordingMode.MOTION, RecordingMode.EVENTS]),
)


def check(story: Story) -> None:
    numbers = [fragment.sequence for fragment in story.recorded]
    assert numbers == sorted(set(numbers)), "in order, each once"
    for before, number in zip([-2, *numbers], numbers, strict=False):
        assert number == before + 1 or story.fragments[number].starts_with_key, "nothing is undecodable"
    signs = [story.fragments[each].when.end for each in story.signs if each < len(story.fragments)]
    kept = set(numbers)
    for fragment in story.fragments:
        is_near = any(
            sign - MARGINS.before < fragment.when.end and fragment.when.start < sign + MARGINS.after
            for sign in signs
        )
        is_unseen = story.looked_until is None or fragment.when.end > story.looked_until
        if is_near or is_unseen:
            assert fragment.sequence in kept


@settings(max_examples=300, deadline=None)
@given(stories)
def test_whatever_is_near_a_sign_or_was_not_looked_at_is_recorded_once_and_in_order(story: Story) -> None:
    story.play()
    check(story)


@settings(max_examples=200, deadline=None)
@given(stories, st.integers(300, 4000))
def test_a_full_ring_records_what_was_not_looked_at(story: Story, limit_bytes: int) -> None:
    """It may shorten what comes before a sign, and nothing else."""
    story.play(limit_bytes)

    numbers = [fragment.sequence for fragment in story.recorded]
    assert numbers == sorted(set(numbers))
    kept = set(numbers)
    for fragment in story.fragments:
        if story.looked_until is None or fragment.when.end > story.looked_until:
            assert fragment.sequence in kept


def test_a_quiet_camera_is_not_recorded_and_costs_bounded_memory() -> None:
    story = Story([number % 4 == 0 for number in range(1200)], set(), [2], 10_000)
    modal = story.play()

    assert len(story.recorded) < 60  # the beginning and what waited at the end
    assert modal.cause is GapCause.NOTHING_MOVED


def test_an_event_has_its_seconds_before_it_though_it_is_told_late() -> None:
    story = Story([number % 2 == 0 for number in range(400)], set(), [1], 10_000, RecordingMode.EVENTS)
    event_at = 200
    began = story.fragments[event_at].when.end - EVENT_DELAY
    story.signs = {event_at}
    story.play()

    assert any(
        fragment.when.start <= began - MARGINS.before < fragment.when.end for fragment in story.recorded
    )


def test_a_word_that_stops_is_waited_for_no_longer_than_it_may_be_old() -> None:
    story = Story([True] * 200, set(), [0], 100)
    modal = story.play()

    away = [each for each in story.recorded if each.sequence >= 100]
    assert [each.sequence for each in away] == list(range(100, 200))
    assert modal.sentence == "recorded continuously: the analyst is away"
    assert timedelta(seconds=1) < LATE


@pytest.mark.parametrize(
    ("day", "hours"), [((2025, 3, 30), 23), ((2025, 6, 1), 24), ((2025, 10, 26), 25)], ids=str
)
def test_a_local_day_is_recorded_and_off_for_as_long_as_it_lasts(
    day: tuple[int, int, int], hours: int
) -> None:
    zone = ZoneInfo("Europe/London")
    start = datetime(*day, tzinfo=zone).astimezone(UTC)
    span = ModeSpan(days=tuple(Weekday), start_minute=90, end_minute=1080, mode=RecordingMode.OFF)
    modal = ModalRecording(ModeSchedule(spans=(span,)), zone=zone, margins=MARGINS)
    minute = timedelta(minutes=1)
    recorded = off = 0
    for number in range(hours * 60):
        when = Interval(start + number * minute, start + (number + 1) * minute)
        kept = modal.place(replace(a_fragment(0, media_bytes=8), when=when), Heard())
        recorded += len(kept)
        off += modal.cause is GapCause.SCHEDULED_OFF

    assert recorded + off == hours * 60
    assert off == 990 + (hours - 24) * 30  # 01:30 lies within the hour that is left out, or comes twice


def test_a_mode_that_begins_to_hold_takes_over_what_waits() -> None:
    modal = ModalRecording(MOTION, zone=UTC, margins=Margins(before=HALF, after=HALF))
    fragments = half_seconds([True] * 20)
    recorded: list[Fragment] = []
    for fragment in fragments[:12]:
        sighting = Sighting(camera=CAMERA, until=fragment.when.end - 3 * HALF)
        recorded += modal.place(fragment, Heard(sighting=sighting))
    assert modal.ring_bytes > 0
    waiting = fragments[12 - 3 : 12]
    modal.change(ModeSchedule(default=RecordingMode.OFF))

    kept = modal.place(fragments[12], Heard())

    assert kept[-3:] == waiting
    assert modal.unrecorded_since == fragments[12].when.start
    assert modal.ring_bytes == 0
