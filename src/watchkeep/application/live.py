"""Live video: the recorder's chunks, carried to a viewer; the camera itself is never opened here."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from watchkeep.application import cameras, sessions
from watchkeep.application.asking import Asking, asked, require
from watchkeep.application.backlog import Backlog
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject, decide
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import DataLoss, Invalid, NotFound, Unavailable
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.media import Fragment
from watchkeep.domain.mp4 import without_audio
from watchkeep.domain.offering import (
    Dropped,
    FragmentNotice,
    Init,
    NoStream,
    Subscribe,
    Word,
    WordDecoder,
    encode,
)
from watchkeep.storage.catalog.connection import Connection

RECHECK_EVERY_S = 15.0
"""How long live video outlives its session or grant at most."""
_READ_BYTES = 256 * 1024
_FIRST_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Began:
    """A decoder must start anew with this: at first, and whenever the camera's parameters change."""

    codec: str
    stream: StreamId
    init_section: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """The viewer was too slow for so many fragments; the next starts with a key picture."""

    count: int


LiveWord = Began | Fragment | Lost


class Live:
    """One viewer's subscription. Reads on while the viewer is slow, so that what comes is recent."""

    def __init__(self, stream: StreamId, reader: asyncio.StreamReader) -> None:
        self._stream = stream
        self._reader = reader
        self._decoder = WordDecoder()
        self._backlog = Backlog()
        self._began: Began | None = None
        self._news = asyncio.Event()
        self._end: Exception | None = None

    async def words(self) -> AsyncGenerator[LiveWord, None]:
        """What the viewer is to be told, in order.

        Raises:
            Unavailable: The recorder stopped offering the stream.
        """
        reading = asyncio.create_task(self._read())
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                # One at a time: while the viewer takes it, newer ones arrive and old ones may be let go.
                while (word := self._next()) is not None:
                    yield word
                if self._end is not None:
                    raise self._end
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def _next(self) -> LiveWord | None:
        if self._began is not None:
            began, self._began = self._began, None
            return began
        if lost := self._backlog.take_lost():
            return Lost(lost)
        return self._backlog.take()

    async def _read(self) -> None:
        try:
            while data := await self._reader.read(_READ_BYTES):
                for word in self._decoder.feed(data):
                    self._take_in(word)
                    self._news.set()
            self._end = Unavailable(
                "The recorder has stopped offering live video; it starts again by itself."
            )
        except OSError:
            self._end = Unavailable("The recorder went away; live video starts again when it is back.")
        except (Unavailable, Invalid, DataLoss) as error:
            self._end = error
        finally:
            self._news.set()

    def _take_in(self, word: Word) -> None:
        match word:
            case Init():
                self._began = Began(word.codec, self._stream, without_audio(word.init))
                self._backlog = Backlog()
            case FragmentNotice(fragment):
                self._backlog.put(fragment.without_audio())
            case Dropped(count):
                self._backlog.interrupt(count)
            case NoStream():
                raise Unavailable("The camera is not delivering this stream now; the page tries again.")
            case _:
                pass


def begin(house: House, asking: Asking, camera: CameraId, role: StreamRole) -> StreamId:
    """Decide, write the audit, and say which stream is meant.

    Raises:
        NotFound: The camera is missing or foreign, or has no such stream.
    """
    with asked(house, asking, Action.VIEW_LIVE, CameraObject(camera)) as (conn, deed):
        stream = _chosen(conn, camera, role)
        deed.facts["stream"] = str(stream)
        return stream


def find(house: House, asking: Asking, camera: CameraId, role: StreamRole) -> StreamId:
    """As `begin`, before anything is shown: allowed requests are not written down.

    Raises:
        NotFound: The camera is missing or foreign, or has no such stream.
        Forbidden: It is known to the asker, but not live.
    """
    require(house, asking, Action.VIEW_LIVE, CameraObject(camera))
    with house.catalog.transaction(asking.subject.name) as conn:
        return _chosen(conn, camera, role)


def watch(house: House, asking: Asking, camera: CameraId, role: StreamRole) -> StreamId:
    """As `begin`, for a player that asks many times a second: that is one view, written down once."""
    if house.recent_views.is_new((asking.session, camera, role, "live")):
        return begin(house, asking, camera, role)
    return find(house, asking, camera, role)


def _chosen(conn: Connection, camera: CameraId, role: StreamRole) -> StreamId:
    by_role = {stream.role: stream for stream in cameras.load(conn, camera).streams}
    # Many cameras have one stream only; the viewer is told which one comes.
    stream = by_role.get(role) or by_role.get(StreamRole.MAIN)
    if stream is None:
        raise NotFound(f"Camera {camera} has no {role} stream; ask for the other one.", camera=camera)
    return stream.id


def may_go_on(house: House, asking: Asking, camera: CameraId) -> bool | None:
    """Look again whether a viewer may go on; None when the session is over, False when the grant is."""
    fresh = sessions.recheck(house, asking)
    if fresh is None:
        return None
    return decide(fresh.subject, Action.VIEW_LIVE, CameraObject(camera)).is_allowed


@asynccontextmanager
async def subscription(house: House, camera: CameraId, stream: StreamId) -> AsyncIterator[Live]:
    """A viewer's connection to the recorder of a camera.

    Raises:
        Unavailable: The recorder is not running.
    """
    try:
        async with asyncio.timeout(_FIRST_WAIT_S):
            reader, writer = await asyncio.open_unix_connection(str(house.recorder_socket(camera)))
    except (OSError, TimeoutError) as error:
        raise Unavailable("The recorder is not running, so there is no live video now.") from error
    try:
        writer.write(encode(Subscribe(stream, in_chunks=True)))
        await writer.drain()
        yield Live(stream, reader)
    finally:
        writer.close()
