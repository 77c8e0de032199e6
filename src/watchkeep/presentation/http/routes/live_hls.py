"""Live video as low-latency HLS, for players that are no page of ours."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from watchkeep.application import live
from watchkeep.application.broadcast import Broadcasts
from watchkeep.domain.access import Action
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.domain.ids import CameraId
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["live"])

_NAME = re.compile(r"(?:init-(?P<init>\d{1,9})\.mp4|(?P<piece>\d{1,12})(?:\.(?P<part>\d{1,4}))?\.m4s)")
Number = Annotated[int | None, Query(alias="_HLS_msn", ge=0, le=10**12)]
PartNumber = Annotated[int | None, Query(alias="_HLS_part", ge=0, le=9999)]


@router.get("/cameras/{camera}/live.m3u8", response_class=Response)
@asks(Action.VIEW_LIVE, Of.CAMERA)
async def read_live_playlist(
    request: Request,
    house: TheHouse,
    asking: Asker,
    camera: str,
    role: StreamRole = StreamRole.SUB,
    number: Number = None,
    part: PartNumber = None,
) -> Response:
    """The playlist of a camera's live video; waits for the piece that is named."""
    if part is not None and number is None:
        raise Invalid("_HLS_part needs _HLS_msn.")
    stream = await run_in_threadpool(live.watch, house, asking, CameraId(camera), role)
    broadcast = _broadcasts(request).of(CameraId(camera), stream)
    text = await broadcast.playlist(folder=f"live/{role}", number=number, part=part)
    return Response(text, media_type="application/vnd.apple.mpegurl")


@router.get("/cameras/{camera}/live/{role}/{piece}", response_class=Response)
@asks(Action.VIEW_LIVE, Of.CAMERA)
async def read_live_piece(
    request: Request, house: TheHouse, asking: Asker, camera: str, role: StreamRole, piece: str
) -> Response:
    """An init section, a whole piece, or a part; the part that is announced is waited for."""
    stream = await run_in_threadpool(live.find, house, asking, CameraId(camera), role)
    named = _NAME.fullmatch(piece)
    if named is None:
        raise NotFound("There is no such piece of live video.")
    broadcast = _broadcasts(request).running(stream)
    if named["init"] is not None:
        found = await broadcast.init(int(named["init"]))
    elif named["part"] is not None:
        found = await broadcast.part(int(named["piece"]), int(named["part"]))
    else:
        found = await broadcast.piece(int(named["piece"]))
    return Response(found, media_type="video/mp4")


def _broadcasts(request: Request) -> Broadcasts:
    found = request.app.state.broadcasts
    if not isinstance(found, Broadcasts):
        raise TypeError("create_app was not given a house")
    return found
