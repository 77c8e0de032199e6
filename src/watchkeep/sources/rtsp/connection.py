"""One connection to a camera, from dialling to its end; nothing in it waits."""

import socket
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit

from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import CameraClock, GapCause, RunEnded, SourceNotice
from watchkeep.sources.address import DEFAULT_PORTS, place_of
from watchkeep.sources.pacing import Lead
from watchkeep.sources.rtsp.conversation import Conversation
from watchkeep.sources.rtsp.dial import Dial, Unanswered
from watchkeep.sources.rtsp.dialogue import Playing, Refused, converse
from watchkeep.sources.rtsp.framing import Framing, ReadBuffer
from watchkeep.sources.rtsp.messages import Response
from watchkeep.sources.rtsp.reception import Reception
from watchkeep.sources.rtsp.sign_in import SignIn

SILENCE_LIMIT_NS = 4_500_000_000
"""A camera from which no picture comes for so long is gone; slower cameras get three of their intervals."""
_LONGEST_SILENCE_NS = 60_000_000_000
_FIRST_PICTURE_LIMIT_NS = 10_000_000_000
_FIRST_KEY_LIMIT_NS = 30_000_000_000
"""Longer than any sensible GOP."""
_LOOK_EVERY_NS = 100_000_000
"""How often the limits of time are looked at."""
_AHEAD_LIMIT_NS = 15_000_000_000
"""What a relay keeps, and sends at once to who joins, is less."""
KEY_LIMIT_NS = 240_000_000_000
"""A GOP that lasts longer cannot be found again; the next connection brings a key picture."""
_REPORT_EVERY_NS = 5_000_000_000
_UNSENT_LIMIT_BYTES = 64 * 1024


class RtspConnection:
    """Polled once a tick. When it is over, `ended` says why, and only `close` is left.

    Attributes:
        ended: Why it is over; None while it lasts.
        has_answered: Whether anybody took the call.
        for_libav: Why another reader may do better with this camera; "" if there is no reason.
    """

    def __init__(
        self,
        address: StreamAddress,
        *,
        clock: Clock,
        rng: Rng,
        buffer: ReadBuffer,
        with_audio: bool,
        with_metadata: bool = False,
    ) -> None:
        """Begin to dial.

        Args:
            address: Checked, `rtsp://`.
            clock: For arrivals and limits.
            rng: For the signatures.
            buffer: Read into, and free again when `poll` returns.
            with_audio: Whether sound is wanted.
            with_metadata: Whether ONVIF metadata is wanted.
        """
        parts = urlsplit(address.url)
        self._address = address
        self._clock = clock
        self._rng = rng
        self._buffer = buffer
        self._dialogue = converse(address.url, with_audio=with_audio, with_metadata=with_metadata)
        now_ns = clock.monotonic_ns()
        self._dial = Dial(parts.hostname or "", parts.port or DEFAULT_PORTS["rtsp"], now_ns=now_ns)
        self._socket: socket.socket | None = None
        self._framing: Framing | None = None
        self._conversation: Conversation | None = None
        self._reception: Reception | None = None
        self._lead = Lead()
        self._channels: Collection[int] = ()
        # Of the read that goes on.
        self._notices: list[SourceNotice] = []
        self._received_at = clock.now()
        self._now_ns = now_ns
        self._unsent = b""
        self._play_began_ns = 0
        self._report_at_ns = 0
        self._look_at_ns = 0
        self.ended: RunEnded | None = None
        self.has_answered = False
        self.for_libav = ""

    @property
    def reception(self) -> Reception | None:
        """What is received; None until the camera plays."""
        return self._reception

    @property
    def camera_clock(self) -> CameraClock | None:
        """What the camera's reports say of its clock."""
        return None if self._reception is None else self._reception.camera_clock

    def poll(self, now_ns: int) -> list[SourceNotice]:
        """What came since the last call; the last notice is RunEnded when it is over."""
        notices: list[SourceNotice] = []
        try:
            if self._socket is None:
                self._look_at_dial(now_ns)
            else:
                self._read(notices, now_ns)
                self._tick(now_ns)
        except OSError:
            self._end(GapCause.STREAM_ENDED, "broke the connection off")
        except Invalid as error:
            self._end(GapCause.NO_VIDEO, f"is not understood: {error}")
        self._lead.take(notices, now_ns)
        if self._lead.ahead_ns(now_ns) > _AHEAD_LIMIT_NS:
            notices.clear()  # they would be dated into the future
            self._end(GapCause.CLOCK_STEP, "sends more time than passes; look at its clock, or restart it")
        if self.ended is not None:
            notices.append(self.ended)
        return notices

    def close(self) -> None:
        """Hang up, with a farewell if the camera still takes it at once."""
        self._dial.close()
        connection, self._socket = self._socket, None
        if connection is None:
            return
        if self._conversation is not None and not self._unsent:
            with suppress(OSError, Invalid):  # it may be gone already
                self._conversation.part()
        connection.close()

    def _look_at_dial(self, now_ns: int) -> None:
        answer = self._dial.poll(now_ns)
        if isinstance(answer, Unanswered):
            self._end(GapCause.UNREACHABLE, answer.sentence)
        elif answer is not None:
            self.has_answered = True
            self._socket = answer
            self._framing = Framing(answer, self._buffer)
            self._conversation = Conversation(
                self._dialogue,
                sign_in=SignIn(self._address.user, self._address.password, rng=self._rng),
                rng=self._rng,
                send=self._send,
                now_ns=now_ns,
            )

    def _read(self, notices: list[SourceNotice], now_ns: int) -> None:
        if self._framing is None:
            return
        self._notices, self._now_ns, self._received_at = notices, now_ns, self._clock.now()
        is_closed = self._framing.read(self._channels, self)
        if self.ended is not None:
            return
        if is_closed or (self._reception is not None and self._reception.has_goodbye):
            self._end(GapCause.STREAM_ENDED, "ended the stream")

    def take_response(self, response: Response) -> None:
        """See Sink."""
        self._answer(response, self._now_ns)

    def take_frame(self, channel: int, packet: bytes) -> None:
        """See Sink."""
        if self._reception is not None and self.ended is None:
            self._notices += self._reception.take(channel, packet, self._received_at, self._now_ns)

    def take_run(self, data: bytes, at: int) -> int:
        """See Sink."""
        if self._reception is None or self.ended is not None:
            return at
        return self._reception.take_run(data, at, self._notices, self._received_at, self._now_ns)

    def _answer(self, response: Response, now_ns: int) -> None:
        outcome = None if self._conversation is None else self._conversation.answer(response, now_ns)
        if isinstance(outcome, Refused):
            if outcome.is_for_libav:
                self.for_libav = outcome.sentence
            self._end(outcome.cause, outcome.sentence)
        elif isinstance(outcome, Playing):
            self._reception = Reception(outcome, is_clear_text=True, now_ns=now_ns)
            self._channels = self._reception.channels
            self._play_began_ns = now_ns
            self._report_at_ns = now_ns + _REPORT_EVERY_NS

    def _tick(self, now_ns: int) -> None:
        if self._unsent:
            self._send(b"")
        if now_ns < self._look_at_ns or self.ended is not None or self._conversation is None:
            return
        self._look_at_ns = now_ns + _LOOK_EVERY_NS
        refused = self._conversation.tick(now_ns)
        if refused is not None:
            self._end(refused.cause, refused.sentence)
            return
        reception = self._reception
        if reception is None:
            return
        if now_ns >= self._report_at_ns:
            self._report_at_ns = now_ns + _REPORT_EVERY_NS
            self._send(reception.report())
        self._look_for_silence(reception, now_ns)

    def _look_for_silence(self, reception: Reception, now_ns: int) -> None:
        silent_ns = now_ns - reception.last_picture_ns
        if reception.last_key_ns is None:
            if silent_ns > _FIRST_PICTURE_LIMIT_NS:
                self._end(GapCause.STALLED, "sends no pictures")
            elif now_ns - self._play_began_ns > _FIRST_KEY_LIMIT_NS:
                self._end(GapCause.NO_VIDEO, "sends no key picture; set a shorter key-frame interval in it")
            return
        limit_ns = min(max(SILENCE_LIMIT_NS, 3 * reception.interval_ns), _LONGEST_SILENCE_NS)
        if silent_ns > limit_ns:
            self._end(GapCause.STALLED, f"sent nothing for {silent_ns / 1e9:.0f} s")
        elif now_ns - reception.last_key_ns > KEY_LIMIT_NS:
            sentence = (
                "sent no key picture for four minutes and is asked anew; set a shorter key-frame interval"
            )
            self._end(GapCause.STREAM_ENDED, sentence)

    def _send(self, data: bytes) -> None:
        """Send what the socket takes now, and keep the rest."""
        if self._socket is None:
            return
        self._unsent += data
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            sent = 0
        self._unsent = self._unsent[sent:]
        if len(self._unsent) > _UNSENT_LIMIT_BYTES:
            self._end(GapCause.STALLED, "takes no requests any more")

    def _end(self, cause: GapCause, sentence: str) -> None:
        if self.ended is None:
            self.ended = RunEnded(cause=cause, detail=f"{place_of(self._address)} {sentence}")
