"""Footage from the sealed file to a player: playlist, ranges, pictures; exports that open."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import av
import httpx
import pytest

from builders import NOON
from clip_packets import clip_packets, demuxed, probed
from house_builder import a_camera, record
from site_server import Site, problem
from time_code import read_time_code
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.segment import SegmentState
from watchkeep.storage.catalog import audit, footage, outbox

SPAN = {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T12:00:20Z"}
Clip = Callable[..., Path]


def playlist(client: httpx.Client, camera: CameraId, **params: str) -> httpx.Response:
    return client.get(f"/api/v1/cameras/{camera}/playlist.m3u8", params={**SPAN, **params})


def exported(client: httpx.Client, camera: CameraId, path: Path, **params: str) -> Path:
    answer = client.get(f"/api/v1/cameras/{camera}/export.mp4", params={**SPAN, **params})
    assert answer.status_code == 200, answer.text
    path.write_bytes(answer.content)
    return path


def damage(site: Site, segment: SegmentId, *, at: int) -> None:
    """Change one byte of a segment's file."""
    path = next(path for path in site.house.volumes[0].volume.segments() if str(segment) in path.name)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def fetched(client: httpx.Client, playlist: str) -> bytes:
    """What a player that follows the playlist has put together."""
    out = b""
    wanted = ""
    for line in playlist.splitlines():
        if line.startswith("#EXT-X-MAP"):
            uri, length, offset = re.findall(r'URI="([^"]+)",BYTERANGE="(\d+)@(\d+)"', line)[0]
            out += part(client, uri, int(offset), int(length))
        elif line.startswith("#EXT-X-BYTERANGE:"):
            wanted = line.split(":", 1)[1]
        elif line and not line.startswith("#"):
            length, offset = wanted.split("@")
            out += part(client, line, int(offset), int(length))
    return out


def part(client: httpx.Client, uri: str, offset: int, length: int) -> bytes:
    answer = client.get(uri, headers={"Range": f"bytes={offset}-{offset + length - 1}"})
    assert answer.status_code == 206, answer.text
    assert len(answer.content) == length
    return answer.content


def shown(video: bytes) -> list[int | None]:
    """The time codes of all pictures."""
    with av.open(io.BytesIO(video)) as container:
        return [read_time_code(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


def test_a_player_that_follows_the_playlist_sees_every_picture(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=20))
    site.clock.advance(60)

    answer = playlist(client, camera)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.text.endswith("#EXT-X-ENDLIST\n")
    assert "#EXT-X-DISCONTINUITY" not in answer.text
    assert answer.text.count("#EXT-X-MAP") == 1
    assert "#EXT-X-PROGRAM-DATE-TIME:2025-06-01T12:00:00.000Z" in answer.text
    assert shown(fetched(client, answer.text)) == [n * 40 for n in range(500)]


def test_a_span_begins_at_the_key_picture_before_it(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=20))
    site.clock.advance(60)

    answer = playlist(client, camera, **{"from": "2025-06-01T12:00:05.5Z", "to": "2025-06-01T12:00:08Z"})

    codes = shown(fetched(client, answer.text))
    assert codes[0] == 5000
    assert codes[-1] is not None
    assert codes[-1] >= 7960


def test_an_open_segment_grows_in_an_event_playlist_without_changing_what_was_said(
    site: Site, clip: Clip
) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=15), leave_open=True)
    site.clock.advance(15)

    early = playlist(client, camera).text
    record(site.house, camera, clip(seconds=15), at=NOON + timedelta(seconds=15))
    site.clock.advance(60)
    late = playlist(client, camera).text

    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in early
    assert "#EXT-X-ENDLIST" not in early
    # The last chunk of the open segment is not whole yet, so it is left out.
    assert shown(fetched(client, early))[-1] == 13_960
    chunks = early[early.index("#EXT-X-MAP") :]
    assert chunks in late
    assert "#EXT-X-DISCONTINUITY" in late


def test_two_runs_meet_at_a_discontinuity_with_a_map_of_its_own(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=8))
    record(site.house, camera, clip(seconds=8), at=NOON + timedelta(seconds=10))
    site.clock.advance(60)

    text = playlist(client, camera).text

    assert text.count("#EXT-X-DISCONTINUITY\n#EXT-X-MAP") == 1
    assert text.count("#EXT-X-MAP") == 2


def test_a_damaged_segment_is_never_served_and_is_reported_once(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    _, second, _ = record(site.house, camera, clip(seconds=30))
    site.clock.advance(60)
    text = playlist(client, camera, to="2025-06-01T12:00:30Z").text
    assert str(second) in text
    damage(site, second, at=4000)
    site.house.shelf.close()

    answers = [client.get(f"/api/v1/segments/{second}/video") for _ in range(2)]
    after = playlist(client, camera, to="2025-06-01T12:00:30Z").text

    assert [answer.status_code for answer in answers] == [500, 500]
    assert problem(answers[0])["type"] == "urn:watchkeep:problem:tampered"
    assert str(second) not in after
    assert "#EXT-X-DISCONTINUITY" in after
    assert len(shown(fetched(client, after))) == 500
    with site.house.catalog.transaction() as conn:
        notices = [notice for notice in outbox.since(conn, 0) if notice.facts.get("problem") == "damaged"]
        entries = [entry for entry in audit.read(conn).items if entry.action == "find damage"]
    assert [notice.facts["segment"] for notice in notices] == [str(second)]
    assert [entry.target for entry in entries] == [f"segment {second}"]


def test_a_segment_whose_index_is_damaged_is_left_out_and_the_rest_plays(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    first, _ = record(site.house, camera, clip(seconds=20))
    damage(site, first, at=200)
    site.clock.advance(60)

    text = playlist(client, camera).text

    assert str(first) not in text
    assert shown(fetched(client, text))[0] == 10_000


def test_ranges_are_those_of_the_rfc(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    (segment,) = record(site.house, camera, clip(seconds=5))
    address = f"/api/v1/segments/{segment}/video"

    whole = client.get(address)
    length = len(whole.content)
    asked = {
        "bytes=0-99": (206, whole.content[:100]),
        f"bytes={length - 5}-": (206, whole.content[-5:]),
        "bytes=-7": (206, whole.content[-7:]),
        f"bytes=10-{length + 10}": (206, whole.content[10:]),
        "bytes=0-1,4-5": (200, whole.content),
        "lines=1-2": (200, whole.content),
        f"bytes={length}-": (416, b""),
    }

    for header, expected in asked.items():
        answer = client.get(address, headers={"Range": header})
        assert (answer.status_code, answer.content) == expected, header
        assert answer.headers["cache-control"] == "private, no-store"
    assert (
        client.get(address, headers={"Range": f"bytes={length}-"}).headers["content-range"]
        == f"bytes */{length}"
    )
    head = client.head(address)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(length), b"")
    assert whole.headers["content-type"] == "video/mp4"


def test_an_export_is_nal_by_nal_what_the_camera_sent_and_opens(
    site: Site, clip: Clip, tmp_path: Path, needs_tool: Callable[[str], Path]
) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    source = clip(seconds=20, b_frames=2)
    record(site.house, camera, source)
    _, packets = clip_packets(source)

    path = exported(client, camera, tmp_path / "export.mp4", **{"from": "2025-06-01T12:00:05.5Z"})

    found = demuxed(path)
    # From the key picture at 5 s on; decoding times begin at 0.
    expected = [packet for packet in packets if packet.dts >= packets[0].dts + 5 * 90_000]
    assert [nals for _, _, _, nals in found] == [packet.nals for packet in expected]
    assert [dts for _, dts, _, _ in found] == [packet.dts - expected[0].dts for packet in expected]
    assert probed(needs_tool("ffprobe"), path)["codec_name"] == "h264"
    assert shown(path.read_bytes()) == [5000 + n * 40 for n in range(375)]


def test_an_export_across_a_gap_keeps_the_time_that_passed(site: Site, clip: Clip, tmp_path: Path) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=4))
    record(site.house, camera, clip(seconds=4), at=NOON + timedelta(seconds=10))

    found = demuxed(exported(client, camera, tmp_path / "export.mp4"))

    assert len(found) == 200
    assert found[100][1] == 10 * 90_000


def test_an_export_says_when_the_format_changed_or_nothing_was_recorded(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=4))
    record(site.house, camera, clip(seconds=4, size=(320, 192)), at=NOON + timedelta(seconds=10))
    address = f"/api/v1/cameras/{camera}/export.mp4"

    changed = client.get(address, params=SPAN)
    empty = client.get(address, params={"from": "2025-06-01T13:00:00Z", "to": "2025-06-01T14:00:00Z"})

    assert changed.status_code == 409
    assert problem(changed)["split_at"] == "2025-06-01T12:00:10Z"
    assert empty.status_code == 404
    assert "Nothing was recorded" in str(problem(empty)["detail"])


def test_an_export_leaves_a_damaged_segment_out_whole(site: Site, clip: Clip, tmp_path: Path) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    _, second, _ = record(site.house, camera, clip(seconds=30))
    damage(site, second, at=40_000)

    path = exported(client, camera, tmp_path / "export.mp4", to="2025-06-01T12:00:30Z")

    assert len(demuxed(path)) == 500
    with site.house.catalog.transaction() as conn:
        assert any(entry.action == "find damage" for entry in audit.read(conn).items)


@pytest.mark.parametrize("state", [SegmentState.DOOMED, SegmentState.LOST])
def test_footage_that_is_going_or_gone_is_not_there(site: Site, clip: Clip, state: SegmentState) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    (segment,) = record(site.house, camera, clip(seconds=5))
    with site.house.catalog.transaction() as conn:
        known = footage.segment(conn, segment)
        change = footage.doom if state is SegmentState.DOOMED else footage.mark_lost
        assert change(conn, [known], reason="a test") == 1

    assert client.get(f"/api/v1/segments/{segment}/video").status_code == 404
    assert playlist(client, camera).status_code == 404


def test_a_playlist_of_more_than_twelve_hours_is_refused_in_words(site: Site) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")

    answer = playlist(client, camera, to="2025-06-02T12:00:00Z")

    assert answer.status_code == 422
    assert "12 hours" in str(problem(answer)["detail"])


def test_the_timeline_accounts_for_every_second_and_long_ones_come_in_buckets(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=20))
    site.clock.advance(50)
    address = f"/api/v1/cameras/{camera}/timeline"

    short = client.get(address, params={"from": "2025-06-01T11:59:50Z", "to": "2025-06-01T12:01:00Z"}).json()
    long = client.get(
        address, params={"from": "2025-06-01T12:00:00Z", "to": "2025-06-04T12:00:00Z", "buckets": 72}
    ).json()

    assert [(span["coverage"], span["from"][14:19]) for span in short["spans"]] == [
        ("before", "59:50"),
        ("recorded", "00:00"),
        ("gap", "00:20"),
        ("ahead", "00:50"),
    ]
    assert (short["oldest"], short["newest"]) == (
        "2025-06-01T12:00:00.000000Z",
        "2025-06-01T12:00:20.000000Z",
    )
    assert (short["bucket_s"], short["buckets"]) == (None, [])
    assert (long["bucket_s"], len(long["buckets"]), long["spans"]) == (3600, 72, [])
    assert long["buckets"][0] == ["2025-06-01T12:00:00.000000Z", round(20 / 3600, 4), 0.0]
    assert long["buckets"][1][1] == 0


def test_deleted_footage_is_a_gap_that_says_why(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    first, _ = record(site.house, camera, clip(seconds=20))
    site.clock.advance(50)
    with site.house.catalog.transaction() as conn:
        gone = footage.segment(conn, first)
        footage.doom(conn, [gone], reason="older than 30 d")
        footage.drop_rows(conn, [gone])

    span = {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T12:00:20Z"}
    spans = client.get(f"/api/v1/cameras/{camera}/timeline", params=span).json()["spans"]

    assert [(part["coverage"], part["cause"], part["detail"]) for part in spans] == [
        ("gap", "deleted", "older than 30 d"),
        ("recorded", None, None),
    ]


def test_what_lies_after_the_newest_row_is_not_known_yet(site: Site, clip: Clip) -> None:
    client = site.administrator()
    camera = a_camera(site.house, "Front door")
    record(site.house, camera, clip(seconds=20))
    site.clock.advance(25)

    span = {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T12:00:40Z"}
    spans = client.get(f"/api/v1/cameras/{camera}/timeline", params=span).json()["spans"]

    assert [part["coverage"] for part in spans] == ["recorded", "ahead"]
