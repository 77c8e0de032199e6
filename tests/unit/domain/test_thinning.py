"""A key picture taken out of a fragment is, byte for byte, the one that was in it."""

import struct
from dataclasses import replace

import pytest

from builders import NOON, RUN, FixedClock, a_box
from watchkeep.application.packets import packets_of
from watchkeep.domain.errors import DataLoss
from watchkeep.domain.media import Fragment, Packet
from watchkeep.domain.thinning import key_picture
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.wall_clock import WallClock


def a_fragment(count: int = 12) -> Fragment:
    """Of pictures of growing size, shown later than they are decoded."""
    fragmenter = Fragmenter(RUN, wall_clock=WallClock(clock=FixedClock()))
    made: list[Fragment] = []
    for n in range(count):
        nals = (bytes([0x65 if n == 0 else 0x41]) * (40 + n), b"\x06" * 5)
        made += fragmenter.push(
            Packet(nals=nals, pts=n * 3600 + 7200, dts=n * 3600, is_key=n == 0, received_at=NOON)
        )
    return (made + fragmenter.end())[0]


def test_a_key_picture_is_what_it_was_and_is_shown_for_as_long_as_said() -> None:
    fragment = a_fragment()

    thinned = key_picture(fragment.payload, duration_ticks=90_000)

    of_one = replace(
        fragment,
        payload=thinned.payload,
        media_offset=thinned.media_offset,
        audio_offset=len(thinned.payload),
        packet_count=1,
    )
    (packet,) = packets_of(of_one)
    assert packet == packets_of(fragment)[0]
    assert len(thinned.payload) < len(fragment.payload)
    assert struct.pack(">I", 90_000) in thinned.payload[: thinned.media_offset]


def test_what_lies_behind_the_pictures_is_left_out() -> None:
    fragment = a_fragment()
    beside = fragment.payload + a_box(b"emsg", b"a document") + a_box(b"moof", b"") + a_box(b"mdat", b"audio")

    assert key_picture(beside, duration_ticks=9) == key_picture(fragment.payload, duration_ticks=9)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        a_box(b"mdat", b"") + a_box(b"moof", b""),
        a_box(b"moof", b"") + a_box(b"mdat", b""),
        a_box(b"moof", a_box(b"traf", a_box(b"trun", bytes(12)))) + a_box(b"mdat", b""),
        a_fragment().payload[:-1],
    ],
)
def test_what_is_no_fragment_is_refused(broken: bytes) -> None:
    with pytest.raises(DataLoss):
        key_picture(broken, duration_ticks=1)
