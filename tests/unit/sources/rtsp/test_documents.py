"""Documents come out of a metadata track whole or not at all, whatever the track sends."""

import random

import pytest

from builders import NOON
from watchkeep.sources.rtsp.description import MetadataTrack
from watchkeep.sources.rtsp.documents import DOCUMENT_LIMIT_BYTES, DocumentAssembler, DocumentReception
from watchkeep.sources.rtsp.rtp import RtpPacket
from watchkeep.sources.simulator.media_section import sender_report

XML = "vnd.onvif.metadata"
TICKS = 900_000


def packet(
    payload: bytes, *, marker: bool = True, timestamp: int = TICKS, lost: int = 0, is_new: bool = False
) -> RtpPacket:
    return RtpPacket(payload, timestamp, marker, lost, is_new)


def test_a_document_over_several_packets_is_put_together_byte_for_byte() -> None:
    assembler = DocumentAssembler(XML)
    document = b"<a>" + random.Random(1).randbytes(200_000) + b"</a>"
    parts = [document[at : at + 60_000] for at in range(0, len(document), 60_000)]

    came = [assembler.take(packet(part, marker=part is parts[-1])) for part in parts]

    assert came == [None, None, None, (document, TICKS)]
    assert assembler.take(packet(b"<b/>", timestamp=5)) == (b"<b/>", 5)
    assert assembler.malformed == 0


def test_a_document_is_of_the_instant_of_its_first_packet() -> None:
    assembler = DocumentAssembler(XML)
    assembler.take(packet(b"<a>", marker=False, timestamp=7))

    assert assembler.take(packet(b"</a>", timestamp=9)) == (b"<a></a>", 7)


def test_a_document_of_the_longest_length_is_kept_and_a_longer_one_is_counted_once() -> None:
    assembler = DocumentAssembler(XML)
    longest = b"<a>" + bytes(DOCUMENT_LIMIT_BYTES - 7) + b"</a>"

    assert assembler.take(packet(longest)) == (longest, TICKS)
    assert assembler.take(packet(longest + b"x")) is None
    assert assembler.malformed == 1
    assert assembler.take(packet(b"<a/>")) == (b"<a/>", TICKS)


def test_a_track_that_never_ends_a_document_takes_no_more_room_than_one() -> None:
    assembler = DocumentAssembler(XML)

    for _ in range(1000):
        assert assembler.take(packet(b"<" * 60_000, marker=False)) is None
        assert len(assembler._part) <= DOCUMENT_LIMIT_BYTES
    assert assembler.malformed == 1
    assert assembler.take(packet(b"the end of it")) is None
    assert assembler.take(packet(b"<a/>")) == (b"<a/>", TICKS)


def test_a_document_that_lost_a_packet_is_left_out_and_the_next_one_is_whole() -> None:
    assembler = DocumentAssembler(XML)
    assembler.take(packet(b"<a>", marker=False))

    assert assembler.take(packet(b"</a>", lost=1)) is None
    assert assembler.take(packet(b"<b/>")) == (b"<b/>", TICKS)
    assert assembler.malformed == 1


def test_a_camera_that_begins_anew_ends_what_was_in_hand() -> None:
    assembler = DocumentAssembler(XML)
    assembler.take(packet(b"<a>", marker=False))

    assert assembler.take(packet(b"<b/>", is_new=True)) == (b"<b/>", TICKS)


@pytest.mark.parametrize("document", [b"", b"PK\x03\x04", b"\0\0\0\0", b"a<b/>", b"<a>cut o"])
def test_what_is_announced_as_xml_and_is_none_is_not_kept(document: bytes) -> None:
    assembler = DocumentAssembler(XML)

    assert assembler.take(packet(document)) is None
    assert assembler.malformed == bool(document)


@pytest.mark.parametrize(
    "document",
    [
        b"<a/>",
        b"\xef\xbb\xbf<a/>",
        b"\r\n <a/>",
        "<a/>".encode("utf-16"),
        "\ufeff<a/>".encode("utf-16-be"),
        b"<a/>\n\0",
    ],
)
def test_xml_of_any_make_is_kept_as_it_came(document: bytes) -> None:
    assert DocumentAssembler(XML).take(packet(document)) == (document, TICKS)


def test_a_compressed_document_is_not_looked_into() -> None:
    assert DocumentAssembler(XML + ".gzip").take(packet(b"\x1f\x8b\0")) == (b"\x1f\x8b\0", TICKS)


def rtp(number: int, timestamp: int, payload: bytes = b"<a/>") -> bytes:
    head = bytes([0x80, 0x80 | 107]) + number.to_bytes(2, "big") + timestamp.to_bytes(4, "big")
    return head + (5).to_bytes(4, "big") + payload


def a_track(rate_hz: int = 1000) -> DocumentReception:
    track = MetadataTrack(control="", payload_type=107, clock_rate_hz=rate_hz, encoding=XML)
    return DocumentReception(track, media_channel=4, report_channel=5)


def report(unix_s: float, timestamp: int) -> bytes:
    return sender_report(ssrc=5, unix_s=unix_s, timestamp=timestamp, channel=5)[4:]


def test_a_document_is_placed_by_the_reports_of_both_tracks() -> None:
    track = a_track()
    track.learn(10_000_000, TICKS)  # the picture of tick 900,000 is of second 10
    track.take(5, report(9.0, 50), NOON, None)  # before the first packet
    (document,) = track.take(4, rtp(1, 1550), NOON, TICKS + 60_000)

    assert document.pts == TICKS + 45_000  # 1.5 s after second 9
    assert (document.payload, document.encoding, document.received_at) == (b"<a/>", XML, NOON)


@pytest.mark.parametrize("timestamp", [1, 0x80000000])
def test_a_document_without_reports_or_of_an_impossible_instant_is_of_when_it_came(timestamp: int) -> None:
    track = a_track()
    (first,) = track.take(4, rtp(1, 0), NOON, TICKS)
    track.learn(10_000_000, TICKS)
    track.take(5, report(10.0, 0), NOON, TICKS)
    (second,) = track.take(4, rtp(2, timestamp), NOON, TICKS + 90)

    assert first.pts == TICKS
    assert second.pts == TICKS + 90


def test_between_runs_documents_go_with_no_picture() -> None:
    assert a_track().take(4, rtp(1, 0), NOON, None) == ()


def test_random_packets_are_counted_or_are_documents() -> None:
    chance, track = random.Random(4), a_track()
    for number in range(20_000):
        payload = chance.randbytes(chance.randrange(40))
        channel = chance.choice([4, 5])
        head = rtp(number & 0xFFFF, chance.getrandbits(32), b"") if chance.random() < 0.8 else b""
        for document in track.take(channel, head + payload, NOON, TICKS):
            assert b"<" in document.payload
            assert b">" in document.payload
    assert track.malformed > 0
