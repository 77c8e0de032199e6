"""The two fields of a fragment that an export rewrites, and nothing else."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_fragment
from watchkeep.application.mp4 import ExportAudio, audio_samples, rebased
from watchkeep.domain.errors import DataLoss
from watchkeep.domain.media import Packet
from watchkeep.ingestion.audio_boxes import AudioSample, audio_payload
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


def sounds(*starts: int) -> list[AudioSample]:
    """Of 320 ticks of 8 kHz each."""
    return [
        AudioSample(payload=bytes([n + 1]) * 5, start=start, duration=320) for n, start in enumerate(starts)
    ]


def test_audio_comes_back_as_it_was_put_holes_included() -> None:
    given = sounds(5, 325, 900, 1220, 5000)

    assert list(audio_samples(audio_payload(given, count(1)))) == given
    assert list(audio_samples(b"")) == []


def test_audio_from_before_an_exports_first_picture_is_left_out() -> None:
    audio = ExportAudio(8000)

    part = audio.moved(
        audio_payload(sounds(8000, 8320, 8640), count(1)), shift_ticks=-93_600, numbers=count(1)
    )

    assert [(each.start, each.payload[:1]) for each in audio_samples(part)] == [(0, b"\2"), (320, b"\3")]
    assert audio.moved(audio_payload(sounds(0), count(1)), shift_ticks=-93_600, numbers=count(1)) == b""


def test_audio_never_starts_before_what_came_before_it_ends() -> None:
    audio = ExportAudio(8000)
    part = audio_payload(sounds(0, 320), count(1))

    moved = [audio.moved(part, shift_ticks=ticks, numbers=count(1)) for ticks in (0, 3600, 180_000)]

    starts = [[each.start for each in audio_samples(each_part)] for each_part in moved]
    assert starts == [[0, 320], [640, 960], [16_000, 16_320]]


def test_audio_that_claims_more_bytes_than_its_box_has_is_refused() -> None:
    part = audio_payload(sounds(0, 320), count(1))
    at = part.index(b"trun") + 4 + 12 + 4
    longer = part[:at] + (6).to_bytes(4, "big") + part[at + 4 :]

    with pytest.raises(DataLoss):
        list(audio_samples(longer + audio_payload(sounds(640), count(3))))


@given(st.binary(max_size=60), st.integers(0, 250), st.integers(0, 255))
def test_no_audio_bytes_break_it(junk: bytes, at: int, value: int) -> None:
    part = bytearray(audio_payload(sounds(0, 320, 640), count(1)))
    part[at % len(part)] = value

    for bytes_ in (junk, bytes(part), bytes(part[: at % len(part)]) + junk):
        try:
            total = sum(len(each.payload) for each in audio_samples(bytes_))
        except DataLoss:
            continue
        assert total <= len(bytes_)
