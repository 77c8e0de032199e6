"""Live video for clients of low-latency HLS: one subscription for each stream, while somebody asks for it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from watchkeep.application import live
from watchkeep.application.house import House
from watchkeep.application.low_latency import TARGET_S, Show
from watchkeep.domain.errors import Exhausted, Invalid, NotFound, Unavailable
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.media import Fragment

log = logging.getLogger(__name__)

IDLE_S = 15.0
"""After so long without a request it ends."""
FIRST_WAIT_S = 12.0
"""It begins with a key picture; cameras send one within ten seconds."""
BLOCKS_S = 3.0 * TARGET_S
STREAMS_LIMIT = 32
"""Of at most 32 MiB each."""


class Broadcast:
    """One stream's show, as long as it is watched."""

    def __init__(self, house: House, camera: CameraId, stream: StreamId) -> None:
        self._house = house
        self._camera = camera
        self._stream = stream
        # Grows from one broadcast to the next: no HLS segment is shorter than a second.
        self._show = Show(first_number=int(house.clock.now().timestamp()))
        self._news = asyncio.Condition()
        self._asked_ns = house.clock.monotonic_ns()
        self._task = asyncio.create_task(self._run())

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    async def playlist(self, *, folder: str, number: int | None, part: int | None) -> str:
        """The playlist, once it holds the piece, or its part, that is asked for.

        Raises:
            Invalid: A piece is asked for that is far from being there.
            Unavailable: It does not come in time.
        """
        await self._until(lambda: self._show.has_begun, FIRST_WAIT_S)
        if number is not None:
            if number > self._show.next_number + 1:
                raise Invalid("_HLS_msn is too far ahead; ask for the piece that follows the last one.")
            await self._until(lambda: self._show.has(number, part), BLOCKS_S)
        return self._show.playlist(folder=folder)

    async def init(self, number: int) -> bytes:
        """An init section, or NotFound."""
        self._asked_ns = self._house.clock.monotonic_ns()
        found = self._show.init(number)
        if found is None:
            raise _gone()
        return found

    async def piece(self, number: int) -> bytes:
        """A whole piece, or NotFound."""
        self._asked_ns = self._house.clock.monotonic_ns()
        found = self._show.piece(number)
        if found is None or not found.is_whole:
            raise _gone()
        return found.payload

    async def part(self, number: int, part: int) -> bytes:
        """A part; waits for the one that is announced.

        Raises:
            NotFound: It is gone, or its piece ended before it.
            Unavailable: It does not come in time.
        """
        if number > self._show.next_number:
            raise _gone()
        await self._until(lambda: self._show.has(number, part), BLOCKS_S)
        found = self._show.piece(number)
        if found is None or part >= len(found.parts):
            raise _gone()
        return found.parts[part].payload

    async def _until(self, is_there: Callable[[], bool], seconds: float) -> None:
        self._asked_ns = self._house.clock.monotonic_ns()
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: is_there() or self.is_over)
        except TimeoutError:
            raise _silent() from None
        if not is_there():
            raise _silent()

    async def _run(self) -> None:
        try:
            async with (
                live.subscription(self._house, self._camera, self._stream) as viewer,
                contextlib.aclosing(viewer.words()) as words,
            ):
                async for word in words:
                    match word:
                        case live.Began():
                            self._show.begin(word.init_section)
                        case Fragment():
                            self._show.take(word)
                        case live.Lost():
                            self._show.interrupt()
                    await self._tell()
                    if self._house.clock.monotonic_ns() - self._asked_ns > IDLE_S * 1e9:
                        return
        except (Unavailable, Invalid) as error:
            log.info("broadcast ended", extra={"reason": str(error)})
        finally:
            # Those who wait look again when the task is done.
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self._tell()))

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


class Broadcasts:
    """The broadcasts of a process."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._running: dict[StreamId, Broadcast] = {}

    def running(self, stream: StreamId) -> Broadcast:
        """The stream's broadcast, or NotFound: only who asks for the playlist begins one."""
        found = self._running.get(stream)
        if found is None or found.is_over:
            raise _gone()
        return found

    def of(self, camera: CameraId, stream: StreamId) -> Broadcast:
        """The stream's broadcast, begun if there is none.

        Raises:
            Exhausted: Too many streams are watched in this way.
        """
        self._running = {each: running for each, running in self._running.items() if not running.is_over}
        if stream not in self._running:
            if len(self._running) >= STREAMS_LIMIT:
                raise Exhausted("Too many streams are watched over HLS; close one, or watch in the page.")
            self._running[stream] = Broadcast(self._house, camera, stream)
        return self._running[stream]


def _gone() -> NotFound:
    return NotFound("This piece of live video is not there; fetch the playlist again.")


def _silent() -> Unavailable:
    return Unavailable("The camera is not delivering this stream now.")
