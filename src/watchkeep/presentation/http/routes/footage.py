"""Footage: timeline, playlist, bytes of a segment, export."""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from watchkeep.application import exports, playback, timeline
from watchkeep.domain.access import Action
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.footage import TimelineBody
from watchkeep.presentation.http.bodies.plain import Instant
from watchkeep.presentation.http.ranges import NotSatisfiable, requested

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["footage"])

From = Annotated[Instant, Query(alias="from", description="Start, ISO 8601 with a zone")]
To = Annotated[Instant, Query(alias="to", description="End (not included), ISO 8601 with a zone")]
WithAudio = Annotated[bool, Query(description="Whether audio that was recorded is wanted, too")]
NO_STORE = "private, no-store"
MOST_FRAGMENTS = 100_000


@router.get("/cameras/{camera}/timeline", response_model=TimelineBody)
@asks(Action.VIEW_RECORDED, Of.CAMERA)
def read_timeline(
    house: TheHouse,
    asking: Asker,
    camera: str,
    start: From,
    end: To,
    role: StreamRole = StreamRole.MAIN,
    buckets: Annotated[int, Query(ge=1, le=5000)] = 600,
) -> TimelineBody:
    """What became of every instant of a span; shares of buckets when it is longer than two days."""
    when = _interval(start, end)
    found = timeline.read_timeline(house, asking, CameraId(camera), when, role=role, buckets=buckets)
    return TimelineBody.of(found)


@router.get("/cameras/{camera}/playlist.m3u8", response_class=Response)
@asks(Action.VIEW_RECORDED, Of.CAMERA)
def read_playlist(
    house: TheHouse,
    asking: Asker,
    camera: str,
    start: From,
    end: To,
    role: StreamRole = StreamRole.MAIN,
    audio: WithAudio = False,
) -> Response:
    """An HLS playlist of a span: VOD when it is over, EVENT while it is being recorded.

    With `audio` it ends where audio begins or ends, or changes its codec; the next one goes on from there.
    Audio that browsers do not play (G.711) is left out; an export has it.
    """
    when = _interval(start, end)
    text = playback.read_playlist(house, asking, CameraId(camera), when, role=role, with_audio=audio)
    return Response(text, media_type="application/vnd.apple.mpegurl", headers={"Cache-Control": NO_STORE})


@router.head("/segments/{segment}/video", include_in_schema=False)
@router.get("/segments/{segment}/video", response_class=Response)
@asks(Action.VIEW_RECORDED, Of.FOUND)
def read_segment(
    request: Request,
    house: TheHouse,
    asking: Asker,
    segment: UUID,
    byte_range: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """Bytes of a segment's video, decrypted and checked as they are read; single byte ranges."""
    video = playback.open_video(house, asking, SegmentId(segment))
    headers = {"Accept-Ranges": "bytes", "Cache-Control": NO_STORE}
    try:
        span = requested(byte_range, video.length)
    except NotSatisfiable:
        return Response(None, 416, {**headers, "Content-Range": f"bytes */{video.length}"})
    headers["Content-Length"] = str(span.end - span.start)
    if not span.is_whole:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{video.length}"
    status = 200 if span.is_whole else 206
    if request.method == "HEAD":
        return Response(None, status, headers, "video/mp4")
    return StreamingResponse(
        playback.read_bytes(house, video, span.start, span.end), status, headers, "video/mp4"
    )


@router.get("/segments/{segment}/video/silent", response_class=Response)
@asks(Action.VIEW_RECORDED, Of.FOUND)
def read_silent_segment(
    house: TheHouse,
    asking: Asker,
    segment: UUID,
    first: Annotated[int, Query(ge=0, le=MOST_FRAGMENTS)],
    count: Annotated[int, Query(ge=0, le=MOST_FRAGMENTS)],
) -> Response:
    """Some fragments of a segment without audio; its init section when `count` is 0. Playlists point here."""
    video = playback.open_video(house, asking, SegmentId(segment))
    content = playback.read_silent(house, video, first=first, count=count)
    return StreamingResponse(content, 200, {"Cache-Control": NO_STORE}, "video/mp4")


@router.get("/cameras/{camera}/export.mp4", response_class=StreamingResponse)
@asks(Action.EXPORT, Of.CAMERA)
def export(
    house: TheHouse,
    asking: Asker,
    camera: str,
    start: From,
    end: To,
    role: StreamRole = StreamRole.MAIN,
    audio: WithAudio = True,
) -> Response:
    """An MP4 of a span, from the key picture at or before its start, as the camera sent it."""
    when = _interval(start, end)
    made = exports.export(house, asking, CameraId(camera), when, role=role, with_audio=audio)
    headers = {
        "Cache-Control": NO_STORE,
        "Content-Disposition": f'attachment; filename="{quote(made.file_name, safe=" ")}"',
    }
    return StreamingResponse(made.content, 200, headers, "video/mp4")


def _interval(start: datetime, end: datetime) -> Interval:
    if end <= start:
        raise Invalid("The span ends before it begins; `from` must be earlier than `to`.")
    return Interval(start, end)
