"""Whatever arrives in whatever order: audio comes out once, in order, and spoils nothing."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_run import EIGHT_KHZ, FORTY_MS, SYNC, fragmented, heard, media_of, picture, sound
from builders import NOON, RUN, FixedClock
from mp4_reading import samples
from watchkeep.domain.media import TICKS_PER_SECOND, AudioPacket, Packet
from watchkeep.ingestion.audio_queue import WAITING_LIMIT_BYTES
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.wall_clock import WallClock


@pytest.mark.parametrize(
    "strange",
    [
        sound(FORTY_MS - 1),
        sound(FORTY_MS),
        sound(11 * TICKS_PER_SECOND),
        sound(2**60),
        sound(-(2**60)),
        sound(2 * FORTY_MS, duration_ticks=2**40),
        AudioPacket(payload=b"", pts=2 * FORTY_MS, duration_ticks=1, received_at=NOON),
    ],
)
@pytest.mark.parametrize("comes", [0, 2])
def test_audio_with_a_wrong_clock_is_dropped_and_spoils_nothing(strange: AudioPacket, comes: int) -> None:
    good = [sound(FORTY_MS), sound(4 * FORTY_MS), sound(5 * FORTY_MS)]
    packets: list[Packet | AudioPacket] = [picture(0, is_key=True), good[0], strange, picture(FORTY_MS)]
    packets = [strange, *packets[:2], *packets[3:]] if comes == 0 else packets
    packets += [*good[1:], *(picture(n * FORTY_MS) for n in range(2, 8))]

    fragments, fragmenter = fragmented(packets)

    wanted = [each.payload for each in good]
    if comes == 0 and 0 <= strange.pts <= FORTY_MS:
        wanted = [strange.payload] + [each.payload for each in good if each.pts > strange.pts]
    assert [sample.data for sample in heard(fragments)] == wanted
    assert fragmenter.take_dropped_audio() == 4 - len(wanted)


@pytest.mark.parametrize("duration_ticks", [0, -5, 1, TICKS_PER_SECOND])
def test_whatever_a_packet_says_of_its_length_times_never_overlap(duration_ticks: int) -> None:
    packets: list[Packet | AudioPacket] = []
    for number in range(60):
        packets += [
            picture(number * FORTY_MS, is_key=number == 0),
            sound(number * FORTY_MS, duration_ticks=duration_ticks),
        ]

    fragments, _ = fragmented(packets)

    found = heard(fragments)
    assert len(found) == 60
    assert all(each.duration >= 1 for each in found)
    assert all(one.start + one.duration <= other.start for one, other in pairwise(found))


def test_audio_without_pictures_is_held_within_bounds() -> None:
    fragmenter = Fragmenter(RUN, wall_clock=WallClock(clock=FixedClock()), audio=EIGHT_KHZ)
    given = [sound(n * FORTY_MS, payload=bytes(4000)) for n in range(2 * WAITING_LIMIT_BYTES // 4000)]

    for each in given:
        fragmenter.push_audio(each)

    early = fragmenter.take_dropped_audio()
    assert early >= len(given) // 2
    assert fragmenter.end() == []
    assert early + fragmenter.take_dropped_audio() == len(given)


@given(
    st.lists(st.integers(900, 9000), min_size=2, max_size=60),
    st.lists(st.tuples(st.integers(900, 5000), st.integers(0, 40)), min_size=1, max_size=80),
    st.lists(st.integers(0, 200_000), min_size=1, max_size=20),
    st.integers(-(2**40), 2**40),
    st.sampled_from([8000, 16_000, 44_100, 48_000]),
)
def test_whatever_the_order_of_arrival_all_audio_comes_out_once_in_order_without_overlap(
    video_steps: list[int],
    audio_steps: list[tuple[int, int]],
    delays: list[int],
    start: int,
    rate: int,
) -> None:
    pictures, at = [], start
    for number, step in enumerate(video_steps):
        pictures.append(picture(at, is_key=number % 7 == 0))
        at += step
    end = at - video_steps[-1] + video_steps[-2]  # the last picture lasts as long as the one before
    sounds, heard_at = [], start - 1000
    for step, hole in audio_steps:
        sounds.append(sound(heard_at, duration_ticks=step))
        heard_at += step + hole * 90
    arrivals = [(each.dts, 0, each) for each in pictures]
    latest = start - 10**6
    for number, each in enumerate(sounds):
        # Any delay, but audio does not overtake audio.
        latest = max(latest, each.pts + delays[number % len(delays)] - 100_000)
        arrivals.append((latest, 1, each))
    order = [each for _, _, each in sorted(arrivals, key=lambda arrival: arrival[:2])]
    audio = replace(EIGHT_KHZ, sample_rate_hz=rate)

    fragments, fragmenter = fragmented(order, audio)

    found = heard(fragments)
    inside = [each for each in sounds if start <= each.pts]
    kept = [each.payload for each in inside if each.pts < end]
    assert [each.data for each in found] == kept
    assert fragmenter.take_dropped_audio() == len(sounds) - len(kept)
    assert all(one.start + one.duration <= other.start for one, other in pairwise(found))
    for fragment in fragments:
        ends = fragment.start_ticks + fragment.duration_ticks
        begun = [each.start * TICKS_PER_SECOND / rate for each in heard([fragment])]
        assert all(at < ends + 4500 for at in begun)  # what was before may last so much longer than it said
    silent = media_of([fragment.without_audio() for fragment in fragments])
    assert [sample.track for sample in samples(SYNC, silent)] == [1] * len(pictures)
