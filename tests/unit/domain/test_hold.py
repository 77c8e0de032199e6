"""What can be held, and who ends it."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.domain.words import CAMERA, at, span
from watchkeep.domain.errors import Conflict, Forbidden, Invalid
from watchkeep.domain.hold import (
    Because,
    HoldState,
    Person,
    PlacedHold,
    Reach,
    ReleaseWish,
    check_can_hold,
    checked_case,
    checked_reason,
)
from watchkeep.domain.hold_changes import ask_release, confirm_release, extend, withdraw_release
from watchkeep.domain.ids import CameraId, HoldId, UserId

ADA, BOB = Person(UserId(UUID(int=1)), "ada"), Person(UserId(UUID(int=2)), "bob")
LOCAL, ROOT = Person(None, "local administrator (ada)"), Person(None, "local administrator (root)")
YARD = CameraId("yard")
NOW = at(100)


def a_hold(**changes: object) -> PlacedHold:
    """Ada's, of the first minute, placed at 100 s, until 1000 s."""
    placed = PlacedHold(
        id=HoldId(UUID(int=7)),
        when=span(0, 60),
        cameras=frozenset({CAMERA}),
        because=Because(),
        reason="police",
        owner=ADA,
        created_at=NOW,
        expires_at=at(1000),
    )
    return replace(placed, **changes)  # type: ignore[arg-type]


def a_wish(by: Person = ADA, *, now: datetime = NOW, ends_at: datetime | None = None) -> ReleaseWish:
    return ReleaseWish(asked_by=by, asked_at=now, reason="closed", ends_at=ends_at)


def test_a_hold_stands_until_it_expires_and_not_a_moment_longer() -> None:
    placed = a_hold()

    assert placed.state(at(999.9)) is HoldState.STANDING
    assert placed.stands(at(999.9))
    assert placed.state(at(1000)) is HoldState.EXPIRED
    assert not placed.stands(at(1000))
    assert a_hold(expires_at=None).stands(at(10**9))


def test_a_hold_covers_its_cameras_and_its_span_only() -> None:
    placed = a_hold()

    assert placed.covers([YARD, CAMERA], span(59, 99))
    assert not placed.covers([YARD], span(0, 60))
    assert not placed.covers([CAMERA], span(60, 99))
    assert a_hold(cameras=None).covers([YARD], span(0, 1))


@pytest.mark.parametrize(
    ("changes", "has_footage", "is_recorded", "sentence"),
    [
        ({"when": span(5, 5)}, True, True, "The span is empty"),
        ({"cameras": frozenset()}, True, True, "Name the cameras"),
        ({"expires_at": NOW}, True, True, "would end before it keeps anything"),
        ({"when": span(500, 600), "expires_at": at(500)}, True, True, "would end before it keeps anything"),
        ({}, False, True, "There is no footage of these cameras in this span"),
        ({"when": span(500, 600)}, False, False, "none of these cameras is recorded any more"),
    ],
)
def test_a_hold_on_nothing_is_refused(
    changes: dict[str, object], has_footage: bool, is_recorded: bool, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        check_can_hold(a_hold(**changes), Reach(has_footage, is_recorded))


@pytest.mark.parametrize(
    ("when", "has_footage", "is_recorded"),
    [(span(0, 60), True, False), (span(0, 600), False, True), (span(500, 600), False, True)],
    ids=["footage of a camera that is gone", "until later", "footage to come"],
)
def test_what_keeps_something_or_may_do_so_is_let_pass(
    when: object, has_footage: bool, is_recorded: bool
) -> None:
    check_can_hold(a_hold(when=when), Reach(has_footage, is_recorded))
    check_can_hold(a_hold(when=when, expires_at=None, cameras=None), Reach(has_footage, is_recorded))


def test_words_are_checked() -> None:
    assert checked_reason("  a  theft \n") == "a theft"
    assert checked_case(" ") == ""
    for text in (" ", "x" * 501):
        with pytest.raises(Invalid, match="Say why"):
            checked_reason(text)
    with pytest.raises(Invalid, match="at most 100"):
        checked_case("x" * 101)


def test_a_release_takes_two_and_the_hold_stands_until_the_second() -> None:
    asked = ask_release(a_hold(), a_wish(ADA))
    assert asked.state(NOW) is HoldState.RELEASE_ASKED
    assert asked.stands(NOW)

    released = confirm_release(asked, BOB, now=at(101))

    assert released.state(at(101)) is HoldState.RELEASED
    assert (released.released_by, released.released_at) == (BOB, at(101))
    assert not released.stands(at(101))


@pytest.mark.parametrize(
    ("asks", "confirms"), [(ADA, ADA), (ADA, Person(ADA.user, "renamed")), (LOCAL, ROOT)]
)
def test_nobody_releases_alone(asks: Person, confirms: Person) -> None:
    asked = ask_release(a_hold(owner=BOB), a_wish(asks))

    with pytest.raises(Forbidden, match="another person"):
        confirm_release(asked, confirms, now=NOW)


def test_an_earlier_end_takes_two_as_well() -> None:
    asked = ask_release(a_hold(), a_wish(ends_at=at(500)))
    assert asked.expires_at == at(1000)

    shortened = confirm_release(asked, BOB, now=at(101))

    assert (shortened.expires_at, shortened.state(at(101))) == (at(500), HoldState.STANDING)
    late = confirm_release(asked, BOB, now=at(600))
    assert late.state(at(600)) is HoldState.RELEASED
    assert ask_release(a_hold(expires_at=None), a_wish(ends_at=at(5000))).release is not None


@pytest.mark.parametrize(
    ("ends_at", "sentence"), [(NOW, "has passed"), (at(1000), "ends before that already")]
)
def test_an_end_that_is_no_earlier_one_is_refused(ends_at: datetime, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        ask_release(a_hold(), a_wish(ends_at=ends_at))


def test_a_second_wish_and_a_confirmation_of_none_are_refused() -> None:
    with pytest.raises(Conflict, match="ada has asked"):
        ask_release(ask_release(a_hold(), a_wish()), a_wish(BOB))
    with pytest.raises(Conflict, match="Nobody has asked"):
        confirm_release(a_hold(), BOB, now=NOW)
    with pytest.raises(Conflict, match="Nobody has asked"):
        withdraw_release(a_hold(), now=NOW)


def test_a_withdrawn_wish_is_none() -> None:
    asked = ask_release(a_hold(), a_wish())

    assert withdraw_release(asked, now=NOW) == a_hold()


def test_a_hold_may_be_extended_by_one_and_a_wish_for_release_is_taken_back_by_it() -> None:
    asked = ask_release(a_hold(), a_wish())

    assert extend(asked, at(2000), now=NOW) == a_hold(expires_at=at(2000))
    assert extend(asked, None, now=NOW) == a_hold(expires_at=None)
    for placed in (a_hold(), a_hold(expires_at=None)):
        with pytest.raises(Invalid, match="another person confirms"):
            extend(placed, at(999), now=NOW)


def test_what_has_ended_is_not_changed_any_more() -> None:
    released = confirm_release(ask_release(a_hold(), a_wish()), BOB, now=NOW)
    for ended, now, word in ((released, NOW, "released"), (a_hold(), at(1000), "expired")):
        with pytest.raises(Conflict, match=f"has {word}"):
            extend(ended, None, now=now)
        with pytest.raises(Conflict, match=f"has {word}"):
            ask_release(ended, a_wish(now=now))
        with pytest.raises(Conflict, match=f"has {word}"):
            confirm_release(ended, BOB, now=now)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "shorten", "confirm", "withdraw", "extend", "never"]),
        st.sampled_from([ADA, BOB, LOCAL, ROOT]),
        st.integers(1, 200),
    ),
    max_size=12,
)


@given(STEPS)
def test_whatever_people_do_one_alone_ends_no_hold_earlier(steps: list[tuple[str, Person, int]]) -> None:
    """An end comes nearer, or a hold is over, only in a confirmation by somebody else than who asked."""
    placed, now = a_hold(), NOW
    for deed, by, pause in steps:
        now += timedelta(seconds=pause)
        before = placed
        try:
            match deed:
                case "ask":
                    placed = ask_release(placed, a_wish(by, now=now))
                case "shorten":
                    placed = ask_release(placed, a_wish(by, now=now, ends_at=now + timedelta(seconds=50)))
                case "confirm":
                    placed = confirm_release(placed, by, now=now)
                case "withdraw":
                    placed = withdraw_release(placed, now=now)
                case _:
                    wanted = None if deed == "never" else now + timedelta(seconds=10 * pause)
                    placed = extend(placed, wanted, now=now)
        except (Conflict, Forbidden, Invalid):
            continue
        is_shorter = placed.expires_at is not None and (
            before.expires_at is None or placed.expires_at < before.expires_at
        )
        if is_shorter or placed.released_at is not None:
            assert deed == "confirm"
            assert before.release is not None
            assert not before.release.asked_by.is_same(by)
