"""One camera as the analyst follows it: looks in, events and orders to the decoder out."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from builders import CAMERA, NOON, STREAM, FixedClock, a_fragment, an_init_section
from event_rows import MODEL
from unit.processing.walking import THRESHOLDS, Walker, look, looks, straight
from watchkeep.domain.analyst import AnalysisCondition
from watchkeep.domain.detection import Attention
from watchkeep.domain.event import EndReason, Event
from watchkeep.domain.ids import RuleId
from watchkeep.domain.offering import Dropped, FragmentNotice, Init, NoStream
from watchkeep.domain.rule import EventKind, Rule, RuleText
from watchkeep.processing.words import Attend, Begin, Feed, Forget
from watchkeep.runtime.watch import Remembered, Watch, WatchPlan

CARD = replace(MODEL, thresholds=THRESHOLDS)
TEXT = RuleText(name="Anybody", kind=EventKind.OBJECT, objects=("person",))
RULE = Rule(id=RuleId(UUID(int=1)), version=1, camera=CAMERA, text=TEXT)
PLAN = WatchPlan(camera=CAMERA, stream=STREAM, rules=(RULE,))
NOTHING = Remembered(tracker=b"", until=None, opens=())
PASSER_BY = Walker(straight(0.5, 1.5, speed=0.5))
STROLLER = Walker(straight(0.5, 1.5, speed=0.15))
"""Three seconds later still near enough to be known again."""
INIT = Init(stream=STREAM, codec="avc1.640028", init=an_init_section())


def a_watch(clock: FixedClock, remembered: Remembered = NOTHING) -> Watch:
    return Watch(PLAN, CARD, remembered, clock=clock)


def see(
    watch: Watch, clock: FixedClock, *, start: float, seconds: float, walker: Walker = PASSER_BY
) -> list[object]:
    """Five looks a second at somebody who walks past; what the decoder is told."""
    told: list[object] = []
    for each in looks([walker], [start + number / 5 for number in range(int(seconds * 5))]):
        clock.advance(max((each.at - clock.now()).total_seconds(), 0.0))
        told += watch.see(each)
    return told


def newest(events: list[Event]) -> list[Event]:
    return list({event.id: event for event in events}.values())


def test_the_decoder_is_told_of_runs_and_fragments() -> None:
    watch = a_watch(FixedClock())
    fragment = a_fragment()

    told = watch.hear([INIT, FragmentNotice(fragment), Dropped(3)])

    assert told == [
        Begin(stream=STREAM, init=INIT.init),
        Attend(STREAM, Attention.MOTION),
        Feed(STREAM, fragment),
    ]
    assert watch.state().frames_skipped == 3
    assert watch.forget() == [Forget(STREAM)]


def test_a_new_decoder_is_told_where_the_stream_is_and_how_closely_to_look() -> None:
    clock = FixedClock()
    watch = a_watch(clock)
    assert watch.begin() == []
    watch.hear([INIT])
    see(watch, clock, start=0, seconds=2)

    assert watch.begin() == [Begin(stream=STREAM, init=INIT.init), Attend(STREAM, Attention.FULL)]


def test_somebody_who_walks_is_looked_at_closely_and_told_once() -> None:
    clock = FixedClock()
    watch = a_watch(clock)

    orders = see(watch, clock, start=0, seconds=4)
    news = watch.take_news()

    assert orders == [Attend(STREAM, Attention.FULL)]
    (event,) = newest(news.events)
    assert (event.ended_at, event.object_type) == (None, "person")
    assert [view.has_moved for view in news.tracks] == [True]
    assert len(news.looked_at) == 20
    assert news.saved
    assert not watch.take_news()


def test_an_analyst_that_is_back_at_once_goes_on_with_the_same_event() -> None:
    clock = FixedClock()
    before = a_watch(clock)
    see(before, clock, start=0, seconds=4, walker=STROLLER)
    news = before.take_news()
    (opened,) = newest(news.events)
    clock.advance(3)
    remembered = Remembered(
        tracker=before._tracker.save(), until=clock.now() - timedelta(seconds=3), opens=(opened,)
    )

    after = a_watch(clock, remembered)
    see(after, clock, start=7, seconds=4, walker=STROLLER)

    assert {event.id for event in after.take_news().events} == {opened.id}


def test_what_is_not_found_again_after_a_restart_ends_with_that_reason() -> None:
    clock = FixedClock()
    before = a_watch(clock)
    see(before, clock, start=0, seconds=4)
    (opened,) = newest(before.take_news().events)
    remembered = Remembered(tracker=b"", until=clock.now(), opens=(opened,))
    clock.advance(60)

    after = a_watch(clock, remembered)
    for number in range(20):
        after.see(look(64 + number / 5))

    (ended,) = newest(after.take_news().events)
    assert (ended.id, ended.end_reason) == (opened.id, EndReason.RESTART)


def test_pictures_that_were_analysed_before_a_restart_are_not_analysed_again() -> None:
    watch = a_watch(FixedClock(), Remembered(tracker=b"", until=NOON + timedelta(seconds=10), opens=()))

    for each in looks([PASSER_BY], [number / 5 for number in range(40)]):
        watch.see(each)

    assert not watch.take_news()


def test_a_camera_without_pictures_is_waited_for_and_its_events_end() -> None:
    clock = FixedClock()
    watch = a_watch(clock)
    watch.hear([INIT, FragmentNotice(a_fragment())])
    see(watch, clock, start=0, seconds=4)
    assert watch.state().condition is AnalysisCondition.WATCHING
    clock.advance(6)
    watch.turn()

    (event,) = newest(watch.take_news().events)
    assert event.end_reason is EndReason.CAMERA_LOST
    assert watch.state().condition is AnalysisCondition.WAITING

    watch.hear([FragmentNotice(a_fragment())])
    see(watch, clock, start=20, seconds=4)
    assert watch.state().condition is AnalysisCondition.WATCHING
    assert len(newest(watch.take_news().events)) == 1


def test_a_stream_that_is_not_there_is_waited_for() -> None:
    watch = a_watch(FixedClock())
    watch.hear([INIT, NoStream(STREAM)])

    assert watch.state().condition is AnalysisCondition.WAITING
    assert watch.begin() == []


def test_trouble_is_told_until_a_picture_is_analysed() -> None:
    clock = FixedClock()
    watch = a_watch(clock)
    watch.hear([INIT])
    watch.fail("Its pictures cannot be decoded.")
    state = watch.state()
    assert (state.condition, state.detail) == (AnalysisCondition.FAILED, "Its pictures cannot be decoded.")

    watch.see(look(1))

    assert watch.state().condition is AnalysisCondition.WATCHING


def test_a_changed_rule_ends_what_it_told() -> None:
    clock = FixedClock()
    watch = a_watch(clock)
    see(watch, clock, start=0, seconds=4)
    watch.take_news()

    watch.change(replace(PLAN, rules=(replace(RULE, version=2),)), CARD)

    assert [event.end_reason for event in watch.take_news().events] == [EndReason.RULE_CHANGED]


def test_other_weights_carry_nothing_over() -> None:
    clock = FixedClock()
    watch = a_watch(clock)
    see(watch, clock, start=0, seconds=4)
    watch.take_news()

    watch.change(PLAN, replace(CARD, name="another", id=UUID(int=2)))

    assert [event.end_reason for event in watch.take_news().events] == [EndReason.RESTART]
    assert watch.state().objects == 0
    see(watch, clock, start=4, seconds=3)
    assert len(newest(watch.take_news().events)) == 1
