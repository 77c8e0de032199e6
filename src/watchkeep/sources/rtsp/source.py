"""A camera as a source of packets, read by our own RTSP client."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.media import CameraClock, GapCause, RunStarted, SourceNotice
from watchkeep.sources.address import place_of
from watchkeep.sources.backoff import Backoff
from watchkeep.sources.rtsp.connection import RtspConnection
from watchkeep.sources.rtsp.framing import ReadBuffer

log = logging.getLogger(__name__)


class RtspSource:
    """Connects to a camera over TCP, and again by itself when the connection is over.

    `poll` reads the socket once and never blocks; there is no thread.

    Attributes:
        for_libav: Why another reader may do better with this camera; "" if there is no reason.
        lost_packets: Missing so far.
        malformed_packets: Those that could not be read so far.
    """

    def __init__(
        self,
        address: StreamAddress,
        *,
        clock: Clock,
        rng: Rng,
        buffer: ReadBuffer,
        with_audio: bool = False,
        with_metadata: bool = False,
    ) -> None:
        """Begin; the first connection is made at the first poll.

        Args:
            address: Checked, `rtsp://`.
            clock: For arrivals and pauses.
            rng: Spreads the pauses, and signs.
            buffer: Shared by all sources of a loop.
            with_audio: Whether sound is wanted; when not, it is not sent for.
            with_metadata: The same of ONVIF metadata.
        """
        self._address = address
        self._clock = clock
        self._rng = rng
        self._buffer = buffer
        self._with_audio = with_audio
        self._with_metadata = with_metadata
        self._backoff = Backoff(rng)
        self._connection: RtspConnection | None = None
        self._retry_at_ns = 0
        self._run_began_ns: int | None = None
        self._is_closed = False
        self._lost_before = self._malformed_before = 0
        self._last_clock: CameraClock | None = None
        """As of the end of the last connection, for the segment that ends with it."""
        self.for_libav = ""

    def poll(self) -> Sequence[SourceNotice]:
        """What came since the last call, in order; never blocks."""
        if self._is_closed:
            return ()
        now_ns = self._clock.monotonic_ns()
        if self._connection is None:
            if now_ns < self._retry_at_ns:
                return ()
            self._run_began_ns = None
            self.for_libav = ""
            self._connection = RtspConnection(
                self._address,
                clock=self._clock,
                rng=self._rng,
                buffer=self._buffer,
                with_audio=self._with_audio,
                with_metadata=self._with_metadata,
            )
        notices = self._connection.poll(now_ns)
        if notices and self._run_began_ns is None and isinstance(notices[0], RunStarted):
            self._run_began_ns = now_ns
        if self._connection.ended is not None:
            self._part(self._connection, self._connection.ended.cause, now_ns)
        return notices

    def close(self) -> None:
        """Let go of the camera."""
        self._is_closed = True
        if self._connection is not None:
            self._connection.close()

    @property
    def lost_packets(self) -> int:
        """RTP packets that are missing, by their numbers, since the source began."""
        reception = self._connection.reception if self._connection else None
        return self._lost_before + (reception.lost_packets if reception else 0)

    @property
    def malformed_packets(self) -> int:
        """Packets that could not be read, since the source began."""
        reception = self._connection.reception if self._connection else None
        return self._malformed_before + (reception.malformed_packets if reception else 0)

    @property
    def camera_clock(self) -> CameraClock | None:
        """What the reports of this connection, or between connections of the last, say; None if nothing."""
        return self._connection.camera_clock if self._connection else self._last_clock

    def _part(self, connection: RtspConnection, cause: GapCause, now_ns: int) -> None:
        self._lost_before, self._malformed_before = self.lost_packets, self.malformed_packets
        self._last_clock = connection.camera_clock
        self._connection = None
        connection.close()
        self.for_libav = connection.for_libav
        began_ns = self._run_began_ns
        good = timedelta(0) if began_ns is None else timedelta(microseconds=(now_ns - began_ns) // 1000)
        pause = self._backoff.after(cause, good=good, has_answered=connection.has_answered)
        self._retry_at_ns = now_ns + pause // timedelta(microseconds=1) * 1000
        log.info(
            "stream lost",
            extra={"place": place_of(self._address), "cause": cause, "pause_s": pause.total_seconds()},
        )
