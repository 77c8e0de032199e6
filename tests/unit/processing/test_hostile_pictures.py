"""Bytes of strangers: whatever comes, the decoder goes on, counts it, and sees well again what is well."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import STREAM
from scenes import BrightestBlob, Footage, bits_flipped, empty_yard, filmed, seconds_of, with_square
from watchkeep.domain.detection import Attention, Detection
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import Fragment
from watchkeep.processing.decoding import Decoder
from watchkeep.processing.pictures import Bytes
from watchkeep.processing.words import (
    Attend,
    Begin,
    DecoderWord,
    Done,
    Failed,
    Feed,
    Looked,
    Skipped,
    SkipReason,
)

ATTENTIONS = list(Attention)


@pytest.fixture(scope="module", params=["libx264", "libx265"])
def run(request: pytest.FixtureRequest) -> Footage:
    return filmed(with_square(empty_yard(), start=0), seconds=8, codec=request.param)


@pytest.fixture(scope="module")
def small() -> Footage:
    return filmed(with_square(empty_yard(), start=0), seconds=8)


def told(
    init: bytes, fragments: list[Fragment], attention: Attention = Attention.FULL, stream: StreamId = STREAM
) -> list[DecoderWord]:
    decoder = Decoder(BrightestBlob())
    decoder.hear(Begin(stream=stream, init=init))
    decoder.hear(Attend(stream, attention))
    said: list[DecoderWord] = []
    for fragment in fragments:
        said += decoder.hear(Feed(stream, fragment))
        while decoder.has_work:
            said += decoder.work()
    return said


def looks(said: list[DecoderWord]) -> list[float]:
    return [seconds_of(word.look.at) for word in said if isinstance(word, Looked)]


def undecodable(said: list[DecoderWord]) -> int:
    return sum(
        word.frames for word in said if isinstance(word, Skipped) and word.reason is SkipReason.UNDECODABLE
    )


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("seed", range(6))
def test_flipped_bits_never_stop_the_decoder(run: Footage, attention: Attention, seed: int) -> None:
    flipped = [
        replace(
            each,
            payload=bits_flipped(
                each.payload, seed=seed * 1000 + number, start=0 if number % 3 == 2 else each.media_offset
            ),
        )
        for number, each in enumerate(run.fragments)
    ]

    said = told(run.init, flipped, attention)

    assert [word.sequence for word in said if isinstance(word, Done)] == list(range(len(flipped)))
    times = looks(said)
    assert times == sorted(set(times))


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_pure_noise_in_place_of_pictures_is_counted_and_called_broken_after_five_seconds(
    run: Footage, attention: Attention
) -> None:
    noise = [
        replace(each, payload=bits_flipped(each.payload, seed=number, share=4, start=each.media_offset))
        for number, each in enumerate(run.fragments)
    ]

    said = told(run.init, noise, attention)

    failed = [number for number, word in enumerate(said) if isinstance(word, Failed)]
    done_before = [word for word in said[: failed[0]] if isinstance(word, Done)]
    assert looks(said) == []
    assert len(failed) == 1
    assert 4.9 < seconds_of(run.fragments[len(done_before)].when.end) < 6.1
    assert undecodable(said) >= run.frames * 0.3


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_after_noise_the_first_sound_gop_is_looked_at(run: Footage, attention: Attention) -> None:
    first_key = next(n for n, each in enumerate(run.fragments) if seconds_of(each.when.start) >= 6)
    fragments = [
        replace(each, payload=bits_flipped(each.payload, seed=number, share=4, start=each.media_offset))
        if number < first_key
        else each
        for number, each in enumerate(run.fragments)
    ]

    said = told(run.init, fragments, attention)

    assert looks(said)[0] == pytest.approx(6.0, abs=0.3)
    assert any(isinstance(word, Failed) for word in said)


def test_a_still_scene_that_is_well_again_says_so_by_one_look() -> None:
    still = filmed(empty_yard(), seconds=16)
    fragments = [
        replace(each, payload=bits_flipped(each.payload, seed=number, share=4, start=each.media_offset))
        if 4 <= seconds_of(each.when.start) < 12
        else each
        for number, each in enumerate(still.fragments)
    ]

    said = told(still.init, fragments, Attention.MOTION)

    (failed,) = [number for number, word in enumerate(said) if isinstance(word, Failed)]
    assert looks(said[:failed]) == [0.0]
    assert [round(at) for at in looks(said[failed:])][:1] == [12]


@pytest.mark.parametrize(
    "payload",
    [b"", b"\0", b"\0\0\0\0moof", b"\0\0\0\x08moof\0\0\0\x08mdat", b"\xff" * 4000],
    ids=["empty", "one byte", "box without end", "empty boxes", "noise"],
)
def test_a_fragment_that_is_none_is_counted_and_the_next_gop_is_well(small: Footage, payload: bytes) -> None:
    broken = [
        replace(each, payload=payload) if 2 < seconds_of(each.when.start) < 3 else each
        for each in small.fragments
    ]

    said = told(small.init, broken)

    times = looks(said)
    assert undecodable(said) == sum(each.packet_count for each in broken if each.payload == payload)
    assert not any(2.5 < at < 3.0 for at in times)
    assert sum(at >= 3 for at in times) == 25


def test_a_fragment_with_another_ones_payload_shows_no_future(small: Footage) -> None:
    wrong = [
        replace(each, payload=small.fragments[-1 - number].payload)
        for number, each in enumerate(small.fragments)
    ]

    times = looks(told(small.init, wrong))

    assert times == sorted(set(times))
    assert all(at <= 18 for at in times)


@pytest.mark.parametrize("init", [b"", b"moov", b"\xff" * 700], ids=["empty", "a word", "noise"])
def test_a_run_without_parameters_is_called_broken_until_one_with_them(small: Footage, init: bytes) -> None:
    decoder = Decoder(BrightestBlob())
    said: list[DecoderWord] = []
    for begun, fragments in ((init, small.fragments[:6]), (small.init, small.fragments[6:12])):
        decoder.hear(Begin(stream=STREAM, init=begun))
        for fragment in fragments:
            decoder.hear(Feed(STREAM, fragment))
            said += decoder.work()

    assert undecodable(said) == sum(each.packet_count for each in small.fragments[:6])
    assert sum(isinstance(word, Failed) for word in said) == 2  # at each key picture
    assert looks(said)


def test_parameters_of_another_stream_do_no_harm(run: Footage) -> None:
    other = filmed(empty_yard(), seconds=1, rate=10, options={"bf": "2"})

    said = told(other.init, run.fragments)

    assert [word.sequence for word in said if isinstance(word, Done)] == list(range(len(run.fragments)))


def test_a_clock_that_goes_back_is_waited_for(small: Footage) -> None:
    back = timedelta(seconds=3)
    earlier = [
        replace(each, when=Interval(each.when.start - back, each.when.end - back))
        for each in small.fragments
        if seconds_of(each.when.start) >= 4
    ]
    early = [each for each in small.fragments if seconds_of(each.when.start) < 4]

    times = looks(told(small.init, early + earlier))

    assert times == sorted(set(times))
    assert times[-1] > 4.5


def test_what_the_detector_says_of_its_own_weights_is_not_taken_for_a_bad_picture(small: Footage) -> None:
    class Broken(BrightestBlob):
        def detect(self, picture: Bytes) -> list[Detection]:
            raise Invalid("The weights give no numbers; fetch them again.", size=picture.size)

    decoder = Decoder(Broken())
    decoder.hear(Begin(stream=STREAM, init=small.init))
    decoder.hear(Feed(STREAM, small.fragments[0]))

    with pytest.raises(Invalid, match="weights"):
        list(decoder.work())
