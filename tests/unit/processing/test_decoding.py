"""What the decoder looks at: scenes of which it is known what moves when."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from builders import STREAM
from real_footage import footage_clip
from scenes import BrightestBlob, Footage, Grey, empty_yard, filmed, footage_of, seconds_of, with_square
from watchkeep.domain.detection import Attention
from watchkeep.domain.ids import StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import Fragment
from watchkeep.processing.decoding import Decoder
from watchkeep.processing.samples import read_samples
from watchkeep.processing.words import (
    Attend,
    Begin,
    DecoderWord,
    Done,
    Failed,
    Feed,
    Forget,
    Looked,
    NoPicture,
    Picture,
    Skipped,
    SkipReason,
    TakePicture,
    Working,
)

OTHER = StreamId(UUID(int=2))


def told(
    run: Footage,
    *,
    decoder: Decoder | None = None,
    attention: Attention = Attention.MOTION,
    fragments: Iterable[Fragment] | None = None,
) -> list[DecoderWord]:
    """What a decoder says of a run that comes as fast as it takes it."""
    decoder = decoder or Decoder(BrightestBlob())
    decoder.hear(Begin(stream=STREAM, init=run.init))
    decoder.hear(Attend(STREAM, attention))
    said: list[DecoderWord] = []
    for fragment in run.fragments if fragments is None else fragments:
        said += decoder.hear(Feed(STREAM, fragment))
        while decoder.has_work:
            said += decoder.work()
    return said


def times(said: Iterable[DecoderWord]) -> list[float]:
    return [round(seconds_of(word.look.at), 3) for word in said if isinstance(word, Looked)]


def times_with(said: Iterable[DecoderWord]) -> list[float]:
    """When something was found."""
    return times(word for word in said if isinstance(word, Looked) and word.look.detections)


def fifths(start: float, end: float) -> list[float]:
    return [n / 5 for n in range(round(start * 5), round(end * 5))]


def troubles(said: Iterable[DecoderWord]) -> list[DecoderWord]:
    return [word for word in said if isinstance(word, Skipped | Failed)]


@pytest.mark.parametrize("gop_s", [1, 2, 4])
@pytest.mark.parametrize("noise", [0.0, 3.0, 8.0])
def test_a_still_scene_is_looked_at_once(gop_s: float, noise: float) -> None:
    said = told(filmed(empty_yard(noise=noise), seconds=12, gop_s=gop_s))

    assert times(said) == [0.0]
    assert not troubles(said)


def spoiled(fragments: list[Fragment], *, from_s: float) -> list[Fragment]:
    """The same, with all that comes so long after its key picture not decodable."""
    key_at = fragments[0].when.start
    changed = []
    for fragment in fragments:
        key_at = fragment.when.start if fragment.starts_with_key else key_at
        payload = bytearray(fragment.payload)
        at = fragment.media_offset
        for sample in read_samples(fragment.payload):
            taken = fragment.when.start + timedelta(seconds=(sample.dts - fragment.start_ticks) / 90_000)
            if taken - key_at >= timedelta(seconds=from_s):
                payload[at : at + len(sample.data)] = b"\xff" * len(sample.data)
            at += len(sample.data)
        changed.append(replace(fragment, payload=bytes(payload)))
    return changed


def test_in_a_still_scene_at_most_a_third_of_the_pictures_is_decoded() -> None:
    run = filmed(empty_yard(), seconds=10, gop_s=1)
    fragments = spoiled(run.fragments, from_s=0.33)

    assert not troubles(told(run, fragments=fragments))
    assert len(troubles(told(run, fragments=fragments, attention=Attention.FULL))) > 150


@pytest.mark.parametrize("rate", [10, 12, 15, 25, 30])
@pytest.mark.parametrize("attention", [Attention.MOTION, Attention.FULL])
def test_a_moving_scene_is_looked_at_five_times_a_second(rate: int, attention: Attention) -> None:
    run = filmed(with_square(empty_yard(), start=0), seconds=8, rate=rate)

    looks = times(told(run, attention=attention))

    for second in range(8):
        assert 4 <= sum(second <= at < second + 1 for at in looks) <= 6
    assert abs(len(looks) - 40) <= 1
    assert looks == sorted(set(looks))


@pytest.mark.parametrize(
    ("codec", "options"),
    [("libx264", {}), ("libx264", {"bf": "3"}), ("libx265", {})],
    ids=["h264", "h264 with b pictures", "h265"],
)
@pytest.mark.parametrize("attention", [Attention.MOTION, Attention.STILL])
@pytest.mark.parametrize("start", [4.12, 5.0, 5.48, 5.92])
def test_what_appears_in_mid_gop_is_found_from_its_first_picture_on(
    start: float, attention: Attention, codec: str, options: dict[str, str]
) -> None:
    scene = with_square(empty_yard(), start=start, end=8)
    run = filmed(scene, seconds=14, gop_s=2, codec=codec, options=options)

    said = told(run, attention=attention)

    found = times_with(said)
    # B pictures that the run ends with are never given out; so late nothing is there any more.
    assert found[0] - start < 0.2
    assert found[-1] > 7.75
    assert max(b - a for a, b in pairwise(found)) < 0.25
    assert not troubles(said)


def test_pictures_that_a_camera_reorders_across_short_gops_are_all_there() -> None:
    run = filmed(with_square(empty_yard(), start=0), seconds=6, rate=10, gop_s=0.5, options={"bf": "2"})

    looks = times(told(run, attention=Attention.FULL))

    assert looks[:28] == fifths(0, 5.6)


def test_what_changes_too_slowly_from_look_to_look_is_looked_at_for_three_seconds() -> None:
    yard = empty_yard(noise=0)

    def dawning(seconds: float) -> Grey:
        shown = yard(seconds)
        shown[60:96, 60:96] = 90 + int(9 * min(seconds, 1))
        return shown

    looks = times(told(filmed(dawning, seconds=8, options={"crf": "10"})))

    assert looks == fifths(0, looks[-1] + 0.2)
    assert 4.0 <= looks[-1] < 5.1


def test_looking_ends_three_seconds_after_the_last_motion() -> None:
    run = filmed(with_square(empty_yard(), start=2, end=4), seconds=14)

    looks = times(told(run))

    assert looks == [0.0, *fifths(1, looks[-1] + 0.1)]
    assert 6.5 < looks[-1] < 8.1


@pytest.mark.parametrize("gop_s", [0.5, 1, 1.5, 2, 4, 10])
def test_what_stands_still_is_looked_at_now_and_then(gop_s: float) -> None:
    run = filmed(with_square(empty_yard(), start=0, speed=0), seconds=21, gop_s=gop_s)

    said = told(run, attention=Attention.STILL)

    looks = times(said)
    assert looks == sorted(set(looks))
    gaps = [b - a for a, b in zip(looks, [*looks[1:], 21.0], strict=True)]
    assert max(gaps) < 3.1
    assert sum(gaps) / len(gaps) >= 0.95
    assert not troubles(said)


def test_full_attention_looks_all_the_time_and_ends_when_it_is_taken_back() -> None:
    run = filmed(empty_yard(), seconds=9)
    decoder = Decoder(BrightestBlob())
    cut = next(n for n, each in enumerate(run.fragments) if seconds_of(each.when.start) >= 4)

    said = told(run, decoder=decoder, attention=Attention.FULL, fragments=run.fragments[:cut])
    decoder.hear(Attend(STREAM, Attention.MOTION))
    rest: list[DecoderWord] = []
    for fragment in run.fragments[cut:]:
        decoder.hear(Feed(STREAM, fragment))
        rest += decoder.work()

    assert times(said) == fifths(0, 4)
    assert len(times(rest)) <= 3


def test_attention_raised_in_mid_gop_has_all_pictures_it_needs() -> None:
    run = filmed(with_square(empty_yard(noise=0), start=0, speed=0), seconds=6, gop_s=4)
    decoder = Decoder(BrightestBlob())

    said = told(run, decoder=decoder, fragments=run.fragments[:3])
    decoder.hear(Attend(STREAM, Attention.FULL))
    for fragment in run.fragments[3:]:
        decoder.hear(Feed(STREAM, fragment))
        said += decoder.work()

    assert times_with(said) == [0.0, *fifths(0.2, 6)]
    assert not troubles(said)


def test_a_camera_with_a_long_gop_and_a_still_scene_is_not_called_broken() -> None:
    said = told(filmed(empty_yard(), seconds=31, gop_s=15, rate=10))

    assert not troubles(said)


def test_pictures_have_the_detectors_size_and_a_look_knows_the_streams_shape() -> None:
    detector = BrightestBlob(input_width=96, input_height=64)
    run = filmed(with_square(empty_yard(), start=0), seconds=1)

    said = told(run, decoder=Decoder(detector))

    look = next(word.look for word in said if isinstance(word, Looked))
    assert detector.shapes == {(64, 96, 3)}
    assert look.aspect == pytest.approx(320 / 180)
    assert look.detections[0].box.top == pytest.approx(60 / 180, abs=0.03)


def test_a_new_run_goes_on_where_the_clock_says() -> None:
    first, second = (filmed(with_square(empty_yard(), start=0), seconds=2, gop_s=g) for g in (1, 2))
    decoder = Decoder(BrightestBlob())
    shift = timedelta(seconds=5)
    later = [
        replace(each, when=Interval(each.when.start + shift, each.when.end + shift))
        for each in second.fragments
    ]

    said = told(first, decoder=decoder) + told(second, decoder=decoder, fragments=later)

    assert times(said) == fifths(0, 2) + fifths(5, 7)


def test_each_fragment_is_announced_and_done_with() -> None:
    run = filmed(empty_yard(), seconds=3)

    said = [word for word in told(run) if isinstance(word, Working | Done)]

    assert said[::2] == [Working(STREAM)] * len(run.fragments)
    done = [(word.stream, word.sequence) for word in said[1::2] if isinstance(word, Done)]
    assert done == [(STREAM, fragment.sequence) for fragment in run.fragments]


def test_streams_take_turns_and_come_back_to_one_turn() -> None:
    run = filmed(empty_yard(), seconds=3)
    decoder = Decoder(BrightestBlob())
    for stream in (STREAM, OTHER):
        decoder.hear(Begin(stream=stream, init=run.init))
        decoder.hear(Forget(stream))
        decoder.hear(Begin(stream=stream, init=run.init))
        for fragment in run.fragments[:4]:
            decoder.hear(Feed(stream, fragment))

    said: list[DecoderWord] = []
    while decoder.has_work:
        said += decoder.work()

    assert [word.stream for word in said if isinstance(word, Done)] == [STREAM, OTHER] * 4


def test_a_forgotten_stream_is_not_worked_on() -> None:
    run = filmed(with_square(empty_yard(), start=0), seconds=2)
    decoder = Decoder(BrightestBlob())
    decoder.hear(Begin(stream=STREAM, init=run.init))
    for fragment in run.fragments:
        decoder.hear(Feed(STREAM, fragment))

    decoder.hear(Forget(STREAM))

    assert not decoder.has_work
    assert list(decoder.work()) == []
    decoder.hear(Forget(OTHER))


@pytest.mark.parametrize(("gop_s", "longest_s"), [(1, 5), (2, 6), (30, 13)])
def test_when_too_much_waits_the_oldest_gops_are_passed_over_and_counted(
    gop_s: float, longest_s: float
) -> None:
    run = filmed(with_square(empty_yard(), start=0), seconds=25, gop_s=gop_s, rate=10)
    decoder = Decoder(BrightestBlob())
    decoder.hear(Begin(stream=STREAM, init=run.init))

    heard = [word for fragment in run.fragments for word in decoder.hear(Feed(STREAM, fragment))]
    said: list[DecoderWord] = []
    while decoder.has_work:
        said += decoder.work()

    passed = sum(word.frames for word in heard if isinstance(word, Skipped))
    done = {word.sequence for word in said if isinstance(word, Done)}
    kept = sum(each.packet_count for each in run.fragments if each.sequence in done)
    assert all(isinstance(word, Skipped) and word.reason is SkipReason.SLOW for word in heard)
    assert passed + kept == run.frames
    assert kept <= longest_s * 10
    assert not troubles(said)
    if gop_s < 30:
        assert times(said)[-1] > 24.7
        assert len(times(said)) >= (kept / 10 - 0.3) * 5


def test_after_part_of_a_gop_was_passed_over_it_goes_on_with_the_next() -> None:
    run = filmed(with_square(empty_yard(), start=0), seconds=22, gop_s=20, rate=10)
    decoder = Decoder(BrightestBlob())
    decoder.hear(Begin(stream=STREAM, init=run.init))
    decoder.hear(Attend(STREAM, Attention.FULL))
    cut = next(n for n, each in enumerate(run.fragments) if seconds_of(each.when.start) >= 3)
    said: list[DecoderWord] = []
    for number, fragment in enumerate(run.fragments):
        said += decoder.hear(Feed(STREAM, fragment))
        while decoder.has_work and not 3 <= seconds_of(fragment.when.start) < 16:
            said += decoder.work()
        assert number < cut or len(times(said)) >= 15

    assert times(said) == fifths(0, 3) + fifths(20, 22)


def ordered(run: Footage, at_ticks: int, *, width_px: int = 640, **changes: object) -> DecoderWord:
    payloads = tuple(fragment.payload for fragment in run.fragments)
    order = TakePicture(number=7, init=run.init, payloads=payloads, at_ticks=at_ticks, width_px=width_px)
    decoder = Decoder(BrightestBlob())
    decoder.hear(replace(order, **changes))  # type: ignore[arg-type]
    assert decoder.has_work
    (said,) = decoder.work()
    assert not decoder.has_work
    return said


@pytest.mark.parametrize("options", [{}, {"bf": "3"}], ids=["", "b pictures"])
def test_an_ordered_picture_is_the_one_nearest_to_its_time(options: dict[str, str]) -> None:
    run = filmed(with_square(empty_yard(), start=1.0, speed=0), seconds=2, options=options)
    first = min(sample.pts for sample in read_samples(run.fragments[0].payload))

    before, after, last = (ordered(run, first + round(s * 90_000)) for s in (0.975, 0.985, 99))

    assert isinstance(before, Picture)
    assert isinstance(after, Picture)
    assert isinstance(last, Picture)
    assert (after.number, after.width_px, after.height_px) == (7, 320, 180)
    assert before.jpeg[:2] == b"\xff\xd8"
    assert before.jpeg != after.jpeg
    # The square is white on textured ground, and a picture with it is another.
    assert ordered(run, first + round(1.0 * 90_000)) == after


def test_a_picture_that_cannot_be_made_is_told_of_with_a_reason() -> None:
    run = filmed(empty_yard(), seconds=1)
    garbage = (b"\xff" * 500,)

    for said in (
        ordered(run, 0, init=b""),
        ordered(run, 0, payloads=garbage),
        ordered(run, 0, payloads=()),
        ordered(run, 0, payloads=(spoiled(run.fragments, from_s=0)[0].payload,)),
    ):
        assert isinstance(said, NoPicture)
        assert said.number == 7
        assert said.sentence


def test_every_moment_with_a_person_in_real_footage_is_looked_at(
    footage: Callable[[str], Path], tmp_path: Path
) -> None:
    source = footage("one-by-one-person-detection.mp4")
    run = footage_of(footage_clip(source, tmp_path / "clip.mp4", divisor=2))

    looks = times(told(run))

    # From its ground truth: frames in which somebody is there, at 12 pictures a second.
    assert looks == sorted(set(looks))
    spans = presence(source)
    assert spans
    for start, end in spans:
        inside = [at for at in looks if start <= at <= end]
        assert len(inside) >= 0.9 * (end - start) * 5 - 1, f"{start} to {end}"


def presence(source: Path) -> list[tuple[float, float]]:

    truth = json.loads(source.with_suffix(".events.json").read_text())
    return [(each["start"] / truth["fps"], each["end"] / truth["fps"]) for each in truth["presence"]]
