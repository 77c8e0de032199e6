"""Audio beside pictures: what goes in comes out once, in order, where it was heard."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import pytest

from audio_packets import audio_packets
from audio_run import EIGHT_KHZ, FORTY_MS, fragmented, heard, media_of, picture, sound
from builders import RUN, FixedClock
from clip_packets import clip_packets
from mp4_reading import default_flags, entries, moof_numbers, one, timescales, track_ids
from time_code import make_clip
from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import (
    TICKS_PER_SECOND,
    AudioCodec,
    AudioPacket,
    Packet,
    VideoParameters,
)
from watchkeep.domain.mp4 import audio_offset, audio_setup, without_audio
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.wall_clock import WallClock


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[VideoParameters, list[Packet]]:
    """Three seconds, a key picture each second."""
    return clip_packets(make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=3, gop=25))


def interleaved(video: list[Packet], audio: list[AudioPacket]) -> list[Packet | AudioPacket]:
    return sorted([*video, *audio], key=lambda packet: packet.received_at)


@pytest.mark.parametrize("codec", list(AudioCodec))
@pytest.mark.parametrize("channels", [1, 2])
def test_libav_reads_both_tracks_back_and_decodes_the_beeps(
    codec: AudioCodec, channels: int, filmed: tuple[VideoParameters, list[Packet]], tmp_path: Path
) -> None:
    video, packets = filmed
    audio, sounds = audio_packets(codec, seconds=3, channels=channels, start_ticks=packets[0].dts)
    fragments, fragmenter = fragmented(interleaved(packets, sounds), audio)
    out = tmp_path / "out.mp4"
    out.write_bytes(init_section(video, audio) + media_of(fragments))

    with av.open(str(out)) as container:
        stream = container.streams.audio[0]
        context = stream.codec_context
        assert (context.sample_rate, context.layout.nb_channels) == (audio.sample_rate_hz, channels)
        assert stream.time_base.denominator == audio.sample_rate_hz
        read = [packet for packet in container.demux(stream) if packet.size]
    length = sounds[1].pts - sounds[0].pts
    assert [bytes(packet) for packet in read] == [sound.payload for sound in sounds]
    assert [packet.pts for packet in read] == [
        round(number * length * audio.sample_rate_hz / TICKS_PER_SECOND) for number in range(len(sounds))
    ]
    assert fragmenter.take_dropped_audio() == 0
    with av.open(str(out)) as container:
        container.streams.audio[0].codec_context.options = {"err_detect": "explode"}
        loud = {
            int(float(frame.time) * 2) % 2 == 0: abs(frame.to_ndarray()).max()
            for frame in container.decode(audio=0)
            if 0.1 < float(frame.time) * 2 % 1 < 0.8
        }
        assert loud[True] > 20 * max(loud[False], 1e-3)
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == len(packets)


@pytest.mark.parametrize("codec", list(AudioCodec))
def test_ffprobe_sees_both_streams(
    codec: AudioCodec,
    filmed: tuple[VideoParameters, list[Packet]],
    tmp_path: Path,
    needs_tool: Callable[[str], Path],
) -> None:
    video, packets = filmed
    audio, sounds = audio_packets(codec, seconds=3, start_ticks=packets[0].dts)
    fragments, _ = fragmented(interleaved(packets, sounds), audio)
    out = tmp_path / "out.mp4"
    out.write_bytes(init_section(video, audio) + media_of(fragments))

    fields = "stream=codec_name,sample_rate,channels:format=duration"
    done = subprocess.run(
        [needs_tool("ffprobe"), "-v", "error", "-show_entries", fields, "-of", "csv=p=0", out],
        capture_output=True,
        text=True,
        check=True,
    )
    name = {AudioCodec.PCMU: "pcm_mulaw", AudioCodec.PCMA: "pcm_alaw"}.get(codec, codec.value)
    assert done.stderr == ""
    assert done.stdout.split() == ["h264", f"{name},{audio.sample_rate_hz},1", "3.000000"]


def test_the_init_section_describes_two_tracks(filmed: tuple[VideoParameters, list[Packet]]) -> None:
    video, _ = filmed
    audio, _ = audio_packets(AudioCodec.AAC, seconds=0.1, rate=16_000)

    init = init_section(video, audio)

    assert track_ids(init) == [1, 2]
    assert timescales(init) == [TICKS_PER_SECOND, 16_000]
    assert default_flags(init) == {1: 0, 2: 0x02000000}
    assert one(init, "moov", "mvhd")[-4:] == (3).to_bytes(4, "big")
    kind, entry = entries(init)[1]
    assert kind == "mp4a"
    assert audio.configuration in entry


@pytest.mark.parametrize(
    ("codec", "word"), [("aac", "mp4a.40.2"), ("opus", "opus"), ("pcmu", ""), ("pcma", "")]
)
def test_the_init_section_says_how_the_audio_is_coded(
    codec: str, word: str, filmed: tuple[VideoParameters, list[Packet]]
) -> None:
    audio, _ = audio_packets(AudioCodec(codec), seconds=0.1)

    setup = audio_setup(init_section(filmed[0], audio))

    assert setup is not None
    assert (setup.codec, setup.codec_string, setup.timescale) == (codec, word, audio.sample_rate_hz)
    assert audio_setup(init_section(filmed[0])) is None


@pytest.mark.parametrize("codec", list(AudioCodec))
def test_without_its_audio_a_run_is_what_it_would_have_been(
    codec: AudioCodec, filmed: tuple[VideoParameters, list[Packet]]
) -> None:
    video, packets = filmed
    audio, sounds = audio_packets(codec, seconds=3, start_ticks=packets[0].dts)
    fragments, _ = fragmented(interleaved(packets, sounds), audio)
    plain, _ = fragmented(list(packets), None)

    assert without_audio(init_section(video, audio)) == init_section(video)
    assert without_audio(init_section(video)) == init_section(video)
    assert all(fragment.audio_offset < len(fragment.payload) for fragment in fragments[:-1])
    assert [audio_offset(each.payload) for each in fragments] == [each.audio_offset for each in fragments]
    assert [audio_offset(each.payload) for each in plain] == [len(each.payload) for each in plain]
    silent = [fragment.without_audio() for fragment in fragments]
    numbers = moof_numbers(media_of(fragments))
    assert numbers == sorted(set(numbers))
    for fragment, other in zip(silent, plain, strict=True):
        # The moofs have other numbers; all else is the same.
        at = fragment.payload.index(b"mfhd") + 8
        bytes_ = fragment.payload[:at] + other.payload[at : at + 4] + fragment.payload[at + 4 :]
        assert replace(fragment, payload=bytes_) == other


def test_audio_goes_with_the_pictures_it_is_heard_with_and_late_audio_with_the_next() -> None:
    pictures = [picture(n * FORTY_MS, is_key=n % 10 == 0) for n in range(25)]
    sounds = [sound(n * FORTY_MS + 1) for n in range(25)]
    in_time = [packet for n in (*range(6), *range(10, 25)) for packet in (pictures[n], sounds[n])]
    # These are heard with the first fragment and come when it is cut already.
    packets = [*in_time[:12], *pictures[6:10], *in_time[12:14], *in_time[14:]]
    packets[packets.index(pictures[10]) + 1 : packets.index(sounds[10])] = sounds[6:10]

    fragments, fragmenter = fragmented(packets)

    parts = [[sample.data for sample in heard([fragment])] for fragment in fragments]
    wanted = [sounds[:6], sounds[6:20], sounds[20:]]
    assert parts == [[each.payload for each in some] for some in wanted]
    assert fragmenter.take_dropped_audio() == 0


def test_no_fragment_waits_for_audio() -> None:
    pictures = [picture(n * FORTY_MS, is_key=n == 0) for n in range(40)]
    plain = Fragmenter(RUN, wall_clock=WallClock(clock=FixedClock()))
    with_audio = Fragmenter(RUN, wall_clock=WallClock(clock=FixedClock()), audio=EIGHT_KHZ)
    with_audio.push_audio(sound(0))

    came = [(len(plain.push(each)), len(with_audio.push(each))) for each in pictures]

    assert all(one == other for one, other in came)
    assert any(one for one, _ in came)


def test_audio_before_the_first_key_picture_and_after_the_last_is_dropped_and_counted() -> None:
    sounds = [sound(n * FORTY_MS) for n in range(-3, 8)]
    packets = [*sounds[:5], picture(-FORTY_MS), picture(0, is_key=True), *sounds[5:], picture(FORTY_MS)]

    fragments, fragmenter = fragmented(packets)

    assert [sample.data for sample in heard(fragments)] == [sounds[3].payload, sounds[4].payload]
    assert fragmenter.take_dropped_audio() == 9


def test_a_hole_in_the_audio_stays_a_hole() -> None:
    at = [0, 1, 2, 10, 11]
    packets: list[Packet | AudioPacket] = [sound(n * FORTY_MS) for n in at]
    packets += [picture(n * FORTY_MS, is_key=n == 0) for n in range(13)]

    fragments, _ = fragmented(packets)

    found = heard(fragments)
    assert [(sample.start, sample.duration) for sample in found] == [(n * 320, 320) for n in at]


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_rounding_between_the_two_clocks_changes_no_length(
    rate: int, filmed: tuple[VideoParameters, list[Packet]]
) -> None:
    _, packets = filmed
    audio, exact = audio_packets(AudioCodec.AAC, seconds=3, rate=rate, start_ticks=packets[0].dts)
    sounds = [replace(each, pts=each.pts + n % 3) for n, each in enumerate(exact)]

    fragments, _ = fragmented(interleaved(packets, sounds), audio)

    found = heard(fragments)
    assert [each.start for each in found] == [1024 * n for n in range(len(sounds))]
    assert {each.duration for each in found} == {1024}


def test_a_clock_a_little_off_leaves_neither_hole_nor_overlap() -> None:
    steps = [FORTY_MS + (37 if n % 2 else -35) for n in range(20)]
    sounds, at = [], 0
    for step in steps:
        sounds.append(sound(at))
        at += step
    pictures = [picture(n * FORTY_MS, is_key=n == 0) for n in range(25)]

    fragments, _ = fragmented([*sounds[:1], *pictures[:1], *sounds[1:], *pictures[1:]])

    found = heard(fragments)
    assert all(abs(each.start - given.pts * 8 / 90) <= 2 for each, given in zip(found, sounds, strict=True))
    assert all(one.start + one.duration == other.start for one, other in pairwise(found))


def test_a_run_without_audio_takes_none() -> None:
    fragments, fragmenter = fragmented([picture(0, is_key=True), sound(0), picture(FORTY_MS)], None)

    assert heard(fragments) == []
    assert fragmenter.take_dropped_audio() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"sample_rate_hz": 0},
        {"sample_rate_hz": 1 << 20},
        {"channels": 0},
        {"channels": 99},
        {"codec": AudioCodec.AAC},
        {"codec": AudioCodec.AAC, "configuration": bytes(1000)},
    ],
)
def test_audio_that_cannot_be_described_is_refused(
    changes: dict[str, object], filmed: tuple[VideoParameters, list[Packet]]
) -> None:
    with pytest.raises(Invalid):
        init_section(filmed[0], replace(EIGHT_KHZ, **changes))  # type: ignore[arg-type]
