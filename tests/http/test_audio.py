"""Audio from the sealed file to whoever may hear it: on request, as far as it plays; whole in an export."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import av
import httpx
import pytest

from audio_packets import audio_packets
from builders import NOON
from clip_packets import clip_packets, demuxed
from house_builder import Audio, a_camera, record
from mp4_reading import Sample, default_flags, moof_numbers, samples, track_ids
from site_server import Site, problem
from watchkeep.domain.ids import CameraId
from watchkeep.domain.media import TICKS_PER_SECOND, AudioCodec
from watchkeep.storage.catalog import audit

SPAN = {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T12:00:40Z"}
LATER = NOON + timedelta(seconds=10)
Clip = Callable[..., Path]


def beeps(codec: AudioCodec, seconds: float = 6, **changes: int) -> Audio:
    return audio_packets(codec, seconds=seconds, **changes)


def playlist(client: httpx.Client, camera: CameraId, **params: str) -> str:
    answer = client.get(f"/api/v1/cameras/{camera}/playlist.m3u8", params={**SPAN, **params})
    assert answer.status_code == 200, answer.text
    return answer.text


def fetched(client: httpx.Client, text: str) -> list[bytes]:
    """The bytes behind each address of a playlist, its init sections included, as a player gets them."""
    found, wanted = [], ""
    for line in text.splitlines():
        if match := re.match(r'#EXT-X-MAP:URI="([^"]+)"(?:,BYTERANGE="([^"]+)")?', line):
            found.append(part(client, match[1], match[2] or ""))
        elif line.startswith("#EXT-X-BYTERANGE:"):
            wanted = line.split(":", 1)[1]
        elif line and not line.startswith("#"):
            found.append(part(client, line, wanted))
            wanted = ""
    return found


def part(client: httpx.Client, uri: str, span: str) -> bytes:
    headers = {}
    if span:
        length, offset = map(int, span.split("@"))
        headers["Range"] = f"bytes={offset}-{offset + length - 1}"
    answer = client.get(uri, headers=headers)
    assert answer.status_code == (206 if span else 200), answer.text
    return answer.content


def exported(client: httpx.Client, camera: CameraId, path: Path, **params: str) -> Path:
    answer = client.get(f"/api/v1/cameras/{camera}/export.mp4", params={**SPAN, **params})
    assert answer.status_code == 200, answer.text
    path.write_bytes(answer.content)
    return path


def heard(path: Path) -> list[tuple[int, bytes]]:
    """Time in 1/90000 s and bytes of each audio packet, as libav reads them."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.time_base is not None
        return [
            (round((packet.pts or 0) * stream.time_base * TICKS_PER_SECOND), bytes(packet))
            for packet in container.demux(stream)
            if packet.size
        ]


def audio_of(path: Path) -> list[Sample]:
    data = path.read_bytes()
    at = data.index(b"moof") - 4
    return [each for each in samples(default_flags(data[:at]), data[at:]) if each.track == 2]


@pytest.mark.parametrize("codec", list(AudioCodec))
def test_a_playlist_has_no_audio_unless_it_is_asked_for(codec: AudioCodec, site: Site, clip: Clip) -> None:
    client = site.administrator()
    silent, loud = a_camera(site.house, "Silent"), a_camera(site.house, "Loud")
    record(site.house, silent, clip(seconds=6))
    record(site.house, loud, clip(seconds=6), audio=beeps(codec))
    site.clock.advance(60)

    text = playlist(client, loud)
    wanted = fetched(client, playlist(client, silent))
    got = fetched(client, text)

    assert text.endswith("#EXT-X-ENDLIST\n")
    assert got[0] == wanted[0]
    assert track_ids(got[0]) == [1]
    for one, other in zip(got[1:], wanted[1:], strict=True):
        flags = default_flags(got[0])
        assert list(samples(flags, one)) == list(samples(flags, other))


@pytest.mark.parametrize(("codec", "is_playable"), [("aac", True), ("opus", True), ("pcmu", False)])
def test_with_audio_a_browser_gets_what_it_can_play(
    codec: str, is_playable: bool, site: Site, clip: Clip
) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    audio = beeps(AudioCodec(codec))
    record(site.house, camera, clip(seconds=6), audio=audio)
    site.clock.advance(60)

    init, *chunks = fetched(client, playlist(client, camera, audio="true"))

    assert track_ids(init) == ([1, 2] if is_playable else [1])
    found = [each.data for each in samples(default_flags(init), b"".join(chunks)) if each.track == 2]
    assert found == ([each.payload for each in audio[1]] if is_playable else [])


def test_a_playlist_with_audio_ends_where_the_audio_changes_and_the_next_goes_on(
    site: Site, clip: Clip
) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    kinds = [None, beeps(AudioCodec.AAC), beeps(AudioCodec.OPUS), beeps(AudioCodec.PCMU), None]
    for number, audio in enumerate(kinds):
        at = NOON + timedelta(seconds=8 * number)
        record(site.house, camera, clip(seconds=6), at=at, audio=audio)
    site.clock.advance(60)

    texts, start = [], SPAN["from"]
    while start:
        texts.append(playlist(client, camera, audio="true", **{"from": start}))
        shown = re.findall(r"#EXT-X-PROGRAM-DATE-TIME:(\S+)", texts[-1])
        start = {"12:00:00": "12:00:08", "12:00:08": "12:00:16", "12:00:16": "12:00:24"}.get(
            shown[0][11:19], ""
        )
        start = start and f"2025-06-01T{start}Z"

    assert all(text.endswith("#EXT-X-ENDLIST\n") for text in texts)
    assert [text.count("#EXT-X-MAP") for text in texts] == [1, 1, 1, 2]
    assert [track_ids(fetched(client, text)[0]) for text in texts] == [[1], [1, 2], [1, 2], [1]]
    assert playlist(client, camera).count("#EXT-X-MAP") == 5


def test_listening_is_a_view_of_its_own_in_the_audit(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=6), audio=beeps(AudioCodec.AAC))
    site.clock.advance(60)

    for wanted in ("false", "true", "true", "false"):
        playlist(client, camera, audio=wanted)

    with site.house.catalog.transaction() as conn:
        views = [entry for entry in audit.read(conn).items if entry.action == "view_recorded"]
    assert sorted(entry.facts.get("audio", "") for entry in views) == ["", "yes"]


def test_only_fragments_that_are_there_are_handed_out_silent(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    (segment,) = record(site.house, camera, clip(seconds=6), audio=beeps(AudioCodec.AAC))
    address = f"/api/v1/segments/{segment}/video/silent"

    answers = [client.get(address, params={"first": first, "count": 15}) for first in (0, 8, 99_999)]

    assert [answer.status_code for answer in answers] == [200, 422, 422]
    assert problem(answers[1])["type"] == "urn:watchkeep:problem:invalid"


@pytest.mark.parametrize("codec", list(AudioCodec))
def test_an_export_is_packet_by_packet_what_was_heard(
    codec: AudioCodec, site: Site, clip: Clip, tmp_path: Path, needs_tool: Callable[[str], Path]
) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    source, audio = clip(seconds=20, b_frames=2), beeps(codec, 20)
    record(site.house, camera, source, audio=audio)
    _, packets = clip_packets(source)

    whole = exported(client, camera, tmp_path / "whole.mp4")
    late = exported(client, camera, tmp_path / "late.mp4", **{"from": "2025-06-01T12:00:05.5Z"})

    length = audio[1][1].pts
    assert heard(whole) == [
        (pytest.approx(n * length, abs=12), each.payload) for n, each in enumerate(audio[1])
    ]
    assert [nals for *_, nals in demuxed(whole)] == [packet.nals for packet in packets]
    after = [each for each in audio[1] if each.pts >= 5 * TICKS_PER_SECOND]
    assert heard(late) == [(pytest.approx(each.pts - 450_000, abs=12), each.payload) for each in after]
    assert [nals for *_, nals in demuxed(late)] == [
        packet.nals for packet in packets if packet.dts >= packets[0].dts + 450_000
    ]
    data = late.read_bytes()
    numbers = moof_numbers(data[data.index(b"moof") - 4 :])
    assert numbers == list(range(1, len(numbers) + 1))
    check_with_ffprobe(needs_tool("ffprobe"), whole, codec)


def check_with_ffprobe(ffprobe: Path, path: Path, codec: AudioCodec) -> None:
    fields = "stream=codec_name:format=duration"
    command = [ffprobe, "-v", "error", "-show_entries", fields, "-of", "csv=p=0", path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    name = {AudioCodec.PCMU: "pcm_mulaw", AudioCodec.PCMA: "pcm_alaw"}.get(codec, codec.value)
    assert done.stderr == ""
    first, second, duration = done.stdout.split()
    assert (first, second) == ("h264", name)
    assert float(duration) == pytest.approx(20, abs=0.2)


def test_an_export_without_audio_is_what_a_camera_without_would_have_given(
    site: Site, clip: Clip, tmp_path: Path
) -> None:
    client = site.administrator()
    silent, loud = a_camera(site.house, "Silent"), a_camera(site.house, "Loud")
    record(site.house, silent, clip(seconds=6))
    record(site.house, loud, clip(seconds=6), audio=beeps(AudioCodec.AAC))

    one = exported(client, silent, tmp_path / "one.mp4")
    other = exported(client, loud, tmp_path / "other.mp4", audio="false")

    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("loud", [(True, False, True), (False, True, False)])
def test_an_export_is_silent_where_a_run_has_no_audio(
    loud: tuple[bool, ...], site: Site, clip: Clip, tmp_path: Path
) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    audio = beeps(AudioCodec.AAC)
    for number, is_loud in enumerate(loud):
        at = NOON + timedelta(seconds=10 * number)
        record(site.house, camera, clip(seconds=6), at=at, audio=audio if is_loud else None)

    path = exported(client, camera, tmp_path / "export.mp4")

    starts = [number * 10 * TICKS_PER_SECOND for number, is_loud in enumerate(loud) if is_loud]
    assert heard(path) == [
        (pytest.approx(start + each.pts, abs=4), each.payload) for start in starts for each in audio[1]
    ]
    assert len(demuxed(path)) == 3 * 150


def test_an_export_says_when_the_audio_changed(site: Site, clip: Clip, tmp_path: Path) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=6), audio=beeps(AudioCodec.AAC))
    record(site.house, camera, clip(seconds=6), at=LATER, audio=beeps(AudioCodec.AAC, rate=16_000))

    answer = client.get(f"/api/v1/cameras/{camera}/export.mp4", params=SPAN)

    assert answer.status_code == 409
    assert problem(answer)["split_at"] == "2025-06-01T12:00:10Z"
    assert "without audio" in str(problem(answer)["detail"])
    assert len(demuxed(exported(client, camera, tmp_path / "export.mp4", audio="false"))) == 300


def test_where_two_runs_touch_their_audio_does_not_overlap(site: Site, clip: Clip, tmp_path: Path) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    parameters, packets = beeps(AudioCodec.PCMU, 6)
    packets[-1] = replace(packets[-1], duration_ticks=TICKS_PER_SECOND)
    for number in range(3):
        at = NOON + timedelta(seconds=6 * number)
        record(site.house, camera, clip(seconds=6), at=at, audio=(parameters, packets))

    found = audio_of(exported(client, camera, tmp_path / "export.mp4"))

    assert [each.data for each in found] == [each.payload for each in packets] * 3
    assert all(one.start + one.duration <= other.start for one, other in pairwise(found))
