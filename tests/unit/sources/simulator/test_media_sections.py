"""Sound and metadata beside the pictures, as they are on the wire."""

import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import av
import pytest

from simulator_process import SimulatedCameras, simulated_cameras
from unit.sources.simulator.conftest import SECONDS
from unit.sources.simulator.rtsp_client import RtpPacket, RtspClient, SenderReport
from unit.sources.simulator.sound_files import add_sound, units_of_file, write_sound
from watchkeep.domain.errors import Invalid
from watchkeep.sources.simulator.sound import read_sound
from watchkeep.sources.simulator.sound_clock import SoundClock
from watchkeep.sources.simulator.stream import StreamFiles

UNIX = 1_764_000_000 * 90_000


@pytest.fixture(scope="module")
def files(clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sound")
    alone = {"rate_hz": 8000, "seconds": SECONDS}
    return {
        "aac": add_sound(clips["h264"], folder / "aac.mp4", seconds=SECONDS),
        "adts": write_sound(folder / "adts.aac", codec="aac", rate_hz=16000, seconds=SECONDS),
        "pcmu": write_sound(folder / "pcmu.wav", codec="pcm_mulaw", **alone),
        "pcma": write_sound(folder / "pcma.wav", codec="pcm_alaw", **alone),
        "raw": write_sound(folder / "raw.wav", codec="pcm_s16le", **alone),
    }


@pytest.fixture(scope="module")
def cameras(clips: dict[str, Path], files: dict[str, Path]) -> Iterator[SimulatedCameras]:
    streams = {
        "aac": files["aac"],
        "three": StreamFiles(video=files["aac"], units_per_packet=3),
        "silent": StreamFiles(video=files["aac"], is_silent=True),
        "adts": StreamFiles(video=clips["h264"], sound=files["adts"]),
        "pcmu": StreamFiles(video=clips["h264"], sound=files["pcmu"]),
        "pcma": StreamFiles(video=clips["h264"], sound=files["pcma"]),
        "all": StreamFiles(video=files["aac"], has_metadata=True),
    }
    with simulated_cameras(streams, report_every_s=0.5) as running:
        yield running


def access_units(packet: RtpPacket) -> list[bytes]:
    """What RFC 3640 section 3.2 tells a receiver to do with AAC-hbr."""
    count = int.from_bytes(packet.payload[:2], "big") // 16
    sizes = [int.from_bytes(packet.payload[2 + 2 * n : 4 + 2 * n], "big") >> 3 for n in range(count)]
    at, units = 2 + 2 * count, []
    for size in sizes:
        units.append(packet.payload[at : at + size])
        at += size
    assert at == len(packet.payload)
    return units


def follows(units: list[bytes], wanted: list[bytes]) -> bool:
    """Whether units are wanted ones in order; at the clip's end some at the end of the file are left out."""
    places = [wanted.index(unit) for unit in units]
    steps = [after - before for before, after in pairwise(places)]
    return all(step == 1 or after in (0, 1) for step, after in zip(steps, places[1:], strict=True))


def sound_packets(cameras: SimulatedCameras, name: str, count: int) -> list[RtpPacket]:
    with RtspClient(cameras.url(name)) as client:
        client.play_sections(0, 1)
        return client.packets(count, channel=2)


@pytest.mark.parametrize(("name", "count"), [("aac", 1), ("three", 3)])
def test_access_units_arrive_as_they_lie_in_the_clip(
    cameras: SimulatedCameras, files: dict[str, Path], name: str, count: int
) -> None:
    packets = sound_packets(cameras, name, 240 // count)

    units = [access_units(packet) for packet in packets]
    assert {len(each) for each in units} == {count}
    wanted = units_of_file(files["aac"])
    assert len(set(wanted)) == len(wanted)
    assert follows([unit for each in units for unit in each], wanted)
    for before, after in pairwise(packets):
        assert after.sequence == (before.sequence + 1) % 65536
        assert (after.timestamp - before.timestamp) % (1 << 32) == 1024 * count
    assert all(packet.is_marked and packet.payload_type == 97 for packet in packets)


@pytest.mark.parametrize(("name", "number"), [("pcmu", 0), ("pcma", 8)])
def test_g711_arrives_in_pieces_of_20_ms(
    cameras: SimulatedCameras, files: dict[str, Path], name: str, number: int
) -> None:
    packets = sound_packets(cameras, name, 2 * SECONDS * 50)

    whole = b"".join(units_of_file(files[name]))
    wanted = [whole[at : at + 160] for at in range(0, len(whole), 160)]
    start = wanted.index(packets[0].payload)
    for place, packet in enumerate(packets):
        assert packet.payload == wanted[(start + place) % len(wanted)]
        assert packet.payload_type == number
    assert {(b.timestamp - a.timestamp) % (1 << 32) for a, b in pairwise(packets)} == {160}


def test_the_description_tells_each_section_with_its_own_address(
    cameras: SimulatedCameras, files: dict[str, Path]
) -> None:
    with av.open(str(files["aac"])) as container:
        config = bytes(container.streams.audio[0].codec_context.extradata or b"").hex().upper()
    with RtspClient(cameras.url("all")) as client:
        head, video, sound, metadata = client.ask("DESCRIBE").body.split("m=")

    assert "a=control:*" in head
    assert "a=control:trackID=0" in video
    assert sound.startswith("audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/2\r\n")
    assert "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3" in sound
    assert f"config={config}" in sound
    assert "a=control:trackID=1" in sound
    assert metadata.startswith("application 0 RTP/AVP 98\r\na=rtpmap:98 vnd.onvif.metadata/90000\r\n")
    assert "a=control:trackID=2" in metadata


def test_a_section_that_is_not_there_cannot_be_set_up(cameras: SimulatedCameras) -> None:
    with RtspClient(cameras.url("silent")) as client:
        assert "m=audio" not in client.ask("DESCRIBE").body
        transport = "RTP/AVP/TCP;unicast;interleaved=2-3"
        assert client.ask("SETUP", client.url + "/trackID=1", Transport=transport).status == 404


def test_each_section_keeps_its_own_numbers_and_gets_reports_of_its_own(cameras: SimulatedCameras) -> None:
    with RtspClient(cameras.url("all")) as client:
        places = client.play_sections(0, 1, 2).headers["rtp-info"].split(",")
        assert [place.partition("trackID=")[2][0] for place in places] == ["0", "1", "2"]
        reports: dict[int, SenderReport] = {}
        packets: dict[int, RtpPacket] = {}
        for channel, frame in client.frames():
            if isinstance(frame, SenderReport):
                reports[channel] = frame
            elif channel not in packets:
                packets[channel] = frame
                # Its first report comes ahead of a section's first packet.
                assert channel + 1 in reports
            if len(packets) == 3:
                break

    for place, (channel, packet) in zip(places, sorted(packets.items()), strict=True):
        assert f"seq={packet.sequence};rtptime={packet.timestamp}" in place
        report = reports[channel + 1]
        assert report.ssrc == packet.ssrc
        rate_hz = 48000 if channel == 2 else 90000
        ahead = (packet.timestamp - report.timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        assert abs(report.unix_seconds + ahead / rate_hz - time.time()) < 5


def test_a_client_that_wants_pictures_only_gets_no_sound(cameras: SimulatedCameras) -> None:
    with RtspClient(cameras.url("all")) as client:
        client.play()
        frames = client.frames()
        assert {next(frames)[0] for _ in range(150)} == {0, 1}


def test_a_metadata_document_tells_the_second(cameras: SimulatedCameras) -> None:
    with RtspClient(cameras.url("all")) as client:
        client.play_sections(0, 2)
        first, second = client.packets(2, channel=4)

    times = []
    for packet in (first, second):
        frame = ET.fromstring(packet.payload.decode())[0][0]
        assert frame.tag == "{http://www.onvif.org/ver10/schema}Frame"
        times.append(datetime.fromisoformat(frame.attrib["UtcTime"]))
        assert packet.is_marked
    assert (times[1] - times[0]).total_seconds() == 1
    assert (second.timestamp - first.timestamp) % (1 << 32) == 90_000
    assert abs(times[1].timestamp() - time.time()) < 5


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("three", "aac", 48000),
        ("adts", "aac", 16000),
        ("pcmu", "pcm_mulaw", 8000),
        ("pcma", "pcm_alaw", 8000),
    ],
)
def test_ffprobe_hears_it(cameras: SimulatedCameras, name: str, codec: str, rate: int) -> None:
    fields = "stream=codec_name,sample_rate"
    command = ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-select_streams", "a", "-show_entries"]
    result = subprocess.run(
        [*command, fields, "-of", "csv=p=0", cameras.url(name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == f"{codec},{rate}"


def test_a_file_without_such_sound_is_refused(clips: dict[str, Path], files: dict[str, Path]) -> None:
    assert read_sound(clips["h264"]) is None
    assert read_sound(files["raw"]) is None
    (files["raw"].parent / "letter.wav").write_text("Dear Ada")
    with pytest.raises(Invalid):
        read_sound(files["raw"].parent / "letter.wav")


@pytest.mark.parametrize("units_per_packet", [1, 3])
@pytest.mark.parametrize("phase_ticks", [0, 45_000])
def test_sound_stays_with_the_pictures_over_any_number_of_loops(
    files: dict[str, Path], units_per_packet: int, phase_ticks: int
) -> None:
    sound = read_sound(files["aac"])
    assert sound is not None
    length_ticks = SECONDS * 90_000
    clock = SoundClock(
        sound,
        length_ticks=length_ticks,
        units_per_packet=units_per_packet,
        chance=bytes(8),
        phase_ticks=phase_ticks,
    )
    first = clock.next_after(UNIX)
    unit_s = 1024 / 48000

    for number in range(first, first + 500):
        heard = access_units(RtpPacket(0, 0, 0, True, bytes(clock.stamped(number))[16:]))
        begins_s = number * units_per_packet * unit_s - phase_ticks / 90_000
        for place, unit in enumerate(heard):
            wanted_s = (begins_s + place * unit_s) % SECONDS
            found_s = sound.units.index(unit) * unit_s
            # At the clip's end the file has no unit any more that would be whole.
            assert -0.001 < wanted_s - found_s < unit_s + 0.001 or wanted_s > SECONDS - unit_s
        assert clock.due_ticks(number) == pytest.approx(
            (number + 1) * units_per_packet * unit_s * 90_000, abs=1
        )


@pytest.mark.parametrize("after", [0, 1, 1919, 1920, 1921])
def test_the_next_packet_of_sound_is_the_first_one_not_yet_due(files: dict[str, Path], after: int) -> None:
    sound = read_sound(files["aac"])
    assert sound is not None
    clock = SoundClock(sound, length_ticks=180_000, units_per_packet=1, chance=bytes(8))

    number = clock.next_after(UNIX + after)

    assert clock.due_ticks(number) >= UNIX + after
    assert clock.due_ticks(number - 1) < UNIX + after
