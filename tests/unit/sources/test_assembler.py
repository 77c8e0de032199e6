"""Runs out of access units: parameter sets, times, and what ends a run."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON
from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import Codec, GapCause, Packet, RunEnded, RunStarted, SourceNotice
from watchkeep.sources.assembler import AccessUnit, RunAssembler
from watchkeep.sources.timeline import Timeline

# x264: 1280x720 and 640x360, High, reorder depth 2.
SPS = bytes.fromhex("6764001facd9405005bb011000000300100000030320f1831960")
SMALL_SPS = bytes.fromhex("6764001eacd940a02ff961000003000100000300320f162d96")
PPS = bytes.fromhex("68ebe3cb22c0")
# A camera's, 768x432, Main: pictures may be reordered, nothing says how far.
SILENT_SPS = bytes.fromhex("674d401f965281806f4d418181900000030010000003014840")
OTHER_PPS = bytes.fromhex("68ef8fcb")
SEI, AUD = b"\x06\x05\x01\xaa\x80", b"\x09\xf0"
KEY, PICTURE = b"\x65\x88\x84", b"\x41\x9a\x24"


def unit(*nals: bytes, pts: int | None, dts: int | None = None, at_s: float = 0) -> AccessUnit:
    received_at = NOON + timedelta(seconds=at_s)
    return AccessUnit(nals=nals, pts=pts, dts=dts, is_marked_key=False, received_at=received_at)


def assembler(*sets: bytes) -> RunAssembler:
    return RunAssembler(Codec.H264, sets, is_clear_text=True)


def taken(assembler: RunAssembler, *units: AccessUnit) -> list[SourceNotice]:
    return [notice for each in units for notice in assembler.take(each)]


def kinds(notices: Sequence[SourceNotice]) -> list[str]:
    return [type(notice).__name__ for notice in notices]


def test_a_run_starts_at_a_key_picture_and_carries_every_other_nal_as_sent() -> None:
    notices = taken(
        assembler(SPS, PPS),
        unit(PICTURE, pts=0),
        unit(AUD, SPS, PPS, SEI, KEY, KEY, pts=3600),
        unit(AUD, PICTURE, pts=7200),
    )

    started, key, picture = notices
    assert isinstance(started, RunStarted)
    assert (started.parameters.width_px, started.parameters.height_px) == (1280, 720)
    assert started.parameters.parameter_sets == (SPS, PPS)
    assert started.is_clear_text
    assert isinstance(key, Packet)
    assert isinstance(picture, Packet)
    assert key.nals == (AUD, SEI, KEY, KEY)
    assert key.is_key
    assert picture.nals == (AUD, PICTURE)
    assert not picture.is_key


def test_parameter_sets_that_only_come_in_band_are_waited_for() -> None:
    notices = taken(assembler(), unit(KEY, pts=0), unit(PPS, SPS, KEY, pts=3600))

    assert kinds(notices) == ["RunStarted", "Packet"]
    assert isinstance(notices[0], RunStarted)
    assert notices[0].parameters.parameter_sets == (SPS, PPS)


def test_other_parameter_sets_end_the_run_and_start_another() -> None:
    notices = taken(
        assembler(SPS, PPS),
        unit(KEY, pts=0),
        unit(SMALL_SPS, OTHER_PPS, KEY, pts=90_000, at_s=1),
        unit(PICTURE, pts=93_600, at_s=1),
    )

    assert kinds(notices) == ["RunStarted", "Packet", "RunEnded", "RunStarted", "Packet", "Packet"]
    ended, started = notices[2], notices[3]
    assert isinstance(ended, RunEnded)
    assert ended.cause is GapCause.PARAMETERS_CHANGED
    assert isinstance(started, RunStarted)
    assert started.parameters.parameter_sets == (SMALL_SPS, OTHER_PPS)
    assert (started.parameters.width_px, started.parameters.height_px) == (640, 360)


def test_a_camera_that_changes_with_every_picture_begins_a_run_a_second_at_most() -> None:
    changes = (unit(SPS, OTHER_PPS if n % 2 else PPS, KEY, pts=3600 * n, at_s=n / 25) for n in range(75))

    notices = taken(assembler(SPS, PPS), *changes)

    assert kinds(notices) == ["RunStarted", "Packet", "RunEnded"] * 3


def test_our_clock_being_set_back_holds_up_no_run() -> None:
    notices = taken(
        assembler(SPS, PPS),
        unit(KEY, pts=0),
        unit(SMALL_SPS, OTHER_PPS, KEY, pts=3600, at_s=-3600),
    )

    assert kinds(notices) == ["RunStarted", "Packet", "RunEnded", "RunStarted", "Packet"]


def test_repeated_parameter_sets_change_nothing() -> None:
    notices = taken(assembler(SPS, PPS), *(unit(SPS, PPS, KEY, pts=3600 * n) for n in range(5)))

    assert kinds(notices) == ["RunStarted"] + ["Packet"] * 5


def test_parameter_sets_in_a_packet_of_their_own_belong_to_the_next_picture() -> None:
    notices = taken(assembler(), unit(SPS, pts=0), unit(PPS, pts=0), unit(KEY, pts=0))

    assert kinds(notices) == ["RunStarted", "Packet"]


def test_a_first_picture_without_time_is_held_until_the_next_tells_it() -> None:
    notices = taken(assembler(SPS, PPS), unit(KEY, pts=None), unit(PICTURE, pts=90_000))

    packets = [notice for notice in notices if isinstance(notice, Packet)]
    assert kinds(notices) == ["RunStarted", "Packet", "Packet"]
    assert [packet.pts for packet in packets] == [86_400, 90_000]
    assert packets[0].is_key


def test_a_camera_that_does_not_say_how_it_reorders_is_watched_before_its_run_begins() -> None:
    shown = [1, 5, 2, 3, 4, 9, 6, 7, 8, 13, 10, 11, 12]  # tenths of a second: I P b B b
    given = [unit(KEY if time == 1 else PICTURE, pts=time * 9000) for time in shown]
    made = assembler(SILENT_SPS, PPS)

    early, late = taken(made, *given[:4]), taken(made, *given[4:])

    packets = [notice for notice in late if isinstance(notice, Packet)]
    assert early == []
    assert kinds(late) == ["RunStarted", *["Packet"] * len(given)]
    assert [packet.pts for packet in packets] == [each.pts for each in given]
    # Each a tenth after the other from the first on. Were the second given its showing time, as if nothing
    # were reordered, the whole run would seem to have been taken that much earlier.
    assert [packet.dts // 9000 for packet in packets[1:]] == list(range(1, len(given)))
    assert packets[0].dts < packets[1].dts


def test_a_slow_camera_is_not_watched_for_long() -> None:
    notices = taken(assembler(SILENT_SPS, PPS), unit(KEY, pts=0), unit(PICTURE, pts=90_000))

    assert kinds(notices) == ["RunStarted", "Packet", "Packet"]


def test_a_clock_set_while_a_camera_is_watched_is_seen() -> None:
    notices = taken(assembler(SILENT_SPS, PPS), unit(KEY, pts=0), unit(PICTURE, pts=90_000 * 3600))

    assert kinds(notices) == ["RunStarted", "Packet", "RunEnded"]


def test_the_camera_setting_its_clock_ends_the_run() -> None:
    notices = taken(
        assembler(SPS, PPS),
        unit(KEY, pts=0),
        unit(PICTURE, pts=90_000 * 3600, at_s=1),
        unit(KEY, pts=90_000 * 3601, at_s=2),
        unit(KEY, pts=90_000, at_s=3),
    )

    ends = [notice.cause for notice in notices if isinstance(notice, RunEnded)]
    assert ends == [GapCause.CLOCK_STEP] * 2
    assert kinds(notices) == [
        *["RunStarted", "Packet", "RunEnded"],
        *["RunStarted", "Packet", "RunEnded"],
        *["RunStarted", "Packet"],
    ]


def test_b_frames_get_decoding_times_that_never_pass_their_showing() -> None:
    shown = [0, 12, 4, 8, 24, 16, 20, 36, 28, 32]  # I B B P, reorder depth 2
    timeline = Timeline(reorder_depth=2)

    stamps = [timeline.stamp(pts * 900, None) for pts in shown]

    assert [pts for pts, _ in stamps] == [pts * 900 for pts in shown]
    assert all(dts <= pts for pts, dts in stamps)
    assert [dts for _, dts in stamps][2:] == [0, 3600, 7200, 10_800, 14_400, 18_000, 21_600, 25_200]


@given(
    st.lists(st.one_of(st.none(), st.integers(-90_000, 900_000)), max_size=60), st.integers(0, 4) | st.none()
)
def test_decoding_times_strictly_grow_whatever_comes(times: list[int | None], depth: int | None) -> None:
    timeline = Timeline(reorder_depth=depth)

    stamps = [timeline.stamp(pts, None) for pts in times]

    dts = [dts for _, dts in stamps]
    assert all(before < after for before, after in pairwise(dts))
    assert [pts for pts, _ in stamps if pts is not None] == [
        given if given is not None else stamp for given, (_, stamp) in zip(times, stamps, strict=True)
    ]


@given(st.permutations(range(4)), st.integers(1, 10))
def test_reordering_within_the_depth_is_put_right(order: list[int], groups: int) -> None:
    shown = [0, *((group * 4 + place + 1) * 3600 for group in range(groups) for place in order)]
    timeline = Timeline(reorder_depth=3)

    stamps = [timeline.stamp(pts, None) for pts in shown]

    assert all(dts <= pts for pts, dts in stamps)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5), st.booleans())
def test_hostile_pictures_never_hang_or_crash(hostile: list[bytes], is_key: bool) -> None:
    made = assembler(SPS, PPS)
    each = AccessUnit(nals=tuple(hostile), pts=0, dts=0, is_marked_key=is_key, received_at=NOON)

    try:
        notices = made.take(each)
    except Invalid:
        return  # a parameter set that makes no sense

    for notice in notices:
        assert isinstance(notice, RunStarted | RunEnded) or (isinstance(notice, Packet) and all(notice.nals))
