"""The camera simulator: files as cameras on one port, served by one thread."""

import errno
import logging
import selectors
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from watchkeep.domain.camera import Secret
from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.errors import Conflict, Invalid
from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.sources.simulator.clip import read_clip
from watchkeep.sources.simulator.connection import Connection
from watchkeep.sources.simulator.dialogue import Dialogue
from watchkeep.sources.simulator.messages import answer, take_request
from watchkeep.sources.simulator.picture_clock import PictureClock

log = logging.getLogger(__name__)

_REPORT_EVERY_TICKS = 5 * TICKS_PER_SECOND
# After a suspended machine or a frozen process the missed pictures are left out, not sent in a burst.
_LONGEST_DELAY_TICKS = 10 * TICKS_PER_SECOND
# How soon a changed fault or a stop is seen.
_LONGEST_WAIT_S = 0.05
_NO_PASSWORD = Secret("")


class Stop(Protocol):
    """Says when to end; a threading.Event is one."""

    def is_set(self) -> bool:
        """Whether to end now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorOptions:
    """How the simulator is reached.

    Attributes:
        port: 0 picks a free one; `CameraSimulator.port` tells it.
        user: Who may connect; empty: anyone.
        joins_at_key: Begin with a key picture; otherwise in mid-GOP, as most cameras do.
        client_limit_bytes: How much may wait for a client that does not read before it is dropped.
    """

    host: str = "127.0.0.1"
    port: int = 0
    user: str = ""
    password: Secret = _NO_PASSWORD
    joins_at_key: bool = False
    client_limit_bytes: int = 8 * 1024 * 1024


@dataclass(slots=True, kw_only=True, eq=False)
class _Live:
    """A stream that someone may watch: the next picture and those who get it."""

    clock: PictureClock
    connections: list[Connection]
    next_picture: int = 0
    next_report_ticks: int = 0
    pictures_to_lose: int = 0


class CameraSimulator:
    """Files as cameras: `rtsp://host:port/NAME` for each name, without end.

    Listens as soon as it is made and answers while `serve` runs. The methods for faults may be called from
    any thread; the serving one sees them within 0.05 s.

    Args:
        files: The clip of each name; a second stream of a camera is simply another name: "door", "door/sub".

    Raises:
        NoVideo: A file cannot be read, or holds no H.264 or H.265 video.
        Invalid: No file is given.
        Conflict: The port is taken.
    """

    def __init__(
        self, files: Mapping[str, Path], options: SimulatorOptions | None = None, *, clock: Clock, rng: Rng
    ) -> None:
        if not files:
            raise Invalid("A camera simulator needs at least one file.")
        self._options = options or SimulatorOptions()
        self._rng = rng
        self._clock = clock
        self._start_ns = int(clock.now().timestamp() * 1e9) - clock.monotonic_ns()
        clips = {path: read_clip(path) for path in set(files.values())}
        self._lives = {
            name.strip("/"): _Live(clock=PictureClock(clips[path], rng.token(8)), connections=[])
            for name, path in files.items()
        }
        self._dialogue = Dialogue(
            streams={name: live.clock for name, live in self._lives.items()},
            user=self._options.user,
            password=self._options.password,
            start=self._start,
        )
        self._selector = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._stalled: set[str | None] = set()
        self._to_drop: set[str | None] = set()
        self._refuses_connections = False
        self._refuses_sign_in = False
        self._ntp_offset_s = 0.0
        self._listener: socket.socket | None = None
        self._port = self._options.port
        self._listen()

    @property
    def port(self) -> int:
        """The TCP port."""
        return self._port

    @property
    def names(self) -> tuple[str, ...]:
        """The streams' names, as given."""
        return tuple(self._lives)

    def url(self, name: str) -> str:
        """The address of a stream, without user and password."""
        host = f"[{self._options.host}]" if ":" in self._options.host else self._options.host
        return f"rtsp://{host}:{self._port}/{name.strip('/')}"

    def stall(self, name: str | None = None) -> None:
        """Stop answering and sending, connections stay open; for one stream, or for all with None."""
        self._stalled.add(name)

    def resume(self) -> None:
        """Answer and send again; the pictures of the meantime are lost, as a frozen camera loses them."""
        self._stalled.clear()

    def refuse_connections(self, *, refuses: bool = True) -> None:
        """Close the port (or open it again): connecting is refused by the operating system."""
        self._refuses_connections = refuses

    def refuse_sign_in(self, *, refuses: bool = True) -> None:
        """Answer 401 to everyone (or no more)."""
        self._refuses_sign_in = refuses

    def drop_clients(self, name: str | None = None) -> None:
        """Close the connections of one stream, or all with None."""
        self._to_drop.add(name)

    def lose_pictures(self, name: str, count: int) -> None:
        """Leave out the stream's next pictures; the sequence numbers show the hole."""
        self._lives[name].pictures_to_lose += count

    def shift_ntp(self, seconds: float) -> None:
        """Let the camera's own clock, which only the sender reports tell, be wrong."""
        self._ntp_offset_s = seconds

    def turn(self) -> None:
        """Send what is due and answer what was asked; waits at most 0.05 s."""
        self._apply_faults()
        self._send_due()
        for key, events in self._selector.select(self._wait_s()):
            if key.data is None:
                self._accept()
                continue
            if events & selectors.EVENT_WRITE:
                key.data.flush()
            if events & selectors.EVENT_READ:
                key.data.receive()
                self._answer(key.data)
            self._settle(key.data)

    def close(self) -> None:
        """Close the port and all connections."""
        for connection in list(self._connections):
            self._forget(connection)
        self._close_listener()
        self._selector.close()

    def _ticks(self) -> int:
        """Unix time in ticks. The machine's clock is asked once: its steps do not reach the streams."""
        return (self._start_ns + self._clock.monotonic_ns()) * TICKS_PER_SECOND // 1_000_000_000

    def _listen(self) -> None:
        family = socket.AF_INET6 if ":" in self._options.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._options.host, self._port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            raise Conflict(
                f"Port {self._port} on {self._options.host} cannot be used ({error.strerror}); take another.",
                port=self._port,
            ) from error
        listener.setblocking(False)
        self._port = listener.getsockname()[1]
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ)

    def _close_listener(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            sock, _ = self._listener.accept()
        except OSError as error:
            # Out of descriptors, or gone already: the others go on.
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                log.warning("client not accepted", extra={"reason": error.strerror})
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        nonce = self._rng.token(8).hex()
        connection = Connection(sock, nonce=nonce, limit_bytes=self._options.client_limit_bytes)
        self._connections.add(connection)
        self._selector.register(sock, selectors.EVENT_READ, connection)

    def _answer(self, connection: Connection) -> None:
        try:
            while not connection.is_finished and (request := take_request(connection.received)):
                if not self._is_stalled(connection.stream or request.path):
                    self._dialogue.reply(request, connection, refuses=self._refuses_sign_in)
        except Invalid:
            connection.is_closing = True
            connection.send(answer(None, 400))

    def _start(self, connection: Connection) -> int:
        """Let the connection have pictures from the next one on (see Dialogue.start)."""
        live = self._lives[connection.stream]
        now = self._ticks()
        if not live.connections:
            live.next_picture = live.clock.next_after(now)
            live.next_report_ticks = now + _REPORT_EVERY_TICKS
        if connection not in live.connections:
            live.connections.append(connection)
        first = live.next_picture
        connection.first_picture = live.clock.next_key(first) if self._options.joins_at_key else first
        connection.is_playing = True
        return connection.first_picture

    def _send_due(self) -> None:
        now = self._ticks()
        for name, live in self._lives.items():
            if not live.connections:
                continue
            if now - live.clock.due_ticks(live.next_picture) > _LONGEST_DELAY_TICKS:
                live.next_picture = live.clock.next_after(now)
            is_stalled = self._is_stalled(name)
            while live.clock.due_ticks(live.next_picture) <= now:
                self._send_picture(live, is_stalled=is_stalled)
            if now >= live.next_report_ticks and not is_stalled:
                live.next_report_ticks = now + _REPORT_EVERY_TICKS
                for connection in live.connections:
                    connection.send_report(live.clock, now, self._ntp_offset_s)
            for connection in list(live.connections):
                self._settle(connection)

    def _send_picture(self, live: _Live, *, is_stalled: bool) -> None:
        number = live.next_picture
        live.next_picture += 1
        if is_stalled:
            return
        if live.pictures_to_lose:
            live.pictures_to_lose -= 1
            return
        packets = live.clock.stamped(number)
        for connection in live.connections:
            if number == connection.first_picture:
                connection.send_report(live.clock, self._ticks(), self._ntp_offset_s)
            if number >= connection.first_picture:
                connection.send_media(packets)

    def _settle(self, connection: Connection) -> None:
        """Bring the selector and the lists in line with what the connection has become."""
        if connection.is_finished:
            self._forget(connection)
            return
        if not connection.is_playing and connection.stream:
            live = self._lives[connection.stream]
            if connection in live.connections:
                live.connections.remove(connection)
        write = selectors.EVENT_WRITE if connection.has_waiting else 0
        if self._selector.get_key(connection.socket).events != selectors.EVENT_READ | write:
            self._selector.modify(connection.socket, selectors.EVENT_READ | write, connection)

    def _forget(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        live = self._lives.get(connection.stream)
        if live is not None and connection in live.connections:
            live.connections.remove(connection)
        self._selector.unregister(connection.socket)
        connection.close()
        log.info("client gone", extra={"stream": connection.stream, "reason": connection.fault or "done"})

    def _is_stalled(self, name: str) -> bool:
        return None in self._stalled or name in self._stalled

    def _apply_faults(self) -> None:
        if self._refuses_connections and self._listener is not None:
            self._close_listener()
        elif not self._refuses_connections and self._listener is None:
            # Someone else may hold the port by now: the next turn tries again.
            with suppress(Conflict):
                self._listen()
        while self._to_drop:
            name = self._to_drop.pop()
            for connection in list(self._connections):
                if name is None or connection.stream == name:
                    self._forget(connection)

    def _wait_s(self) -> float:
        now = self._ticks()
        due = [live.clock.due_ticks(live.next_picture) for live in self._lives.values() if live.connections]
        until = min(due, default=now + TICKS_PER_SECOND) - now
        return min(max(until / TICKS_PER_SECOND, 0.0), _LONGEST_WAIT_S)


def serve(simulator: CameraSimulator, stop: Stop) -> None:
    """Serve until stop is set, then close everything."""
    try:
        while not stop.is_set():
            simulator.turn()
    finally:
        simulator.close()
