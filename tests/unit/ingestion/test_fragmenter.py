"""Where fragments are cut."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, RUN, FixedClock
from watchkeep.domain.media import TICKS_PER_SECOND, Fragment, Packet
from watchkeep.ingestion.fragmenter import LARGEST_BYTES, MOST_PACKETS, Fragmenter
from watchkeep.ingestion.wall_clock import WallClock

HALF_SECOND = TICKS_PER_SECOND // 2


def packet(dts: int, *, is_key: bool = False) -> Packet:
    arrival = NOON + timedelta(seconds=max(dts, 0) % 2**32 / TICKS_PER_SECOND)
    nals = (bytes([0x65 if is_key else 0x41]) + (dts & 0xFFFFFFFF).to_bytes(4, "big"),)
    return Packet(nals=nals, pts=dts, dts=dts, is_key=is_key, received_at=arrival)


def fragmented(packets: list[Packet]) -> tuple[list[Fragment], Fragmenter]:
    clock = FixedClock()
    fragmenter = Fragmenter(RUN, wall_clock=WallClock(clock=clock))
    fragments = []
    for each in packets:
        clock.advance((each.received_at - clock.now()).total_seconds())
        fragments += fragmenter.push(each)
    return fragments + fragmenter.end(), fragmenter


def test_twenty_five_pictures_a_second_make_fragments_of_twelve() -> None:
    fragments, _ = fragmented([packet(n * 3600, is_key=n % 50 == 0) for n in range(100)])

    assert [fragment.packet_count for fragment in fragments] == [12, 12, 12, 12, 2] * 2
    assert [fragment.starts_with_key for fragment in fragments] == [True, False, False, False, False] * 2


def test_packets_before_the_first_key_are_dropped_and_counted() -> None:
    fragments, fragmenter = fragmented([packet(n * 3600, is_key=n == 3) for n in range(6)])

    assert fragmenter.dropped_packets == 3
    assert [(x.start_ticks, x.packet_count) for x in fragments] == [(0, 3)]


def test_a_packet_that_goes_back_in_time_is_dropped_and_counted() -> None:
    fragments, fragmenter = fragmented([packet(9000, is_key=True), packet(9000), packet(12_600)])

    assert fragmenter.dropped_packets == 1
    assert [x.packet_count for x in fragments] == [2]


def test_the_last_packet_lasts_as_long_as_the_one_before() -> None:
    fragments, _ = fragmented([packet(0, is_key=True), packet(9000)])

    assert [x.duration_ticks for x in fragments] == [18_000]


def test_a_fragment_comes_out_before_the_packet_that_would_make_it_too_long() -> None:
    clock = FixedClock()
    fragmenter = Fragmenter(RUN, wall_clock=WallClock(clock=clock))

    came = [len(fragmenter.push(packet(n * 3600, is_key=n == 0))) for n in range(13)]

    assert came == [0] * 12 + [1]


def test_pictures_whose_clock_hardly_moves_do_not_gather_without_end() -> None:
    pictures = [packet(number, is_key=number == 0) for number in range(2 * MOST_PACKETS + 1)]
    large = [each._replace(nals=(bytes(LARGEST_BYTES // 4),)) if each.dts < 12 else each for each in pictures]

    by_number, _ = fragmented(pictures)
    by_size, _ = fragmented(large)

    assert [each.packet_count for each in by_number] == [MOST_PACKETS, MOST_PACKETS, 1]
    assert [each.packet_count for each in by_size][:3] == [8, 8, MOST_PACKETS]
    assert sum(each.packet_count for each in by_size) == len(pictures)


def test_a_run_without_packets_ends_in_nothing() -> None:
    fragments, _ = fragmented([])

    assert fragments == []


@given(
    st.lists(st.tuples(st.integers(1, 3 * TICKS_PER_SECOND // 2), st.booleans()), max_size=80),
    st.integers(-(2**40), 2**40),
)
def test_every_packet_is_in_exactly_one_fragment_whatever_the_pace(
    steps: list[tuple[int, bool]], start: int
) -> None:
    packets = [packet(start, is_key=True)]
    for step, is_key in steps:
        packets.append(packet_after(packets[-1], step, is_key=is_key))

    fragments, fragmenter = fragmented(packets)

    assert fragmenter.dropped_packets == 0
    assert sum(fragment.packet_count for fragment in fragments) == len(packets)
    assert [fragment.sequence for fragment in fragments] == list(range(len(fragments)))
    media = b"".join(
        fragment.payload[fragment.media_offset : fragment.audio_offset] for fragment in fragments
    )
    assert media == b"".join(len(nal).to_bytes(4, "big") + nal for x in packets for nal in x.nals)
    at = 0
    ticks = 0
    for fragment in fragments:
        inside = packets[at : at + fragment.packet_count]
        assert fragment.start_ticks == ticks
        assert not any(x.is_key for x in inside[1:])
        assert fragment.starts_with_key == inside[0].is_key
        assert fragment.duration_ticks <= HALF_SECOND or fragment.packet_count == 1
        at += fragment.packet_count
        ticks += fragment.duration_ticks


def packet_after(before: Packet, step: int, *, is_key: bool) -> Packet:
    dts = before.dts + step
    arrival = before.received_at + timedelta(seconds=step / TICKS_PER_SECOND)
    return packet(0, is_key=is_key)._replace(pts=dts, dts=dts, received_at=arrival)
