"""Makes the script's faults happen: to streams, to connections, and to what trickles."""

from collections.abc import Callable, Collection, Iterable, Mapping

from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.sources.simulator.connection import Connection
from watchkeep.sources.simulator.fault_script import FaultScript
from watchkeep.sources.simulator.faults import (
    ClockDrift,
    Drop,
    Fault,
    HalfOpen,
    LostPictures,
    PicturesOf,
    Reset,
    SequenceWrap,
    SessionTimeout,
    SsrcChange,
    TimestampJump,
    TimestampWrap,
    active,
)
from watchkeep.sources.simulator.media_section import VIDEO
from watchkeep.sources.simulator.sending import Sender
from watchkeep.sources.simulator.stream import SimulatedStream

# Any odd number would do: elsewhere in all three.
_OTHER_SSRC, _OTHER_SEQUENCE, _OTHER_TIMESTAMP = 0x5EED5EED, 0x2EED, 0x3EED5EED


class FaultEffects:
    """What faults do to the streams and connections of one simulator.

    Args:
        streams: By name.
        connections: All there are, now and later.
        sender: Moves streams between groups.
    """

    def __init__(
        self,
        streams: Mapping[str, SimulatedStream],
        connections: Collection[Connection],
        sender: Sender,
    ) -> None:
        self._streams = streams
        self._connections = connections
        self._sender = sender
        self._start_ticks: int | None = None
        self._has_timeouts = False

    def turn(self, script: FaultScript, now: int) -> None:
        """Begin and end what is due at now, in ticks of Unix time; the script begins with the first turn."""
        if self._start_ticks is None:
            self._start_ticks = now
        change = script.turn((now - self._start_ticks) / TICKS_PER_SECOND)
        if change.begun or change.ended:
            for stream in self._streams.values():
                stream.faults = script.faults_of(stream.name)
            for fault in change.ended:
                self._end(fault, now)
            for fault in change.begun:
                self._begin(fault, now)
            self._has_timeouts = any(
                active(stream.faults, SessionTimeout) is not None for stream in self._streams.values()
            )

    def go_on(self, now: int) -> None:
        """Send what trickles, and end sessions that have run out."""
        for connection in self._connections:
            if connection.trickle is not None:
                connection.drip(now / TICKS_PER_SECOND)
        if self._has_timeouts:
            self._end_sessions(now)

    def _begin(self, fault: Fault, now: int) -> None:
        for stream in self._of(fault):
            self._begin_at(stream, fault, now)
        match fault:
            case Drop():
                self._to_connections(fault, lambda connection: connection.end("dropped"))
            case Reset():
                self._to_connections(
                    fault, lambda connection: connection.end("reset by a fault", resets=True)
                )
            case HalfOpen():
                self._to_connections(fault, Connection.fall_silent)
            case _:
                pass

    def _begin_at(self, stream: SimulatedStream, fault: Fault, now: int) -> None:
        match fault:
            case PicturesOf():
                self._sender.move(stream, self._streams[fault.other].home, now)
            case LostPictures():
                stream.pictures_to_lose += fault.count
            case ClockDrift():
                stream.drifts_since[fault] = now
            case SequenceWrap():
                number = _next_picture(stream, now)
                stream.restamp(VIDEO).sequence += -fault.packets - stream.sequence(VIDEO, number)
            case TimestampWrap():
                ahead = round(fault.after_s * TICKS_PER_SECOND)
                stream.restamp(VIDEO).timestamp += -ahead - stream.timestamp_at(VIDEO, now)
            case TimestampJump():
                stream.restamp(VIDEO).timestamp += round(fault.seconds * TICKS_PER_SECOND)
            case SsrcChange():
                changed = stream.restamp(VIDEO)
                changed.ssrc += _OTHER_SSRC
                changed.sequence += _OTHER_SEQUENCE
                changed.timestamp += _OTHER_TIMESTAMP
            case _:
                pass

    def _end(self, fault: Fault, now: int) -> None:
        for stream in self._of(fault):
            if isinstance(fault, PicturesOf) and active(stream.faults, PicturesOf) is None:
                self._sender.move(stream, stream.home, now)
            stream.drifts_since.pop(fault, None)

    def _end_sessions(self, now: int) -> None:
        for connection in self._connections:
            stream = self._streams.get(connection.stream)
            timeout = active(stream.faults, SessionTimeout) if stream is not None else None
            if timeout is not None and now - connection.heard_ticks > timeout.timeout_s * TICKS_PER_SECOND:
                connection.end("said nothing for the session's timeout")

    def _of(self, fault: Fault) -> Iterable[SimulatedStream]:
        return self._streams.values() if fault.stream is None else (self._streams[fault.stream],)

    def _to_connections(self, fault: Fault, act: Callable[[Connection], None]) -> None:
        for connection in self._connections:
            if fault.stream in (None, connection.stream):
                act(connection)


def _next_picture(stream: SimulatedStream, now: int) -> int:
    if stream.connections:
        return stream.group.next_numbers[VIDEO]
    return stream.group.pictures.next_after(now)
