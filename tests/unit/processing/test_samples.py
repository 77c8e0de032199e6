"""Fragmented MP4 taken apart, and nothing in it trusted."""

import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clip_packets import demuxed
from scenes import Footage, bits_flipped, empty_yard, filmed, with_square
from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import Codec
from watchkeep.processing.samples import SPAN_LIMIT_TICKS, read_samples, read_setup


@pytest.fixture(scope="module")
def run() -> Footage:
    return filmed(with_square(empty_yard(), start=0), seconds=2, options={"bf": "2"})


@pytest.mark.parametrize(("codec", "expected"), [("libx264", Codec.H264), ("libx265", Codec.H265)])
def test_what_the_muxer_wrote_is_read_as_libav_reads_it(codec: str, expected: Codec, tmp_path: Path) -> None:
    run = filmed(with_square(empty_yard(), start=0), seconds=2, codec=codec)
    whole = tmp_path / "run.mp4"
    whole.write_bytes(run.init + b"".join(fragment.payload for fragment in run.fragments))

    samples = [sample for fragment in run.fragments for sample in read_samples(fragment.payload)]
    setup = read_setup(run.init)

    theirs = demuxed(whole)
    assert [(each.pts, each.dts, each.is_key) for each in samples] == [each[:3] for each in theirs]
    assert [each.data for each in samples] == [
        b"".join(struct.pack(">I", len(nal)) + nal for nal in nals) for *_, nals in theirs
    ]
    assert (setup.codec, setup.width_px, setup.height_px) == (expected, 320, 180)


def changed(run: Footage, change: Callable[[bytearray, int], None]) -> bytes:
    """The first fragment with something changed in its run of samples; told where its body begins."""
    payload = bytearray(run.fragments[0].payload)
    change(payload, payload.index(b"trun") + 4)
    return bytes(payload)


def put(offset: int, form: str, value: int) -> Callable[[bytearray, int], None]:
    return lambda payload, at: struct.pack_into(form, payload, at + offset, value)


def counted_from_the_end(payload: bytearray, at: int) -> None:
    struct.pack_into(">i", payload, at + 8, payload.index(b"mdat") - len(payload))


@pytest.mark.parametrize(
    "lie",
    [
        put(0, ">I", 0x301),  # other fields
        put(4, ">I", 0),  # no samples
        put(4, ">I", 0xFFFFFFFF),  # more than there are
        counted_from_the_end,
        put(8, ">i", 0x7FFFFFF0),  # beyond the end
        put(16, ">I", 0),  # an empty picture
        put(16, ">I", 0xFFFFFFF0),  # a picture larger than the fragment
        put(12, ">I", SPAN_LIMIT_TICKS + 1),  # the second picture is decoded much later
        put(24, ">i", SPAN_LIMIT_TICKS + 1),  # the first picture is shown much later
        put(24, ">i", -SPAN_LIMIT_TICKS - 1),  # or earlier
        lambda payload, at: payload.__delitem__(slice(-40, None)),
        lambda payload, at: payload.__setitem__(slice(at - 4, at), b"free"),
        lambda payload, at: payload.__setitem__(slice(0, 4), b"\0\0\0\1"),
    ],
)
def test_a_fragment_that_lies_is_refused(run: Footage, lie: Callable[[bytearray, int], None]) -> None:
    with pytest.raises(Invalid):
        read_samples(changed(run, lie))


@pytest.mark.parametrize(("width", "height"), [(8, 180), (320, 8), (8200, 180), (320, 8200), (0, 0)])
def test_pictures_of_absurd_size_are_refused_with_their_size(run: Footage, width: int, height: int) -> None:
    at = run.init.index(b"avc1") + 4 + 24
    init = run.init[:at] + struct.pack(">HH", width, height) + run.init[at + 4 :]

    with pytest.raises(Invalid, match=f"{width}x{height}"):
        read_setup(init)


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 100, 400])
def test_a_cut_init_section_is_refused(run: Footage, cut: int) -> None:
    with pytest.raises(Invalid):
        read_setup(run.init[:cut])


@given(seed=st.integers(0, 10_000), payload=st.binary(max_size=400))
def test_nothing_but_invalid_is_ever_raised(run: Footage, seed: int, payload: bytes) -> None:
    head = run.fragments[0].payload
    for read, nonsense in (
        (read_samples, payload),
        (read_samples, bits_flipped(head[:400], seed=seed, share=0.01) + head[400:]),
        (read_setup, payload),
        (read_setup, bits_flipped(run.init, seed=seed, share=0.01)),
    ):
        with suppress(Invalid):
            read(nonsense)
