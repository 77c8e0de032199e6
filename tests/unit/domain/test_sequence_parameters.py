"""Sequence parameter sets, written bit by bit from the standards' tables."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import Codec
from watchkeep.domain.nal import KEY_PICTURES, nal_type
from watchkeep.domain.sequence_parameters import SequenceParameters, read_sps


@dataclass
class Writer:
    """Writes bits; `bytes()` ends with the stop bit and puts emulation prevention in."""

    bits: list[str] = field(default_factory=list)

    def u(self, count: int, value: int) -> "Writer":
        self.bits.append(format(value, f"0{count}b"))
        return self

    def ue(self, *values: int) -> "Writer":
        for value in values:
            number = format(value + 1, "b")
            self.bits.append("0" * (len(number) - 1) + number)
        return self

    def se(self, *values: int) -> "Writer":
        return self.ue(*(2 * value - 1 if value > 0 else -2 * value for value in values))

    def nal(self, *, has_stop_bit: bool = True) -> bytes:
        text = "".join(self.bits) + ("1" if has_stop_bit else "")
        text += "0" * (-len(text) % 8)
        out = bytearray()
        for at in range(0, len(text), 8):
            byte = int(text[at : at + 8], 2)
            if byte <= 3 and out[-2:] == b"\0\0":
                out.append(3)
            out.append(byte)
        return bytes(out)


def h264(
    *,
    profile: int = 77,
    chroma: Writer | None = None,
    order: tuple[int, ...] = (0, 0),
    frame_only: bool = True,
    crop: tuple[int, int, int, int] | None = None,
    usability: Writer | None = None,
) -> SequenceParameters:
    """A 640x480 stream (20 x 15 macroblock pairs when fields are coded apart)."""
    writer = Writer().u(8, 0x67).u(8, profile).u(8, 0).u(8, 30).ue(0)
    if chroma is not None:
        writer.bits += chroma.bits
    writer.ue(0, *order[:1])
    if order[0] == 0:
        writer.ue(order[1])
    elif order[0] == 1:
        writer.u(1, 0).se(-3, 5).ue(order[1])
        for offset in order[2:]:
            writer.se(offset)
    writer.ue(4).u(1, 0).ue(39, 29 if frame_only else 14).u(1, int(frame_only))
    if not frame_only:
        writer.u(1, 1)
    writer.u(1, 1).u(1, int(crop is not None))
    if crop is not None:
        writer.ue(*crop)
    if usability is None:
        writer.u(1, 0)
    else:
        writer.u(1, 1)
        writer.bits += usability.bits
    return read_sps(Codec.H264, writer.nal())


def usability(
    *,
    aspect: tuple[int, ...] | None = None,
    signals: bool = False,
    buffers: int = 0,
    depth: int | None = None,
) -> Writer:
    """Annex E, with everything that can be there when `signals`."""
    writer = Writer().u(1, int(aspect is not None))
    if aspect is not None:
        writer.u(8, aspect[0])
        for value in aspect[1:]:
            writer.u(16, value)
    if signals:
        writer.u(2, 0b11).u(1, 1).u(3, 5).u(1, 0).u(1, 1).u(24, 0x010101)
        writer.u(1, 1).ue(0, 0).u(1, 1).u(32, 1).u(32, 50).u(1, 1)
    else:
        writer.u(1, 0).u(1, 1).u(4, 0).u(1, 0).u(1, 0).u(1, 0)
    for place in range(2):
        writer.u(1, int(place < buffers))
        if place < buffers:
            writer.ue(1).u(8, 0x44).ue(1000, 2000).u(1, 0).ue(3000, 4000).u(1, 1).u(20, 0xABCDE)
    if buffers:
        writer.u(1, 0)
    writer.u(1, 0).u(1, int(depth is not None))
    if depth is not None:
        writer.u(1, 1).ue(2, 1, 10, 10, depth, 4)
    return writer


def test_the_plain_case() -> None:
    found = h264()

    assert (found.width_px, found.height_px) == (640, 480)
    assert found.reorder_depth is None
    assert found.sample_aspect == (1, 1)


def test_the_baseline_profile_and_picture_order_type_2_never_reorder() -> None:
    assert h264(profile=66).reorder_depth == 0
    assert h264(order=(2,)).reorder_depth == 0


def test_picture_order_type_1_is_passed_over() -> None:
    assert h264(order=(1, 3, -4, 0, 9)).width_px == 640


def test_an_endless_picture_order_cycle_is_invalid() -> None:
    with pytest.raises(Invalid, match="count"):
        h264(order=(1, 256))


def test_fields_coded_apart_double_the_height() -> None:
    assert h264(frame_only=False, crop=(0, 0, 0, 2)).height_px == 480 - 2 * 2 * 2


@pytest.mark.parametrize(
    ("chroma_format", "separate", "expected"),
    [
        (0, None, (639, 478)),
        (1, None, (638, 476)),
        (2, None, (638, 478)),
        (3, 0, (639, 478)),
        (3, 1, (639, 478)),
    ],
)
def test_cropping_steps_follow_the_colour_format(
    chroma_format: int, separate: int | None, expected: tuple[int, int]
) -> None:
    chroma = Writer().ue(chroma_format)
    if separate is not None:
        chroma.u(1, separate)
    chroma.ue(0, 2).u(2, 0b00)

    found = h264(profile=244, chroma=chroma, crop=(1, 0, 0, 2))

    assert (found.width_px, found.height_px) == expected
    assert found.chroma_format == chroma_format
    assert (found.luma_bits, found.chroma_bits) == (8, 10)


@pytest.mark.parametrize("chroma_format", [1, 3])
def test_scaling_lists_are_passed_over(chroma_format: int) -> None:
    chroma = Writer().ue(chroma_format)
    if chroma_format == 3:
        chroma.u(1, 0)
    chroma.ue(0, 0).u(1, 0).u(1, 1)
    for number in range(12 if chroma_format == 3 else 8):
        size = 16 if number < 6 else 64
        if number == 0:
            chroma.u(1, 0)
        elif number == 1:
            chroma.u(1, 1).se(-8)  # "use the default": nothing follows
        else:
            chroma.u(1, 1).se(*([1, -1] * (size // 2)))

    assert h264(profile=100, chroma=chroma).width_px == 640


@pytest.mark.parametrize(("values", "said"), [((4,), "colour format"), ((1, 9), "colour depth")])
def test_impossible_colours_are_invalid(values: tuple[int, ...], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        h264(profile=100, chroma=Writer().ue(*values))


@pytest.mark.parametrize(
    ("aspect", "expected"),
    [((1,), (1, 1)), ((4,), (16, 11)), ((17,), (1, 1)), ((255, 40, 33), (40, 33)), ((255, 0, 33), (1, 1))],
)
def test_the_sample_aspect(aspect: tuple[int, ...], expected: tuple[int, int]) -> None:
    assert h264(usability=usability(aspect=aspect)).sample_aspect == expected


@pytest.mark.parametrize("buffers", [0, 1, 2])
@pytest.mark.parametrize("signals", [False, True])
def test_the_reorder_depth_is_found_behind_all_that_may_stand_before_it(signals: bool, buffers: int) -> None:
    found = h264(usability=usability(aspect=(4,), signals=signals, buffers=buffers, depth=3))

    assert found.reorder_depth == 3
    assert h264(usability=usability(signals=signals, buffers=buffers)).reorder_depth is None


def test_an_impossible_reorder_depth_counts_as_unsaid() -> None:
    assert h264(usability=usability(depth=17)).reorder_depth is None


def test_nonsense_in_the_usability_part_costs_only_what_stands_there() -> None:
    nonsense = Writer().u(1, 1).u(8, 4).u(4, 0).u(1, 1).ue(32)

    found = h264(usability=nonsense)

    assert (found.width_px, found.sample_aspect, found.reorder_depth) == (640, (16, 11), None)


def test_a_number_without_end_is_invalid() -> None:
    with pytest.raises(Invalid, match="impossible number"):
        read_sps(Codec.H264, Writer().u(8, 0x67).u(24, 0x4D001E).u(40, 0).u(8, 255).nal())


def test_a_set_too_long_to_be_one_is_not_even_read() -> None:
    with pytest.raises(Invalid, match="too long"):
        read_sps(Codec.H265, bytes(5000))


def test_pictures_cropped_to_nothing_are_invalid() -> None:
    with pytest.raises(Invalid, match="impossible size"):
        h264(crop=(320, 0, 0, 0))


def h265(
    *,
    layers: int = 0,
    layer_flags: tuple[int, ...] = (),
    chroma: tuple[int, ...] = (1,),
    window: tuple[int, int, int, int] | None = None,
    depths: tuple[int, ...] = (2,),
) -> SequenceParameters:
    """A 1920x1088 stream, Main, level 4."""
    writer = Writer().u(16, 0x4201).u(4, 0).u(3, layers).u(1, 1)
    writer.u(96, int.from_bytes(bytes.fromhex("016000000090000000000078"), "big"))
    for flags in layer_flags:
        writer.u(2, flags)
    if layers:
        writer.u(2 * (8 - layers), 0)
    for flags in layer_flags:
        if flags & 0b10:
            writer.u(88, 0)
        if flags & 0b01:
            writer.u(8, 93)
    writer.ue(0, chroma[0])
    if chroma[0] == 3:
        writer.u(1, chroma[1])
    writer.ue(1920, 1088).u(1, int(window is not None))
    if window is not None:
        writer.ue(*window)
    writer.ue(0, 2, 4).u(1, int(len(depths) > 1))
    for depth in depths:
        writer.ue(4, depth, 0)
    return read_sps(Codec.H265, writer.nal())


def test_h265_says_size_after_its_window_colours_and_depth() -> None:
    found = h265(window=(0, 0, 0, 4))

    assert (found.width_px, found.height_px) == (1920, 1080)
    assert (found.luma_bits, found.chroma_bits, found.reorder_depth) == (8, 10, 2)
    assert found.profile.hex() == "016000000090000000000078"
    assert h265().height_px == 1088


def test_temporal_layers_are_passed_over_and_the_last_depth_counts() -> None:
    found = h265(layers=2, layer_flags=(0b11, 0b01), depths=(0, 1, 3))

    assert (found.sub_layers, found.reorder_depth, found.width_px) == (3, 3, 1920)
    assert h265(layers=2, layer_flags=(0b00, 0b10)).width_px == 1920


def test_an_impossible_h265_depth_counts_as_unsaid() -> None:
    assert h265(depths=(17,)).reorder_depth is None


@pytest.mark.parametrize(("chroma", "width"), [((0,), 1919), ((1,), 1918), ((3, 0), 1919), ((3, 1), 1919)])
def test_h265_window_steps_follow_the_colour_format(chroma: tuple[int, ...], width: int) -> None:
    assert h265(chroma=chroma, window=(1, 0, 0, 0)).width_px == width


def test_an_impossible_h265_colour_format_is_invalid() -> None:
    with pytest.raises(Invalid, match="colour format"):
        h265(chroma=(4,))


@given(st.binary(max_size=400), st.sampled_from(Codec))
def test_any_bytes_are_read_or_invalid(hostile: bytes, codec: Codec) -> None:
    try:
        found = read_sps(codec, hostile)
    except Invalid:
        return

    assert 0 < found.width_px <= 16_384


def test_key_pictures_are_known_by_their_type() -> None:
    assert nal_type(Codec.H264, b"\x65") in KEY_PICTURES[Codec.H264]
    assert nal_type(Codec.H264, b"\x41") not in KEY_PICTURES[Codec.H264]
    assert nal_type(Codec.H265, b"\x2a\x01") in KEY_PICTURES[Codec.H265]  # CRA
    assert nal_type(Codec.H265, b"\x02\x01") not in KEY_PICTURES[Codec.H265]
    assert nal_type(Codec.H265, b"\x40\x01") == 32
