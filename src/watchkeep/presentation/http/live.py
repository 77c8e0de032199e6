"""Live video over a WebSocket: one text message, one init section, then chunks."""

import asyncio
import functools

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

from watchkeep.application import live
from watchkeep.application.asking import Asking
from watchkeep.application.house import House
from watchkeep.domain.access import Action
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import (
    CatalogUnavailable,
    Forbidden,
    NotFound,
    NotSignedIn,
    Unavailable,
    WatchkeepError,
)
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.media import Fragment
from watchkeep.presentation.http.authentication import Of, admit_socket, asks, declaration, house_of

router = APIRouter(prefix="/api/v1")

SESSION_OVER = 4401
NOT_ALLOWED = 4403
NOT_THERE = 4404
NOT_NOW = 4503
BROKEN = 1011


@router.websocket("/cameras/{camera}/live")
@asks(Action.VIEW_LIVE, Of.CAMERA)
async def watch_live(socket: WebSocket, camera: str, role: StreamRole = StreamRole.SUB) -> None:
    """Live video of a camera; ends within 15 s when the session or the grant does."""
    house = house_of(socket)
    declared = declaration(watch_live)
    if declared is None:
        raise TypeError("the live route declares nothing")
    try:
        asking = await admit_socket(socket, declared)
        stream = await run_in_threadpool(live.begin, house, asking, CameraId(camera), role)
    except WatchkeepError as error:
        # Accepted first: a browser tells its page the close code only of an accepted socket.
        await socket.accept()
        await socket.close(close_code(error), str(error)[:120])
        return
    await socket.accept()
    code = await _relay(house, socket, asking, CameraId(camera), stream)
    if code is not None:
        await socket.close(code)


def close_code(error: WatchkeepError) -> int:
    """The close code that says what the status would have said."""
    match error:
        case NotSignedIn():
            return SESSION_OVER
        case Forbidden():
            return NOT_ALLOWED
        case NotFound():
            return NOT_THERE
        case Unavailable():
            return NOT_NOW
        case _:
            return BROKEN


async def _relay(
    house: House, socket: WebSocket, asking: Asking, camera: CameraId, stream: StreamId
) -> int | None:
    """Carry until the video, the right to see it, or the viewer goes; None for the viewer."""
    tasks = {
        asyncio.create_task(_send(house, socket, camera, stream)),
        asyncio.create_task(_watch_right(house, asking, camera)),
        asyncio.create_task(_watch_viewer(socket)),
    }
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    return next(iter(done)).result()


async def _send(house: House, socket: WebSocket, camera: CameraId, stream: StreamId) -> int | None:
    try:
        async with live.subscription(house, camera, stream) as viewer:
            async for word in viewer.words():
                match word:
                    case live.Began():
                        await socket.send_json({"codec": word.codec, "stream": str(word.stream)})
                        await socket.send_bytes(word.init_section)
                    case Fragment():
                        await socket.send_bytes(word.payload)
                    case live.Lost(count):
                        await socket.send_json({"dropped": count})
    except Unavailable:
        return NOT_NOW
    except (WebSocketDisconnect, RuntimeError):
        return None  # starlette raises RuntimeError for a send after the viewer has closed
    return NOT_NOW


async def _watch_right(house: House, asking: Asking, camera: CameraId) -> int:
    while True:
        await asyncio.sleep(live.RECHECK_EVERY_S)
        try:
            look = functools.partial(live.may_go_on, house, asking, camera)
            may = await run_in_threadpool(look)
        except CatalogUnavailable:
            # Fail closed: while it cannot be known whether somebody still may, nobody is shown anything.
            return NOT_NOW
        if may is None:
            return SESSION_OVER
        if not may:
            return NOT_THERE


async def _watch_viewer(socket: WebSocket) -> None:
    """Wait until the viewer goes; what it says meanwhile is not asked for."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
