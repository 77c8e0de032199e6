"""What a broken or hostile camera may send: good bytes, spoilt at random, to the whole client.

Runs for a few seconds here and for ten minutes in `make soak-cameras`; WATCHKEEP_SEED repeats a run.
"""

import os
import random
import resource
import socket
import time
from contextlib import suppress

import pytest

from builders import CountingRng, FixedClock
from unit.sources.rtsp.scripted_camera import PPS, SDP, SPS, picture
from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import Codec, Packet, RunEnded, RunStarted
from watchkeep.domain.sequence_parameters import read_sps
from watchkeep.ingestion.mux import init_section
from watchkeep.sources.annexb import read_extradata
from watchkeep.sources.rtsp.connection import RtspConnection
from watchkeep.sources.rtsp.description import read_description
from watchkeep.sources.rtsp.framing import ReadBuffer

RUNS_S = float(os.environ.get("WATCHKEEP_HOSTILE_S", "4"))
SEED = int(os.environ.get("WATCHKEEP_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
MEMORY_LIMIT_BYTES = 150 << 20

AUDIO = (
    b"m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/16000/1\r\n"
    b"a=fmtp:97 mode=AAC-hbr;config=1408;sizelength=13;indexlength=3;indexdeltalength=3\r\n"
    b"a=control:trackID=1\r\n"
)
METADATA = b"m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:trackID=2\r\n"
OFFER = SDP + AUDIO + METADATA
ANSWERS = [
    b"Public: DESCRIBE, SETUP, PLAY, GET_PARAMETER\r\n\r\n",
    b"Content-Length: %d\r\n\r\n" % len(OFFER) + OFFER,
    b"Session: abc;timeout=2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
    b"Session: abc;timeout=2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n\r\n",
    b"Session: abc;timeout=2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=4-5\r\n\r\n",
    b"Session: abc\r\n\r\n",
]
LONG = bytes([0x7C, 0x85]), bytes([0x7C, 0x05]), bytes([0x7C, 0x45])


def rtp(payload: bytes, sequence: int, timestamp: int, *, channel: int = 0, kind: int = 96) -> bytes:
    packet = bytes([0x80, kind]) + sequence.to_bytes(2, "big") + timestamp.to_bytes(4, "big") + b"\0\0\0\x09"
    packet += payload
    return bytes([0x24, channel]) + len(packet).to_bytes(2, "big") + packet


def good_media() -> list[bytes]:
    """A key picture, small and long pictures, sound and reports."""
    frames = [picture(0, is_key=True), *(picture(number) for number in range(1, 4))]
    frames += [rtp(lead + bytes([place]) * 500, 12 + place, 14_400) for place, lead in enumerate(LONG * 2)]
    frames += [
        rtp(b"\0\x10\0\x20\xaa\xbb\xcc\xdd", number, number * 1024, channel=2, kind=97) for number in range(3)
    ]
    frames += [rtp(b"<a/>", number, number * 900, channel=4, kind=128 + 107) for number in range(3)]
    report = b"\x80\xc8\0\x06\0\0\0\x09" + b"\xee\x01" * 4 + bytes(12)
    frames += [bytes([0x24, channel]) + len(report).to_bytes(2, "big") + report for channel in (1, 3, 5)]
    return [*frames, picture(5, is_key=True), picture(6)]


def spoil(data: bytes, chance: random.Random) -> bytes:
    """Change, cut, repeat or insert bytes."""
    spoilt = bytearray(data)
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(spoilt) + 1)
        match chance.randrange(6):
            case 0 if at < len(spoilt):
                spoilt[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(spoilt):
                spoilt[at] = chance.choice([0, 0xFF, 0x24, 0x0D, 0x7C, 0x18, 0x67])
            case 2:
                del spoilt[at : at + chance.randint(1, 40)]
            case 3:
                spoilt[at:at] = chance.randbytes(chance.randint(1, 40))
            case 4:
                spoilt[at:at] = spoilt[at : at + chance.randint(1, 200)] * chance.randint(1, 30)
            case _:
                spoilt[at:at] = chance.choice(
                    [b"\r\n\r\n", b"$\0\xff\xff", b"Content-Length: 99999\r\n", SPS, PPS]
                )
    return bytes(spoilt)


def converse(chance: random.Random, buffer: ReadBuffer) -> list[str]:
    """One connection; the kinds of what came out."""
    clock, told = FixedClock(), []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = StreamAddress(url=f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x")
        connection = RtspConnection(
            address, clock=clock, rng=CountingRng(), buffer=buffer, with_audio=True, with_metadata=True
        )
        connection.poll(clock.monotonic)
        camera, _ = listener.accept()
        with camera:
            camera.setblocking(False)
            for data in _speech(chance):
                with suppress(OSError):
                    camera.send(data)
                with suppress(OSError):
                    camera.recv(65536)
                clock.advance(3 if chance.random() < 0.02 else 0.04)
                for notice in connection.poll(clock.monotonic):
                    told.append(type(notice).__name__)
                    if isinstance(notice, RunStarted):
                        init_section(notice.parameters)
                    elif isinstance(notice, Packet):
                        assert all(notice.nals)
                    elif isinstance(notice, RunEnded):
                        connection.close()
                        return told
        connection.close()
    return told


def _speech(chance: random.Random) -> list[bytes]:
    """The camera's side: mostly right answers, for else nothing would ever play."""
    is_talk_spoilt = chance.random() < 0.3
    speech = [b""]
    for answer in ANSWERS:
        message = b"RTSP/1.0 200 OK\r\n" + answer
        speech.append(spoil(message, chance) if is_talk_spoilt else message)
    media = good_media()
    for _ in range(chance.randint(1, 4)):
        chance.shuffle(media) if chance.random() < 0.2 else None
        speech += [spoil(b"".join(media), chance), *(spoil(each, chance) for each in media)]
    return speech


@pytest.mark.timeout(900)
def test_whatever_a_camera_sends_is_read_or_refused_within_bounds() -> None:
    chance, buffer = random.Random(SEED), ReadBuffer()
    print(f"seed {SEED}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts: dict[str, int] = {}
    connections = 0
    end = time.monotonic() + RUNS_S
    while time.monotonic() < end:
        connections += 1
        for kind in set(converse(chance, buffer)):
            counts[kind] = counts.get(kind, 0) + 1
        for parse in (
            read_description,
            lambda data: read_sps(Codec.H264, data),
            lambda data: read_sps(Codec.H265, data),
            lambda data: read_extradata(data, is_h265=True),
            lambda data: read_extradata(data, is_h265=False),
        ):
            with suppress(Invalid):
                parse(spoil(chance.choice([OFFER, SPS, bytes(40)]), chance) or b"\x67")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(f"{connections} connections, with {counts}; grown by {grown / 1e6:.0f} MB")

    assert counts["Packet"] > connections / 4  # good enough to get past the log-in
    assert counts["Document"] > connections / 20
    assert counts["RunEnded"] > connections / 20  # bad enough to be refused
    assert grown < MEMORY_LIMIT_BYTES
