"""The two fields of a fragment that an export rewrites, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_fragment
from watchkeep.application.mp4 import rebased
from watchkeep.domain.errors import DataLoss
from watchkeep.domain.media import Packet
from watchkeep.ingestion.mux import fragment_payload


def a_payload() -> tuple[bytes, int]:
    packet = Packet(
        nals=(b"\x65moof mfhd tfdt",), pts=0, dts=0, is_key=True, received_at=a_fragment().when.start
    )
    return fragment_payload([packet], sequence=8, start_ticks=123_456, duration_ticks=3600)


@given(number=st.integers(0, 2**32 - 1), ticks=st.integers(0, 2**64 - 1))
def test_number_and_time_change_and_all_other_bytes_stay(number: int, ticks: int) -> None:
    payload, media_offset = a_payload()

    changed = rebased(payload, number=number, decode_ticks=ticks)

    assert len(changed) == len(payload)
    assert changed[media_offset - 8 :] == payload[media_offset - 8 :]
    mfhd, tfdt = payload.index(b"mfhd"), payload.index(b"tfdt")
    assert changed[mfhd + 8 : mfhd + 12] == number.to_bytes(4, "big")
    assert changed[tfdt + 8 : tfdt + 16] == ticks.to_bytes(8, "big")
    elsewhere = {n for n in range(len(payload)) if changed[n] != payload[n]}
    assert elsewhere <= {*range(mfhd + 8, mfhd + 12), *range(tfdt + 8, tfdt + 16)}


def test_what_is_no_fragment_is_refused() -> None:
    payload, media_offset = a_payload()

    for broken in (b"", payload[: media_offset - 20], payload.replace(b"traf", b"fart"), b"\0" * 200):
        with pytest.raises(DataLoss):
            rebased(broken, number=1, decode_ticks=0)


@given(st.binary(max_size=300))
def test_no_bytes_break_it(junk: bytes) -> None:
    payload, _ = a_payload()

    for bytes_ in (junk, payload[: len(junk)] + junk):
        try:
            rebased(bytes_, number=1, decode_ticks=0)
        except DataLoss:
            continue
