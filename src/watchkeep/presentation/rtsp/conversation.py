"""What is answered to each RTSP request, and the pictures that follow. Source: RFC 2326 section 10."""

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from watchkeep.application import live, restream
from watchkeep.application.house import House
from watchkeep.application.packets import packets_of, parameters_of
from watchkeep.application.restream import StreamUser
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import CatalogUnavailable, Forbidden, NotFound, Unavailable, WatchkeepError
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.media import Fragment, VideoParameters
from watchkeep.domain.rtsp_messages import Request, answer
from watchkeep.presentation.rtsp.description import describe
from watchkeep.presentation.rtsp.digest import challenge, credentials_of, proves
from watchkeep.presentation.rtsp.messages import TRACK, read_request
from watchkeep.presentation.rtsp.packetiser import Packetiser

log = logging.getLogger(__name__)

METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
SILENT_S = 30.0
"""A client that is set up or not must say something within this time, unless it plays."""
STALLED_S = 20.0
"""A client that takes nothing for so long is gone."""
FIRST_WORD_S = 5.0
SIGN_INS_LIMIT = 5
_EXPECTED = (WatchkeepError, OSError, TimeoutError)
_INTERLEAVED = re.compile(r"interleaved=(\d+)(?:-(\d+))?")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The stream that this connection is about."""

    path: str
    camera: CameraId
    role: StreamRole
    stream: StreamId


class Conversation:
    """One client's connection."""

    def __init__(
        self, house: House, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, address: str
    ) -> None:
        self._house = house
        self._reader = reader
        self._writer = writer
        self._address = address
        self._nonce = house.rng.token(16).hex()
        self._session = house.rng.token(8).hex()
        self._user: StreamUser | None = None
        self._refused = 0
        self._chosen: _Chosen | None = None
        self._parameters: VideoParameters | None = None
        self._packetiser: Packetiser | None = None
        self._playing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Answer until either side ends it.

        Raises:
            EOFError: The client left.
            TimeoutError: It is silent.
            Invalid: It does not speak RTSP.
        """
        try:
            while True:
                is_playing = self._playing is not None
                async with asyncio.timeout(None if is_playing else SILENT_S):
                    request = await read_request(self._reader)
                if not await self._reply(request):
                    return
        finally:
            if self._playing is not None:
                self._playing.cancel()
                await asyncio.gather(self._playing, return_exceptions=True)

    async def _reply(self, request: Request) -> bool:
        """Answer one request; False when it was the last."""
        try:
            if request.method == "OPTIONS":
                self._say(request, 200, {"Public": METHODS})
            elif not await self._is_signed_in(request):
                self._say(request, 401, {"WWW-Authenticate": challenge(self._nonce)})
                self._refused += 1
                return self._refused < SIGN_INS_LIMIT
            else:
                await self._do(request)
        except WatchkeepError as error:
            self._say(request, _status(error))
        return request.method != "TEARDOWN"

    async def _do(self, request: Request) -> None:
        match request.method:
            case "DESCRIBE":
                await self._describe(request)
            case "SETUP":
                await self._set_up(request)
            case "PLAY":
                await self._play(request)
            case "GET_PARAMETER" | "SET_PARAMETER" | "TEARDOWN":
                self._say(request, 200, self._session_header())
            case _:
                self._say(request, 501, {"Public": METHODS})

    async def _is_signed_in(self, request: Request) -> bool:
        """Once for each connection: what comes later on it comes from the same program."""
        claimed = credentials_of(request)
        if self._user is not None:
            return True
        if claimed is None:
            return False
        user = await _apart(lambda: restream.stream_user(self._house, claimed.name, address=self._address))
        if user is None or not proves(claimed, request, user.password, nonce=self._nonce):
            return False
        self._user = user
        return True

    async def _describe(self, request: Request) -> None:
        parameters = await self._choose(request)
        headers = {"Content-Base": request.url.rstrip("/") + "/", "Content-Type": "application/sdp"}
        self._say(request, 200, headers, describe(parameters))

    async def _set_up(self, request: Request) -> None:
        asked = _INTERLEAVED.search(request.headers.get("transport", ""))
        if self._playing is not None:
            self._say(request, 455)
            return
        if "RTP/AVP/TCP" not in request.headers.get("transport", ""):
            self._say(request, 461)
            return
        if request.section:
            raise NotFound("There is no such part of the stream.")
        if self._chosen is None or self._chosen.path != request.path:
            await self._choose(request)
        # Channels are one byte; a client that asks for more gets the first pair.
        channel = int(asked[1]) if asked and int(asked[1]) < 255 else 0
        self._packetiser = Packetiser(chance=self._house.rng.token(10), channel=channel)
        ssrc = self._packetiser.ssrc
        transport = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};ssrc={ssrc:08X}"
        self._say(request, 200, {"Transport": transport, **self._session_header()})

    async def _play(self, request: Request) -> None:
        chosen, packetiser, user = self._chosen, self._packetiser, self._user
        if chosen is None or packetiser is None or user is None:
            self._say(request, 455)
        elif request.headers.get("session", "").partition(";")[0] != self._session:
            self._say(request, 454)
        else:
            url = request.url.rstrip("/").removesuffix(f"/{TRACK}")
            place = f"url={url}/{TRACK};seq={packetiser.sequence}"
            headers = {"Range": "npt=now-", "RTP-Info": place, **self._session_header()}
            if self._playing is None:
                stream = await _apart(
                    lambda: live.begin(self._house, user.asking, chosen.camera, chosen.role)
                )
                self._playing = asyncio.create_task(self._show(user, chosen.camera, stream, packetiser))
            self._say(request, 200, headers)  # before the first picture: the task has not begun

    async def _choose(self, request: Request) -> VideoParameters:
        """Find the stream of the address, and what the recorder says of it."""
        camera, _, word = request.path.partition("/")
        if self._user is None or (word and word not in list(StreamRole)):
            raise NotFound("There is no such stream.")
        role, asking = StreamRole(word or StreamRole.MAIN), self._user.asking
        stream = await _apart(lambda: live.find(self._house, asking, CameraId(camera), role))
        self._chosen = _Chosen(request.path, CameraId(camera), role, stream)
        self._parameters = await self._ask_parameters(CameraId(camera), stream)
        return self._parameters

    async def _ask_parameters(self, camera: CameraId, stream: StreamId) -> VideoParameters:
        try:
            async with (
                asyncio.timeout(FIRST_WORD_S),
                live.subscription(self._house, camera, stream) as viewer,
                contextlib.aclosing(viewer.words()) as words,
            ):
                async for word in words:
                    if isinstance(word, live.Began):
                        return parameters_of(word.init_section)
        except TimeoutError:
            pass
        raise Unavailable("The camera is not delivering this stream now.")

    async def _show(
        self, user: StreamUser, camera: CameraId, stream: StreamId, packetiser: Packetiser
    ) -> None:
        """Send pictures until the stream, the right to see it or the client goes; then hang up."""
        tasks = {
            asyncio.create_task(self._send(camera, stream, packetiser)),
            asyncio.create_task(self._watch_right(user, camera)),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                reason = task.exception()
                level = logging.INFO if reason is None or isinstance(reason, _EXPECTED) else logging.ERROR
                log.log(level, "rtsp pictures ended", extra={"camera": camera}, exc_info=reason)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._writer.close()

    async def _send(self, camera: CameraId, stream: StreamId, packetiser: Packetiser) -> None:
        async with (
            live.subscription(self._house, camera, stream) as viewer,
            contextlib.aclosing(viewer.words()) as words,
        ):
            async for word in words:
                match word:
                    case live.Began():
                        parameters = parameters_of(word.init_section)
                        if parameters != self._parameters:
                            return  # it was described otherwise: the client comes again and is told
                        packetiser.begin(parameters)
                    case Fragment():
                        self._writer.write(packetiser.take(packets_of(word)))
                        async with asyncio.timeout(STALLED_S):
                            await self._writer.drain()
                    case live.Lost():
                        pass  # the sequence numbers go on: what was left out was never sent

    async def _watch_right(self, user: StreamUser, camera: CameraId) -> None:
        while True:
            await asyncio.sleep(live.RECHECK_EVERY_S)
            try:
                if not await _apart(lambda: restream.may_go_on(self._house, user, camera)):
                    return
            except CatalogUnavailable:
                return  # fail closed, as on the page

    def _session_header(self) -> dict[str, str]:
        return {"Session": f"{self._session};timeout=60"} if self._packetiser is not None else {}

    def _say(
        self, request: Request, status: int, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> None:
        self._writer.write(answer(request, status, headers, body))


async def _apart(ask: Callable[[], _Result]) -> _Result:
    return await run_in_threadpool(ask)


def _status(error: WatchkeepError) -> int:
    match error:
        case NotFound():
            return 404
        case Forbidden():
            return 403
        case Unavailable():
            return 503
        case _:
            return 500
