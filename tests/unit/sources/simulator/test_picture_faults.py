"""Faults of pictures, packets and the camera's clock, as they are on the wire."""

import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from simulator_process import SimulatedCameras
from unit.sources.simulator.rtsp_client import RtpPacket, RtspClient
from unit.sources.simulator.wire import (
    FRAME,
    GOP,
    WRAP,
    kind,
    packets_until,
    played,
    sequence_steps,
    timestamp_steps,
    unexplained,
)
from watchkeep.sources.simulator.faults import (
    ClockDrift,
    ClockOffset,
    CutFragments,
    Duplicates,
    Fault,
    GarbageFraming,
    GarbagePayloads,
    KeyPicturesOnly,
    Loss,
    LostPictures,
    MissingMarkers,
    NoMoreKeys,
    PicturesOf,
    Refusal,
    Reorder,
    SequenceWrap,
    SsrcChange,
    TimestampJump,
    TimestampWrap,
)

# --- Pictures ---


def test_another_cameras_pictures_go_on_under_the_name_and_back(
    faulty_cameras: SimulatedCameras, name: str
) -> None:
    def ends_with(head: bytes) -> Callable[[list[RtpPacket]], bool]:
        return lambda packets: packets[-3].payload.startswith(head)

    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        packets = client.packets(5)
        faulty_cameras.inject(PicturesOf(stream=name, other="other"))
        with RtspClient(faulty_cameras.url(name)) as late:
            assert "H265" in late.ask("DESCRIBE").body
        packets = packets_until(client, packets, ends_with(b"\x40\x01"))
        assert [packet.payload[0] >> 1 for packet in packets[-3:]] == [32, 33, 34]  # VPS, SPS, PPS
        change = len(packets) - 3
        faulty_cameras.clear()
        packets = packets_until(client, packets, ends_with(b"\x67"))
        assert kind(packets[-2]) == 8
        back = len(packets) - 3
        packets += client.packets(20)

    assert set(sequence_steps(packets)) == {1}
    assert len({packet.ssrc for packet in packets}) == 1
    # Nothing comes that needs a picture from before the change: no type of the other codec (H.265's
    # are 2 here), and no H.264, for H.265's heads end in layer 0, sub-layer 1.
    assert {packet.payload[0] & 0x1F for packet in packets[:change]} <= {1, 5, 6, 7, 8, 28}
    assert {packet.payload[1] for packet in packets[change:back]} == {1}
    # Each change may cost the wait for a key picture, and no more.
    assert max(timestamp_steps(packets)) < 1.5 * 90_000


def test_lost_pictures_may_be_ordered_ahead(faulty_cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        packets = client.packets(5)
        faulty_cameras.inject(LostPictures(stream=name, count=2, start_s=0.3))
        packets = packets_until(client, packets, lambda packets: max(timestamp_steps(packets)) > FRAME)

    assert max(timestamp_steps(packets)) == 3 * FRAME


def test_key_pictures_only(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(KeyPicturesOnly(stream=name))
    packets = played(faulty_cameras, name, 60)

    assert {kind(packet) for packet in packets} <= {5, 6, 7, 8}
    assert set(sequence_steps(packets)) == {1}
    assert timestamp_steps(packets) == {0, GOP}


def test_no_key_picture_comes_after_the_first(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(NoMoreKeys(stream=name))
    for _ in range(2):
        packets = played(faulty_cameras, name, 150)
        assert (packets[-1].timestamp - packets[0].timestamp) % WRAP > 2 * GOP
        assert [kind(packet) for packet in packets].count(7) == 1
        assert set(sequence_steps(packets)) == {1}


# --- RTP ---


def jumps(packets: list[RtpPacket]) -> bool:
    return not timestamp_steps(packets) <= {0, FRAME}


def test_garbage_payloads_travel_behind_sound_heads(faulty_cameras: SimulatedCameras, name: str) -> None:
    usual = {packet.payload for packet in played(faulty_cameras, name, 200)}
    faulty_cameras.inject(GarbagePayloads(stream=name))
    packets = played(faulty_cameras, name)

    assert not {packet.payload for packet in packets} & usual
    assert set(sequence_steps(packets)) == {1}
    assert timestamp_steps(packets) == {0, FRAME}


def test_garbage_framing_is_no_interleaved_frame(faulty_cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        client.packets(5)
        faulty_cameras.inject(GarbageFraming(stream=name, share=0.5))
        with pytest.raises(AssertionError):
            client.packets(10_000)


def test_a_share_of_the_packets_is_lost(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(Loss(stream=name, share=0.2))
    steps = sequence_steps(played(faulty_cameras, name, 200))

    lost = sum(steps) - len(steps)
    assert 10 < lost < 100


def test_a_share_of_the_packets_comes_late(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(Reorder(stream=name, share=0.3))
    packets = played(faulty_cameras, name, 200)

    steps = sequence_steps(packets)
    assert 65535 in steps
    known = sorted((packet.sequence - packets[0].sequence + 32768) % 65536 for packet in packets)
    # Nothing is missing but what changed places over the end.
    assert {after - before for before, after in pairwise(known[2:-2])} == {1}


def test_a_share_of_the_packets_comes_twice(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(Duplicates(stream=name, share=0.3))
    packets = played(faulty_cameras, name, 200)

    steps = sequence_steps(packets)
    assert set(steps) == {0, 1}
    twice = [before == after for before, after in pairwise(packets)]
    assert twice == [step == 0 for step in steps]


def test_no_packet_is_marked(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(MissingMarkers(stream=name))
    packets = played(faulty_cameras, name)

    assert not any(packet.is_marked for packet in packets)
    assert {packet.payload_type for packet in packets} == {96}


def test_fragments_are_cut_off_before_their_end(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(CutFragments(stream=name))
    packets = played(faulty_cameras, name, 150)

    fragments = [packet.payload[1] for packet in packets if packet.payload[0] & 0x1F == 28]
    assert any(head & 0x80 for head in fragments)
    assert not any(head & 0x40 for head in fragments)
    assert set(sequence_steps(packets)) == {1}


def test_sequence_numbers_wrap_when_ordered(faulty_cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        packets = client.packets(5)
        faulty_cameras.inject(SequenceWrap(stream=name, packets=10))
        packets = packets_until(client, packets, lambda packets: set(sequence_steps(packets[-2:])) != {1})
        packets += client.packets(10)

    assert [packet.sequence for packet in packets[-11:]] == [*range(65526, 65536), 0]


def test_timestamps_wrap_when_ordered(faulty_cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        packets = client.packets(5)
        faulty_cameras.inject(TimestampWrap(stream=name, after_s=0.5))
        packets = packets_until(client, packets, lambda packets: jumps(packets[-2:]))
        after = packets_until(client, packets[-1:], lambda packets: packets[-1].timestamp < WRAP / 2)

    # A picture that was late when the order came is a little before it.
    assert WRAP - 2 * GOP < after[0].timestamp <= WRAP - GOP + FRAME
    assert timestamp_steps(after) == {0, FRAME}


def test_timestamps_jump_and_the_reports_go_with_them(faulty_cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        packets = client.packets(5)
        faulty_cameras.inject(TimestampJump(stream=name, seconds=-100.0))
        packets = packets_until(client, packets, lambda packets: jumps(packets[-2:]))
        report = client.report()
        packet = client.packets(1)[0]

    assert timestamp_steps(packets[-2:]) == {WRAP - 100 * 90_000 + FRAME}
    shown_at = report.unix_seconds + (packet.timestamp - report.timestamp) / 90_000
    assert abs(shown_at - time.time()) < 5


def test_the_ssrc_changes_and_the_reports_with_it(faulty_cameras: SimulatedCameras, name: str) -> None:
    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        packets = client.packets(5)
        faulty_cameras.inject(SsrcChange(stream=name))
        packets = packets_until(client, packets, lambda packets: packets[-1].ssrc != packets[0].ssrc)
        after = packets[-1:] + client.packets(30)
        assert client.report().ssrc == after[0].ssrc

    assert len({packet.ssrc for packet in after}) == 1
    assert after[0].sequence != (packets[-2].sequence + 1) % 65536
    assert set(sequence_steps(after)) == {1}


# --- The camera's clock ---


def test_a_report_tells_a_clock_that_is_30_s_ahead_and_one_that_steps(
    faulty_cameras: SimulatedCameras, name: str
) -> None:
    faulty_cameras.inject(ClockOffset(stream=name, seconds=30.0))
    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        first, second = client.report(), client.report()
        assert abs(first.unix_seconds - 30 - time.time()) < 5
        faulty_cameras.inject(ClockOffset(stream=name, seconds=-130.0, start_s=0.2))
        later = [client.report() for _ in range(3)]

    assert unexplained(first, second) == pytest.approx(0, abs=0.001)
    assert unexplained(first, later[-1]) == pytest.approx(-130, abs=0.001)


def test_a_report_tells_a_clock_that_gains(faulty_cameras: SimulatedCameras, name: str) -> None:
    faulty_cameras.inject(ClockDrift(stream=name, parts_per_million=20_000))
    with RtspClient(faulty_cameras.url(name)) as client:
        client.play()
        first = client.report()
        reports = [client.report() for _ in range(3)]

    passed = (reports[-1].timestamp - first.timestamp) / 90_000
    assert reports[-1].unix_seconds - first.unix_seconds == pytest.approx(passed * 1.02, abs=0.001)


def test_all_faults_end_together(faulty_cameras: SimulatedCameras, name: str) -> None:
    faults: list[Fault] = [MissingMarkers(stream=name), Refusal(stream=name), Loss(stream=name, share=0.5)]
    for fault in faults:
        faulty_cameras.inject(fault)
    faulty_cameras.clear()
    packets = played(faulty_cameras, name)

    assert set(sequence_steps(packets)) == {1}
    assert any(packet.is_marked for packet in packets)


def test_a_neighbour_in_the_same_group_is_left_alone(faulty_cameras: SimulatedCameras, name: str) -> None:
    neighbour = "cam-059"
    faults: list[Fault] = [Loss(stream=name, share=0.5), MissingMarkers(stream=name), SsrcChange(stream=name)]
    with RtspClient(faulty_cameras.url(name)) as spoilt, RtspClient(faulty_cameras.url(neighbour)) as well:
        spoilt.play()
        well.play()
        for fault in faults:
            faulty_cameras.inject(fault)
        spoilt.packets(100)
        packets = well.packets(150)

    assert set(sequence_steps(packets)) == {1}
    assert timestamp_steps(packets) == {0, FRAME}
    assert any(packet.is_marked for packet in packets)
    assert len({packet.ssrc for packet in packets}) == 1
