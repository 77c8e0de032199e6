"""NAL units out of access units and extradata."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.errors import Invalid
from watchkeep.sources.annexb import read_extradata, split, split_annexb, split_length_prefixed

SPS, PPS = b"\x67\x64\x00\x1f\xac", b"\x68\xee\x3c\x80"
NALS = st.lists(
    st.binary(min_size=1, max_size=40).map(lambda x: x.replace(b"\0", b"\1") + b"\x80"), max_size=6
)


@given(NALS, st.sampled_from([b"\0\0\1", b"\0\0\0\1", b"\0\0\0\0\0\1"]))
def test_annexb_gives_back_what_was_put_in(nals: list[bytes], start_code: bytes) -> None:
    assert split_annexb(b"".join(start_code + nal for nal in nals)) == tuple(nals)


@given(NALS, st.integers(1, 4))
def test_length_prefixed_gives_back_what_was_put_in(nals: list[bytes], size: int) -> None:
    packed = b"".join(len(nal).to_bytes(size, "big") + nal for nal in nals)

    assert split_length_prefixed(packed, size) == tuple(nals)


@given(st.binary(max_size=60), st.integers(0, 4))
def test_any_bytes_are_split_or_invalid(hostile: bytes, size: int) -> None:
    try:
        nals = split(hostile, size)
    except Invalid:
        return

    assert all(nals)


@given(st.binary(max_size=80), st.booleans())
def test_any_extradata_is_read_or_invalid(hostile: bytes, is_h265: bool) -> None:
    try:
        layout = read_extradata(hostile, is_h265=is_h265)
    except Invalid:
        return

    assert 0 <= layout.length_size <= 4
    assert all(layout.parameter_sets)


def test_avcc_names_its_sets_and_its_length_size() -> None:
    record = b"\x01\x64\x00\x1f\xfe\xe1\0\5" + SPS + b"\1\0\4" + PPS + b"\xfd\xf8\xf8\0"

    layout = read_extradata(record, is_h265=False)

    assert layout.length_size == 3
    assert layout.parameter_sets == (SPS, PPS)


def test_annexb_extradata_and_none_mean_start_codes() -> None:
    assert read_extradata(b"\0\0\0\1" + SPS + b"\0\0\1" + PPS, is_h265=False).parameter_sets == (SPS, PPS)
    assert read_extradata(b"", is_h265=True).length_size == 0


def test_a_picture_that_is_cut_off_is_invalid() -> None:
    with pytest.raises(Invalid, match="cut off"):
        split_length_prefixed(b"\0\0\0\5abc", 4)
