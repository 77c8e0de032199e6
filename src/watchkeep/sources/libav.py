"""A camera or a file as a source of packets, read with libav."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.media import CameraClock, GapCause, RunEnded, RunStarted, SourceNotice
from watchkeep.sources.address import file_path, place_of
from watchkeep.sources.backoff import Backoff
from watchkeep.sources.container import SILENCE_LIMIT_S, open_container
from watchkeep.sources.packet_thread import Opener, PacketThread

log = logging.getLogger(__name__)

_GRACE_S = 1.5
"""libav's own time limit comes first; ours is for a camera that sends reports but no pictures."""
_OPEN_LIMIT_S = 20
_START_LIMIT_S = 30
"""Longer than any sensible GOP."""
_LEFT_BEHIND_LIMIT = 3


class LibavSource:
    """Connects to an address, and again by itself when the connection is over.

    `poll` never blocks: a thread for each connection waits in libav, none waits between connections.
    """

    def __init__(
        self,
        address: StreamAddress,
        *,
        clock: Clock,
        rng: Rng,
        opener: Opener = open_container,
        note: str = "",
    ) -> None:
        """Begin; the first connection is made at the first poll.

        Args:
            address: Where.
            clock: For arrivals and pauses.
            rng: Spreads the pauses.
            opener: Opens the address with libav, blocking.
            note: What a person should know of the connection (see RunStarted).
        """
        self._address = address
        self._clock = clock
        self._opener = opener
        self._note = note
        self._backoff = Backoff(rng)
        self._thread: PacketThread | None = None
        self._left_behind: list[PacketThread] = []
        self._retry_at_ns = clock.monotonic_ns()
        self._began_ns = 0
        self._run_began_ns: int | None = None
        self._is_closed = False
        self._dropped_packets = 0

    @property
    def dropped_packets(self) -> int:
        """Packets dropped because nobody polled; the run was ended there."""
        return self._dropped_packets + (self._thread.dropped_packets if self._thread else 0)

    @property
    def lost_packets(self) -> int:
        """Those dropped here; libav does not tell what the network lost."""
        return self.dropped_packets

    @property
    def malformed_packets(self) -> int:
        """0: libav does not tell."""
        return 0

    @property
    def camera_clock(self) -> CameraClock | None:
        """Unknown: libav mixes the camera's reports into its times."""
        return None

    def poll(self) -> Sequence[SourceNotice]:
        """What came since the last call, in order; never blocks."""
        if self._is_closed:
            return ()
        now_ns = self._clock.monotonic_ns()
        if self._thread is None:
            self._connect(now_ns)
            return ()
        is_over = not self._thread.is_alive
        notices = self._thread.take()
        for notice in notices:
            if isinstance(notice, RunStarted):
                self._run_began_ns = now_ns
        if is_over:
            if not notices or not isinstance(notices[-1], RunEnded):
                notices.append(
                    RunEnded(cause=GapCause.UNKNOWN, detail="reading the stream failed; see the log")
                )
            self._part(notices[-1], now_ns)
        elif (ended := self._look_for_silence(now_ns)) is not None:
            notices.append(ended)
            self._part(ended, now_ns)
        return notices

    def restart(self, *, note: str) -> bool:
        """Between connections: make the next one at the next poll, whatever pause was due.

        Args:
            note: As above.

        Returns:
            False, and nothing is done, while too many connections of before hang in libav.
        """
        if not self._has_room():
            return False
        self._note = note
        self._retry_at_ns = self._clock.monotonic_ns()
        return True

    def close(self) -> None:
        """Let go of the camera. The thread ends by itself within seconds; nobody waits for it."""
        self._is_closed = True
        if self._thread is not None:
            self._thread.close()

    def _connect(self, now_ns: int) -> None:
        if now_ns < self._retry_at_ns or not self._has_room():
            return
        self._began_ns = now_ns
        self._run_began_ns = None
        self._thread = PacketThread(self._address, clock=self._clock, opener=self._opener, note=self._note)

    def _has_room(self) -> bool:
        """Whether few enough connections hang for another one to be made."""
        self._left_behind = [thread for thread in self._left_behind if thread.is_alive]
        return len(self._left_behind) < _LEFT_BEHIND_LIMIT

    def _part(self, ended: SourceNotice, now_ns: int) -> None:
        thread, self._thread = self._thread, None
        if thread is None or not isinstance(ended, RunEnded):
            return
        self._dropped_packets += thread.dropped_packets
        thread.close()
        if thread.is_alive:
            self._left_behind.append(thread)
        began_ns = self._run_began_ns
        good = timedelta(0) if began_ns is None else timedelta(microseconds=(now_ns - began_ns) // 1000)
        has_answered = ended.cause is not GapCause.UNREACHABLE
        pause = self._backoff.after(ended.cause, good=good, has_answered=has_answered)
        self._retry_at_ns = now_ns + pause // timedelta(microseconds=1) * 1000
        log.info(
            "stream lost",
            extra={"place": place_of(self._address), "cause": ended.cause, "pause_s": pause.total_seconds()},
        )

    def _look_for_silence(self, now_ns: int) -> RunEnded | None:
        """Ends a connection that libav itself would wait on for ever."""
        if self._thread is None or file_path(self._address) is not None:
            return None
        place = place_of(self._address)
        heard_ns = self._thread.last_heard_ns
        if heard_ns is None:
            if (now_ns - self._began_ns) / 1e9 > _OPEN_LIMIT_S:
                sentence = f"{place} does not answer; check its address"
                return RunEnded(cause=GapCause.UNREACHABLE, detail=sentence)
            return None
        silent_s = (now_ns - heard_ns) / 1e9
        if silent_s > SILENCE_LIMIT_S + _GRACE_S:
            return RunEnded(cause=GapCause.STALLED, detail=f"nothing came from {place} for {silent_s:.0f} s")
        if self._run_began_ns is None and (now_ns - self._began_ns) / 1e9 > _START_LIMIT_S:
            sentence = f"{place} sends no key picture; set a shorter key-frame interval in the camera"
            return RunEnded(cause=GapCause.NO_VIDEO, detail=sentence)
        return None
