"""RTP packets in order, what is missing, and what cameras say of their clocks."""

import struct
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.sources.rtsp.camera_clock import ClockReports, TrackPlace
from watchkeep.sources.rtsp.rtp import RtpReader, read_reports, receiver_report, unwrap

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def packet(
    sequence: int, timestamp: int, payload: bytes = b"x", *, source: int = 9, first: int = 0x80
) -> bytes:
    head = struct.pack(">BBHII", first, 96, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, source)
    return head + payload


def test_sequence_and_timestamp_go_on_over_their_wrap() -> None:
    reader = RtpReader(96)
    found = [reader.take(packet(0xFFFE + step, 0xFFFFFF00 + step * 3600)) for step in range(5)]

    times = [each.timestamp for each in found if each is not None]
    assert [after - before for before, after in pairwise(times)] == [3600] * 4
    assert (reader.packets, reader.lost) == (5, 0)


def test_a_timestamp_that_goes_back_a_little_is_not_a_wrap() -> None:
    reader = RtpReader(96)
    times = [reader.take(packet(step, stamp)) for step, stamp in enumerate((9000, 1800, 5400))]

    assert [each.timestamp for each in times if each is not None] == [9000, 1800, 5400]


@given(st.sets(st.integers(1, 60), max_size=30))
def test_every_missing_packet_is_counted_once(missing: set[int]) -> None:
    reader = RtpReader(96)
    lost = [
        found.lost
        for number in range(62)
        if number not in missing and (found := reader.take(packet(65500 + number, number))) is not None
    ]

    assert sum(lost) == reader.lost == len(missing)


def test_what_comes_late_or_twice_is_passed_over() -> None:
    reader = RtpReader(96)
    for number in (5, 6, 8):
        assert reader.take(packet(number, 0)) is not None

    assert reader.take(packet(7, 0)) is None
    assert reader.take(packet(8, 0)) is None
    assert (reader.late, reader.lost) == (2, 1)


@pytest.mark.parametrize("second", [packet(40_000, 7), packet(6, 7, source=10)], ids=["number", "source"])
def test_a_camera_that_begins_anew_loses_nothing(second: bytes) -> None:
    reader = RtpReader(96)
    reader.take(packet(5, 1_000_000))

    found = reader.take(second)

    assert found is not None
    assert (found.has_new_source, found.lost, found.timestamp) == (True, 0, 7)


def test_sources_extension_and_padding_are_no_payload() -> None:
    body = b"SSSS" + struct.pack(">HH", 0xBEDE, 1) + b"EEEE" + b"payload" + b"\0\0\3"
    found = RtpReader(96).take(packet(1, 0, body, first=0x80 | 0x20 | 0x10 | 1))

    assert found is not None
    assert bytes(found.payload) == b"payload"


@given(st.binary(max_size=80))
def test_hostile_packets_are_counted_or_read(hostile: bytes) -> None:
    reader = RtpReader(96)
    found = reader.take(hostile)

    assert (found is None) == (reader.malformed + reader.late == 1)


@given(st.integers(0, 2**32 - 1), st.integers(-(2**40), 2**40))
def test_unwrapping_finds_the_nearest_number(timestamp: int, near: int) -> None:
    found = unwrap(timestamp, near)

    assert found % 2**32 == timestamp
    assert -(2**31) <= found - near < 2**31


def report(unix_s: float, timestamp: int, *, source: int = 9, seconds_from: int = 2_208_988_800) -> bytes:
    ntp = int((unix_s + seconds_from) * 2**32) & 0xFFFFFFFFFFFFFFFF
    return struct.pack(">BBHIQIII", 0x80, 200, 6, source, ntp, timestamp, 0, 0)


def test_sender_reports_are_found_in_a_compound_packet_and_so_is_the_goodbye() -> None:
    goodbye = struct.pack(">BBHI", 0x81, 203, 1, 9)
    reports, has_goodbye = read_reports(report(1_700_000_000.5, 77) + goodbye)

    assert [(each.source, each.unix_us, each.timestamp) for each in reports] == [
        (9, 1_700_000_000_500_000, 77)
    ]
    assert has_goodbye


def test_reports_go_on_after_2036() -> None:
    (found,), _ = read_reports(report(2_300_000_000, 0))

    assert found.unix_us == 2_300_000_000_000_000


@given(st.binary(max_size=120))
def test_hostile_reports_never_crash(hostile: bytes) -> None:
    read_reports(hostile)


def test_a_receiver_report_names_what_it_speaks_of() -> None:
    reader = RtpReader(96)
    reader.take(packet(5, 0))
    reader.take(packet(8, 0))

    fields = struct.unpack(">BBHIIIIIII", receiver_report(reader, own_source=3))

    assert fields[:6] == (0x81, 201, 7, 3, 9, 2)
    assert fields[6] == 8


def test_offset_and_drift_of_a_camera_clock_are_measured_through_the_networks_delays() -> None:
    reports = ClockReports()
    for number in range(120):
        at = NOON + timedelta(seconds=5 * number)
        delay = timedelta(milliseconds=0 if number % 3 == 0 else 40)
        camera = at + timedelta(seconds=30) + timedelta(microseconds=300 * 5 * number)
        reports.take((camera - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1), at + delay)

    clock = reports.camera_clock
    assert clock is not None
    assert clock.drift_ppm is not None
    assert abs(clock.drift_ppm - 300) < 5
    assert timedelta(seconds=30) < clock.offset < timedelta(seconds=30.2)


@pytest.mark.parametrize("ppm", [300, -300])
def test_after_an_hour_of_drift_the_offset_is_that_of_now_and_not_of_the_best_report(ppm: int) -> None:
    reports, epoch = ClockReports(), datetime(1970, 1, 1, tzinfo=UTC)
    for number in range(720):
        at = NOON + timedelta(seconds=5 * number)
        gained = timedelta(microseconds=ppm * 5 * number)
        reports.take((at + gained - epoch) // timedelta(microseconds=1), at)

    clock = reports.camera_clock
    assert clock is not None
    assert abs(clock.offset - gained) < timedelta(milliseconds=1)
    assert (clock.reports, clock.measured_at) == (720, at)


def test_a_camera_clock_that_is_set_begins_a_new_measurement() -> None:
    reports = ClockReports()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for number, ahead in enumerate([0] * 30 + [3600] * 2):
        at = NOON + timedelta(seconds=5 * number)
        reports.take((at + timedelta(seconds=ahead) - epoch) // timedelta(microseconds=1), at)

    clock = reports.camera_clock
    assert clock is not None
    assert (clock.offset, clock.drift_ppm) == (timedelta(hours=1), None)


def test_sound_is_placed_by_the_cameras_reports() -> None:
    place = TrackPlace(8000)
    place.learn(1_000_000, 900_000, is_video=True)
    assert not place.is_known(50_000, 900_000, NOON)
    place.learn(1_500_000, 48_000, is_video=False)

    assert place.is_known(48_000, 900_000, NOON)
    # Half a second after the picture of timestamp 900,000.
    assert place.ticks(48_000) == 900_000 + 45_000
    assert place.ticks(56_000) == 900_000 + 45_000 + 90_000


def test_without_reports_sound_is_placed_by_what_arrives_together_after_some_seconds() -> None:
    place = TrackPlace(8000)

    assert not place.is_known(0, 90_000, NOON)
    assert place.is_known(48_000, 630_000, NOON + timedelta(seconds=6))
    assert place.ticks(48_000) == 630_000
