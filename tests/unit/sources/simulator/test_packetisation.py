from watchkeep.domain.media import Codec
from watchkeep.sources.simulator.packetisation import append_picture, on_channel, patch


def test_only_the_last_packet_of_a_picture_is_marked() -> None:
    buffer = bytearray()

    offsets = append_picture(buffer, [b"\x67ab", b"\x65" + bytes(3000)], Codec.H264)

    marks = [buffer[offset - 1] >> 7 for offset in offsets]
    assert marks == [0, 0, 0, 1]


def test_sequence_numbers_wrap_within_a_picture() -> None:
    buffer = bytearray()
    offsets = append_picture(buffer, [b"\x65" + bytes(3000)], Codec.H264)

    patch(buffer, offsets, sequence=0xFFFF, timestamp=1 << 32 | 7, ssrc=9)

    heads = [bytes(buffer[offset : offset + 10]) for offset in offsets]
    assert [int.from_bytes(head[:2], "big") for head in heads] == [0xFFFF, 0, 1]
    assert {head[2:] for head in heads} == {bytes.fromhex("0000000700000009")}


def test_packets_move_to_another_channel_unchanged() -> None:
    buffer = bytearray()
    append_picture(buffer, [b"\x65" + bytes(3000)], Codec.H264)

    moved = bytearray(on_channel(bytes(buffer), 4))

    places = [place for place in range(len(buffer)) if buffer[place] != moved[place]]
    assert len(places) == 3
    assert {moved[place] for place in places} == {4}
