"""What a camera told of its scene comes out of an export byte for byte, at its time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from audio_packets import audio_packets
from builders import NOON
from clip_packets import clip_packets, demuxed
from house_builder import a_camera, record
from mp4_reading import boxes, default_flags, documents, moof_numbers, samples
from site_server import Site
from watchkeep.domain.ids import CameraId
from watchkeep.domain.media import TICKS_PER_SECOND, AudioCodec, Document

SPAN = {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T12:00:40Z"}
XML = "vnd.onvif.metadata"
Clip = Callable[..., Path]


def papers(seconds: int, word: str = "n") -> list[Document]:
    """One in the middle of each second, the third of them long."""
    return [
        Document(
            payload=f"<{word}>{second}</{word}>".encode() + bytes(200_000 if second == 2 else 0),
            encoding=XML,
            pts=second * TICKS_PER_SECOND + TICKS_PER_SECOND // 2,
            received_at=NOON,
        )
        for second in range(seconds)
    ]


def exported(client: httpx.Client, camera: CameraId, path: Path, **params: str) -> bytes:
    answer = client.get(f"/api/v1/cameras/{camera}/export.mp4", params={**SPAN, **params})
    assert answer.status_code == 200, answer.text
    path.write_bytes(answer.content)
    return answer.content


@pytest.mark.parametrize("has_audio", [True, False])
def test_documents_come_out_byte_for_byte_at_their_times(
    site: Site, clip: Clip, tmp_path: Path, has_audio: bool
) -> None:
    camera, source = a_camera(site.house, "Front door"), clip(seconds=6)
    audio = audio_packets(AudioCodec.AAC, seconds=6) if has_audio else None
    first, second = papers(6), papers(6, "m")
    record(site.house, camera, source, audio=audio, documents=first, segment_length=timedelta(seconds=3))
    record(site.house, camera, source, at=NOON + timedelta(seconds=10), audio=audio, documents=second)
    client = site.administrator()

    whole = exported(client, camera, tmp_path / "whole.mp4")
    late = exported(client, camera, tmp_path / "late.mp4", **{"from": "2025-06-01T12:00:02Z"})
    silent = exported(client, camera, tmp_path / "silent.mp4", audio="false")

    later = [replace(each, pts=each.pts + 10 * TICKS_PER_SECOND) for each in second]
    told = [(each.pts, XML, each.payload, number) for number, each in enumerate([*first, *later])]
    assert documents(whole) == told
    assert documents(silent) == told
    assert documents(late) == [
        (ticks - 2 * TICKS_PER_SECOND, XML, payload, number - 2) for ticks, _, payload, number in told[2:]
    ]
    _, packets = clip_packets(source)
    assert [nals for *_, nals in demuxed(tmp_path / "whole.mp4")] == [packet.nals for packet in packets] * 2
    numbers = moof_numbers(whole[whole.index(b"moof") - 4 :])
    assert numbers == list(range(1, len(numbers) + 1))


def test_with_documents_an_export_is_else_what_it_is_without(site: Site, clip: Clip, tmp_path: Path) -> None:
    plain, telling = a_camera(site.house, "Plain"), a_camera(site.house, "Telling")
    audio = audio_packets(AudioCodec.AAC, seconds=6)
    record(site.house, plain, clip(seconds=6), audio=audio)
    record(site.house, telling, clip(seconds=6), audio=audio, documents=papers(6))
    client = site.administrator()

    one, other = (exported(client, each, tmp_path / f"{each}.mp4") for each in (plain, telling))

    left = b"".join(
        len(body + b"........").to_bytes(4, "big") + kind.encode() + body
        for kind, body in boxes(other)
        if kind != "emsg"
    )
    assert left == one


def test_players_get_the_pictures_of_footage_with_documents(site: Site, clip: Clip) -> None:
    camera, source = a_camera(site.house, "Front door"), clip(seconds=6)
    (segment,) = record(site.house, camera, source, documents=papers(6))
    client = site.administrator()

    whole = client.get(f"/api/v1/segments/{segment}/video").content
    silent = client.get(f"/api/v1/segments/{segment}/video/silent", params={"first": 0, "count": 5}).content

    _, packets = clip_packets(source)
    at = whole.index(b"moof") - 4
    found = [each.data for each in samples(default_flags(whole[:at]), whole[at:])]
    assert len(found) == len(packets)
    assert documents(silent) == []
    assert [kind for kind, _ in boxes(silent)] == ["moof", "mdat"] * 5
