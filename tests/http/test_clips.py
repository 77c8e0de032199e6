"""What is left of a segment after its limit: players and exports get what an event claims, no more."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from builders import NOON
from house_builder import a_camera, record
from playing import SPAN, codes, played
from site_server import Site
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import Verdict
from watchkeep.storage.catalog import footage, retention

Clip = Callable[..., Path]


def narrow(site: Site, segment: SegmentId, *spans_s: tuple[float, float]) -> None:
    """Leave of a segment only these seconds since noon, as the sweeper does."""
    readable = tuple(
        Interval(NOON + timedelta(seconds=start), NOON + timedelta(seconds=end)) for start, end in spans_s
    )
    verdict = Verdict(
        is_expired=False, reason="", data_class=DataClass.EVENT_CLIP, until=None, readable=readable
    )
    with site.house.catalog.transaction() as connection:
        retention.narrow(connection, [(footage.segment(connection, segment), verdict)])


@pytest.fixture
def camera(site: Site, clip: Clip) -> CameraId:
    """Three segments of ten seconds; of the middle one two clips are left; a key picture a second."""
    made = a_camera(site.house, "Front door")
    _, middle, _ = record(site.house, made, clip(seconds=30))
    site.clock.advance(60)
    narrow(site, middle, (12.5, 14), (17, 18))
    return made


def the_clip(site: Site) -> SegmentId:
    with site.house.catalog.transaction() as connection:
        return next(each.id for each in footage.all_segments(connection) if each.claims is not None)


def expected(*spans_ms: tuple[int, int]) -> list[int]:
    return [code for start, end in spans_ms for code in range(start, end, 40)]


def test_a_player_sees_what_is_claimed_from_the_key_picture_before_it(site: Site, camera: CameraId) -> None:
    seen = played(site.administrator(), camera)

    first = [code for code in seen if 10_000 <= code < 20_000]
    assert [code for code in seen if not 10_000 <= code < 20_000] == expected((0, 10_000), (20_000, 30_000))
    # Whole fragments of half a second, the first from its key picture on.
    assert first == expected((first[0], 14_000), (17_000, 18_000))
    assert 10_000 < first[0] <= 12_500


def test_an_export_holds_no_more(site: Site, camera: CameraId) -> None:
    client = site.administrator()
    answer = client.get(f"/api/v1/cameras/{camera}/export.mp4", params=SPAN)

    assert answer.status_code == 200
    assert set(codes(answer.content)) == set(played(client, camera))


def test_bytes_that_nobody_claims_are_refused(site: Site, camera: CameraId) -> None:
    client, segment = site.administrator(), the_clip(site)
    address = f"/api/v1/segments/{segment}/video"

    assert client.get(address).status_code == 404
    assert "has expired" in client.get(address).json()["detail"]
    with site.house.catalog.transaction() as connection:
        reel = site.house.shelf.reel(footage.segment(connection, segment))
    readable = set()
    for fragment in reel.fragments:
        span = f"bytes={fragment.offset}-{fragment.offset + fragment.length - 1}"
        status = client.get(address, headers={"Range": span}).status_code
        silent = client.get(f"{address}/silent", params={"first": fragment.number, "count": 1}).status_code
        assert {206: 200}.get(status, status) == silent
        if status == 206:
            readable.add(fragment.number)
        # Not one byte of it slips through at the edge of another.
        edge = f"bytes={fragment.offset + fragment.length - 1}-{fragment.offset + fragment.length}"
        if fragment is not reel.fragments[-1]:
            both = {fragment.number, fragment.number + 1} <= readable
            following = client.get(address, headers={"Range": edge}).status_code
            assert following in (206, 404)
            assert both or following == 404 or fragment.number in readable
    assert 0 < len(readable) < len(reel.fragments)


def test_the_timeline_shows_the_rest_as_deleted(site: Site, camera: CameraId) -> None:
    client = site.administrator()
    address = f"/api/v1/cameras/{camera}/timeline"

    spans = client.get(address, params=SPAN).json()["spans"]
    long = {"from": SPAN["from"], "to": "2025-06-04T12:00:00Z", "buckets": 72}
    buckets = client.get(address, params=long).json()["buckets"]

    assert [(each["coverage"], each["cause"], each["from"][17:21]) for each in spans] == [
        ("recorded", None, "00.0"),
        ("gap", "deleted", "10.0"),
        ("recorded", None, "12.5"),
        ("gap", "deleted", "14.0"),
        ("recorded", None, "17.0"),
        ("gap", "deleted", "18.0"),
        ("recorded", None, "20.0"),
    ]
    assert "event clip" in spans[1]["detail"]
    assert buckets[0][1] == round(22.5 / 3600, 4)
