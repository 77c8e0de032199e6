"""What boxes say of audio, and that no bytes make it say anything else than: damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_box, a_fragment, a_header, an_init_section
from watchkeep.domain.errors import DataLoss
from watchkeep.domain.media import AudioCodec, AudioParameters
from watchkeep.domain.mp4 import audio_offset, audio_setup, boxes, object_type, without_audio
from watchkeep.ingestion.mux import init_section

AAC = AudioParameters(
    codec=AudioCodec.AAC, sample_rate_hz=16_000, channels=1, configuration=bytes.fromhex("1408")
)


def an_audio_init(audio: AudioParameters = AAC) -> bytes:
    return init_section(a_header().parameters, audio)


@pytest.mark.parametrize(
    ("configuration", "kind"),
    [("1210", 2), ("1408", 2), ("2b8a0800", 5), ("eb098800", 29), ("f8e0", 39), ("", 0), ("12", 2)],
)
def test_the_object_type_is_read_of_the_first_bits(configuration: str, kind: int) -> None:
    assert object_type(bytes.fromhex(configuration)) == kind


def test_aac_says_which_kind_it_is() -> None:
    efficient = AudioParameters(
        codec=AudioCodec.AAC, sample_rate_hz=48_000, channels=2, configuration=bytes.fromhex("2b118800")
    )

    found = [audio_setup(an_audio_init(audio)) for audio in (AAC, efficient)]

    assert [each and each.codec_string for each in found] == ["mp4a.40.2", "mp4a.40.5"]


def test_descriptors_with_a_short_length_are_read_and_those_without_a_configuration_are_of_no_kind() -> None:
    init = an_audio_init()
    at = init.index(b"esds") + 8
    inner = b"\x05\x02" + AAC.configuration
    decoder = b"\x04" + bytes([13 + len(inner)]) + bytes(13) + inner
    short = b"\x03" + bytes([3 + len(decoder)]) + bytes(3) + decoder
    size = int.from_bytes(init[at - 12 : at - 8], "big") - 12
    padded = short + b"\x06" + bytes([size - len(short) - 2]) + bytes(size - len(short) - 2)

    strange = [b"\x06" + bytes([size - 2]) + bytes(size - 2), b"\x06" + b"\x80" * (size - 1)]
    for descriptors, word in ((padded, "mp4a.40.2"), *((each, "mp4a.40.0") for each in strange)):
        setup = audio_setup(init[:at] + descriptors + init[at + size :])
        assert setup is not None
        assert setup.codec_string == word


def test_where_audio_begins_is_told_by_the_first_two_boxes() -> None:
    fragment = a_fragment()
    more = a_box(b"moof", b"") + a_box(b"mdat", b"beep")

    assert audio_offset(fragment.payload) == fragment.audio_offset == len(fragment.payload)
    assert audio_offset(fragment.payload + more) == len(fragment.payload)


@pytest.mark.parametrize(
    "payload", [b"", b"moof", a_box(b"moof", b""), a_box(b"mdat", b""), a_fragment().payload[:-1], bytes(40)]
)
def test_what_does_not_begin_with_pictures_is_refused(payload: bytes) -> None:
    with pytest.raises(DataLoss):
        audio_offset(payload)


def test_an_init_section_without_audio_stays_as_it_is() -> None:
    assert without_audio(an_init_section()) == an_init_section()
    assert audio_setup(an_init_section()) is None


@pytest.mark.parametrize("name", [b"moov", b"mvex", b"mvhd"])
def test_an_init_section_that_lacks_a_box_is_refused(name: bytes) -> None:
    with pytest.raises(DataLoss):
        without_audio(an_audio_init().replace(name, b"free"))


@pytest.mark.parametrize("name", [b"mp4a", b"esds", b"mdhd", b"stsd", b"tkhd"])
def test_audio_of_an_unknown_kind_is_refused(name: bytes) -> None:
    with pytest.raises(DataLoss):
        audio_setup(an_audio_init().replace(name, b"free"))


@given(st.integers(0, 2000), st.integers(0, 255), st.integers(0, 2000))
def test_no_bytes_break_it(at: int, value: int, length: int) -> None:
    init = bytearray(an_audio_init())
    init[at % len(init)] = value

    for data in (bytes(init), bytes(init[: length % len(init)])):
        try:
            audio_setup(data)
            without_audio(data)
        except DataLoss:
            continue


def test_boxes_are_told_with_where_they_lie() -> None:
    data = b"--" + a_box(b"moof", b"abc") + a_box(b"mdat", b"")

    assert list(boxes(data, 2, len(data))) == [(b"moof", 10, 13), (b"mdat", 21, 21)]
