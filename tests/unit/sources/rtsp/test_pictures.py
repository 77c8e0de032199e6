"""Pictures and sounds out of RTP payloads; the simulator's packetiser is the other side."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.media import AudioCodec, AudioParameters, Codec
from watchkeep.sources.assembler import PICTURE_LIMIT_BYTES
from watchkeep.sources.rtsp.description import AudioTrack
from watchkeep.sources.rtsp.pictures import Picture, PictureAssembler
from watchkeep.sources.rtsp.rtp import RtpPacket
from watchkeep.sources.rtsp.sounds import SoundAssembler, opus_samples
from watchkeep.sources.simulator.packetisation import rtp_payloads

HEADS = {Codec.H264: [b"\x65", b"\x41", b"\x06"], Codec.H265: [b"\x26\x01", b"\x02\x01", b"\x4e\x01"]}


def rtp(
    payload: bytes, timestamp: int = 0, *, marker: bool = False, lost: int = 0, is_new: bool = False
) -> RtpPacket:
    return RtpPacket(payload, timestamp, marker, lost, is_new)


def packets(pictures: list[list[bytes]], codec: Codec, *, has_markers: bool = True) -> list[RtpPacket]:
    found = []
    for number, nals in enumerate(pictures):
        payloads = [payload for nal in nals for payload in rtp_payloads(nal, codec)]
        for place, payload in enumerate(payloads, start=1):
            found.append(rtp(payload, number * 3600, marker=has_markers and place == len(payloads)))
    return found


def pictures_of(assembler: PictureAssembler, given: list[RtpPacket]) -> list[Picture]:
    return [picture for packet in given for picture in assembler.take(packet)]


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Codec, list[list[bytes]]]:
    codec = draw(st.sampled_from(Codec))
    sizes = st.one_of(st.integers(1, 40), st.integers(1390, 1410), st.integers(3000, 9000))
    nal = st.builds(lambda head, size: head + bytes([7]) * size, st.sampled_from(HEADS[codec]), sizes)
    return codec, draw(st.lists(st.lists(nal, min_size=1, max_size=4), min_size=1, max_size=6))


@given(scenes(), st.booleans())
def test_every_nal_comes_out_as_it_went_in(scene: tuple[Codec, list[list[bytes]]], has_markers: bool) -> None:
    codec, pictures = scene
    assembler = PictureAssembler(codec)

    found = pictures_of(assembler, packets(pictures, codec, has_markers=has_markers))

    # Without the marker bit the last picture is known to be whole when the next one begins.
    wanted = pictures if has_markers else pictures[:-1]
    assert [list(picture.nals) for picture in found] == wanted
    assert [picture.timestamp for picture in found] == [number * 3600 for number in range(len(wanted))]
    assert assembler.damaged == assembler.malformed == 0


@given(scenes(), st.data())
def test_of_a_picture_that_lacks_a_packet_only_whole_nals_are_kept(
    scene: tuple[Codec, list[list[bytes]]], data: st.DataObject
) -> None:
    codec, pictures = scene
    sent = packets(pictures, codec)
    gone = data.draw(st.integers(0, len(sent) - 1))
    after = [
        packet._replace(lost=1) if place == gone else packet
        for place, packet in enumerate(sent[:gone] + sent[gone + 1 :])
    ]

    found = pictures_of(PictureAssembler(codec), after)

    sent_nals = {nal for nals in pictures for nal in nals}
    assert all(nal in sent_nals for picture in found for nal in picture.nals)
    for picture in found:
        if not picture.is_damaged:
            assert list(picture.nals) == pictures[picture.timestamp // 3600]


def test_aggregates_are_taken_apart() -> None:
    sps, pps, slice_ = b"\x67abc", b"\x68d", b"\x65efg"
    together = b"\x18" + b"".join(struct.pack(">H", len(nal)) + nal for nal in (sps, pps))
    found = pictures_of(PictureAssembler(Codec.H264), [rtp(together), rtp(slice_, marker=True)])

    assert found == [Picture((sps, pps, slice_), 0, False)]


def test_h265_aggregates_and_fragments_may_carry_decoding_order_numbers() -> None:
    assembler = PictureAssembler(Codec.H265, has_decoding_order=True)
    one, two = b"\x40\x01ab", b"\x42\x01cd"
    together = b"\x60\x01" + b"\0\7" + struct.pack(">H", 4) + one + b"\1" + struct.pack(">H", 4) + two
    parts = [b"\x62\x01\x93\0\x09first", b"\x62\x01\x53last"]

    found = pictures_of(assembler, [rtp(together), rtp(parts[0]), rtp(parts[1], marker=True)])

    assert found == [Picture((one, two, b"\x26\x01firstlast"), 0, False)]


@pytest.mark.parametrize("codec", Codec)
def test_a_fragment_that_never_ends_is_dropped_within_bounds(codec: Codec) -> None:
    assembler = PictureAssembler(codec)
    head = b"\x7c\x85" if codec is Codec.H264 else b"\x62\x01\x93"
    more = b"\x7c\x05" if codec is Codec.H264 else b"\x62\x01\x13"
    assembler.take(rtp(head + b"x"))
    for _ in range(PICTURE_LIMIT_BYTES // 60_000 + 2):
        assembler.take(rtp(more + bytes(60_000)))

    assert assembler.malformed == 1
    assert assembler.held_bytes < 70_000 * 2


@given(
    st.sampled_from(Codec),
    st.lists(st.tuples(st.binary(max_size=30), st.integers(0, 2), st.booleans(), st.integers(0, 1))),
)
def test_hostile_payloads_never_crash_and_give_no_empty_nal(
    codec: Codec, sent: list[tuple[bytes, int, bool, int]]
) -> None:
    assembler = PictureAssembler(codec)
    for payload, timestamp, marker, lost in sent:
        for picture in assembler.take(rtp(payload, timestamp, marker=marker, lost=lost)):
            assert picture.nals
            assert all(picture.nals)


def aac_track(*, size_bits: int = 13, index_bits: int = 3) -> AudioTrack:
    parameters = AudioParameters(
        codec=AudioCodec.AAC, sample_rate_hz=16000, channels=1, configuration=b"\x14\x08"
    )
    return AudioTrack(
        control="",
        payload_type=97,
        clock_rate_hz=16000,
        parameters=parameters,
        size_bits=size_bits,
        index_bits=index_bits,
    )


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5))
def test_aac_frames_of_one_packet_follow_each_other_in_time(frames: list[bytes]) -> None:
    headers = b"".join(struct.pack(">H", len(frame) << 3) for frame in frames)
    payload = struct.pack(">H", 16 * len(frames)) + headers + b"".join(frames)

    found = SoundAssembler(aac_track()).take(rtp(payload, 5000, marker=True))

    assert [sound.payload for sound in found] == frames
    assert [sound.timestamp for sound in found] == [5000 + 1024 * number for number in range(len(frames))]


def test_an_aac_frame_over_two_packets_is_put_together_unless_one_is_lost() -> None:
    frame = bytes(range(200))
    head = struct.pack(">HH", 16, 200 << 3)
    assembler = SoundAssembler(aac_track())

    assert not assembler.take(rtp(head + frame[:120], 0))
    assert [sound.payload for sound in assembler.take(rtp(head + frame[120:], 0, marker=True))] == [frame]
    assert not assembler.take(rtp(head + frame[:120], 1024))
    assert not assembler.take(rtp(head + frame[120:], 1024, marker=True, lost=1))


@pytest.mark.parametrize(
    ("payload", "samples"),
    [(b"\xf8", 960), (b"\xf9", 1920), (b"\xfb\x03", 2880), (b"\x08", 960), (b"\x60", 480), (b"\x80", 120)],
)
def test_an_opus_packet_tells_how_long_it_sounds(payload: bytes, samples: int) -> None:
    assert opus_samples(payload) == samples


@given(st.sampled_from([aac_track(), aac_track(size_bits=6, index_bits=2)]), st.lists(st.binary(max_size=60)))
def test_hostile_sounds_never_crash(track: AudioTrack, payloads: list[bytes]) -> None:
    assembler = SoundAssembler(track)
    for payload in payloads:
        for sound in assembler.take(rtp(payload)):
            assert sound.payload
