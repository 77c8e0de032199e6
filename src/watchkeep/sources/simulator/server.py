"""The camera simulator: files as cameras on one port, served by one thread."""

import errno
import logging
import selectors
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from watchkeep.domain.camera import Secret
from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.errors import Conflict, Invalid
from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.domain.rtsp_messages import answer
from watchkeep.sources.simulator.connection import Connection
from watchkeep.sources.simulator.dialogue import Dialogue
from watchkeep.sources.simulator.fault_effects import FaultEffects
from watchkeep.sources.simulator.fault_script import FaultScript
from watchkeep.sources.simulator.faults import (
    ClockOffset,
    Drop,
    Fault,
    LostPictures,
    RefuseSignIn,
    Stall,
    active,
)
from watchkeep.sources.simulator.messages import take_request
from watchkeep.sources.simulator.sending import Sender
from watchkeep.sources.simulator.stream import StreamFiles, make_streams

log = logging.getLogger(__name__)

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
        phases: Into how many groups the streams of one clip are dealt. Those of a group send the same bytes
            at the same instants; with more groups, not all key pictures come at once. A time code in the clip
            tells the wall time in the first group only.
        report_every_s: How often sender reports go out.
    """

    host: str = "127.0.0.1"
    port: int = 0
    user: str = ""
    password: Secret = _NO_PASSWORD
    joins_at_key: bool = False
    client_limit_bytes: int = 8 * 1024 * 1024
    phases: int = 1
    report_every_s: float = 5.0


class CameraSimulator:
    """Files as cameras: `rtsp://host:port/NAME` for each name, without end.

    Listens as soon as it is made and answers while `serve` runs. The methods for faults may be called from
    any thread; the serving one sees them within 0.05 s.

    Args:
        files: The clip of each name; a second stream of a camera is simply another name: "door", "door/sub".
            Names of the same clip share its packets: hundreds cost little more than one (see `numbered`).
        faults: What goes wrong and when, from the first turn on.

    Raises:
        NoVideo: A file cannot be read, or holds no H.264 or H.265 video.
        Invalid: No file is given, or a fault names a stream that is not there.
        Conflict: The port is taken.
    """

    def __init__(
        self,
        files: Mapping[str, Path | StreamFiles],
        options: SimulatorOptions | None = None,
        *,
        faults: Sequence[Fault] = (),
        clock: Clock,
        rng: Rng,
    ) -> None:
        self._options = options or SimulatorOptions()
        self._rng = rng
        self._clock = clock
        self._start_ns = int(clock.now().timestamp() * 1e9) - clock.monotonic_ns()
        self._streams = make_streams(files, phases=self._options.phases, rng=rng)
        self._script = FaultScript(faults, self._streams)
        self._sender = Sender(
            joins_at_key=self._options.joins_at_key,
            report_every_ticks=round(self._options.report_every_s * TICKS_PER_SECOND),
            rng=rng,
        )
        self._dialogue = Dialogue(
            streams=self._streams,
            user=self._options.user,
            password=self._options.password,
            start=self._start,
            rng=rng,
        )
        self._selector = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._unsettled: set[Connection] = set()
        self._effects = FaultEffects(self._streams, self._connections, self._sender)
        self._refuses_connections = False
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
        return tuple(self._streams)

    def url(self, name: str) -> str:
        """The address of a stream, without user and password."""
        host = f"[{self._options.host}]" if ":" in self._options.host else self._options.host
        return f"rtsp://{host}:{self._port}/{name.strip('/')}"

    def inject(self, fault: Fault) -> None:
        """Let a fault happen; its start counts from now on.

        Raises:
            Invalid: It names a stream that is not there.
        """
        self._script.add(fault)

    def clear(self) -> None:
        """End all faults that last; what happened at one instant stays."""
        self._script.end()

    def stall(self, name: str | None = None) -> None:
        """Stop answering and sending, connections stay open; for one stream, or for all with None."""
        self._script.add(Stall(stream=name))

    def resume(self) -> None:
        """Answer and send again; the pictures of the meantime are lost, as a frozen camera loses them."""
        self._script.end(Stall)

    def refuse_connections(self, *, refuses: bool = True) -> None:
        """Close the port (or open it again): connecting is refused by the operating system."""
        self._refuses_connections = refuses

    def refuse_sign_in(self, *, refuses: bool = True) -> None:
        """Answer 401 to everyone (or no more)."""
        if refuses:
            self._script.add(RefuseSignIn())
        else:
            self._script.end(RefuseSignIn)

    def drop_clients(self, name: str | None = None) -> None:
        """Close the connections of one stream, or all with None."""
        self._script.add(Drop(stream=name))

    def lose_pictures(self, name: str, count: int) -> None:
        """Leave out the stream's next pictures; the sequence numbers show the hole."""
        self._script.add(LostPictures(stream=name, count=count))

    def shift_ntp(self, seconds: float) -> None:
        """Let the camera's own clock, which only the sender reports tell, be wrong."""
        self._script.end(ClockOffset)
        self._script.add(ClockOffset(seconds=seconds))

    def turn(self) -> None:
        """Send what is due and answer what was asked; waits at most 0.05 s."""
        now = self._ticks()
        self._open_or_close()
        self._effects.turn(self._script, now)
        self._effects.go_on(now)
        self._sender.send_due(now)
        self._settle_all()
        for key, events in self._selector.select(self._wait_s()):
            if key.data is None:
                self._accept()
                continue
            if events & selectors.EVENT_WRITE:
                key.data.flush()
                self._unsettled.add(key.data)
            if events & selectors.EVENT_READ:
                key.data.receive()
                self._answer(key.data)
        self._settle_all()

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
        connection = Connection(
            sock, nonce=nonce, limit_bytes=self._options.client_limit_bytes, unsettled=self._unsettled
        )
        self._connections.add(connection)
        self._selector.register(sock, selectors.EVENT_READ, connection)

    def _answer(self, connection: Connection) -> None:
        self._unsettled.add(connection)
        try:
            while not connection.is_finished and (request := take_request(connection.received)):
                connection.heard_ticks = self._ticks()
                # A fault that was ordered before the request was sent is seen by its answer.
                self._effects.turn(self._script, connection.heard_ticks)
                faults = self._script.faults_of(connection.stream or request.path)
                if active(faults, Stall) is None:
                    self._dialogue.reply(request, connection, faults)
        except Invalid:
            connection.is_closing = True
            connection.send(answer(None, 400))

    def _start(self, connection: Connection) -> None:
        self._sender.start(self._streams[connection.stream], connection, self._ticks())

    def _settle_all(self) -> None:
        while self._unsettled:
            self._settle(self._unsettled.pop())

    def _settle(self, connection: Connection) -> None:
        """Bring the selector and the lists in line with what the connection has become."""
        if connection not in self._connections:
            return
        if connection.is_finished:
            self._forget(connection)
            return
        if not connection.is_playing and connection.stream:
            self._sender.stop(self._streams[connection.stream], connection)
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.has_waiting else 0)
        known = self._selector.get_map().get(connection.socket)
        if connection.is_silent:
            if known is not None:
                self._selector.unregister(connection.socket)
        elif known is not None and known.events != wanted:
            self._selector.modify(connection.socket, wanted, connection)

    def _forget(self, connection: Connection) -> None:
        self._connections.remove(connection)
        if connection.stream:
            self._sender.stop(self._streams[connection.stream], connection)
        if connection.socket in self._selector.get_map():
            self._selector.unregister(connection.socket)
        connection.close()
        log.info("client gone", extra={"stream": connection.stream, "reason": connection.fault or "done"})

    def _open_or_close(self) -> None:
        if self._refuses_connections and self._listener is not None:
            self._close_listener()
        elif not self._refuses_connections and self._listener is None:
            # Someone else may hold the port by now: the next turn tries again.
            with suppress(Conflict):
                self._listen()

    def _wait_s(self) -> float:
        due = self._sender.next_due_ticks()
        if due is None:
            return _LONGEST_WAIT_S
        return min(max((due - self._ticks()) / TICKS_PER_SECOND, 0.0), _LONGEST_WAIT_S)


def serve(simulator: CameraSimulator, stop: Stop) -> None:
    """Serve until stop is set, then close everything."""
    try:
        while not stop.is_set():
            simulator.turn()
    finally:
        simulator.close()
