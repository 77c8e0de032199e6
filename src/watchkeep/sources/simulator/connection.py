"""One client's TCP connection: never blocks, never keeps more than its bound."""

import socket
import struct
from collections import deque

from watchkeep.sources.simulator.packetisation import on_channel
from watchkeep.sources.simulator.trickle import Trickle


class Connection:
    """What the simulator knows of one client.

    Args:
        sock: The accepted socket, non-blocking.
        nonce: What Digest answers must be made with; at first also the session's name.
        limit_bytes: How much may wait for a client that does not read; beyond it the connection is broken.
        unsettled: Told of the connection when it begins to wait for its socket, or ends.

    Attributes:
        stream: The name that was set up; empty until then.
        channels: Of each section that was set up, the channels of its packets and its reports.
        firsts: Of each section that plays, the first unit that this client gets.
        unreported: Sections whose first sender report is still to come; it goes ahead of the first unit.
        heard_ticks: When the client last asked something, in ticks of Unix time.
        refusals: How many right sign-ins were refused as stale.
        is_silent: Nothing is read or sent any more, but the connection stays.
        trickle: What is sent little by little; until it is over nothing else is sent.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        nonce: str,
        limit_bytes: int,
        unsettled: "set[Connection] | None" = None,
    ) -> None:
        self.socket = sock
        self.nonce = nonce
        self.session = nonce
        self.received = bytearray()
        self.stream = ""
        self.channels: dict[int, tuple[int, int]] = {}
        self.firsts: dict[int, int] = {}
        self.unreported: set[int] = set()
        self.is_playing = False
        self.is_closing = False
        self.is_silent = False
        self.heard_ticks = 0
        self.refusals = 0
        self.fault = ""
        self.trickle: Trickle | None = None
        self._limit_bytes = limit_bytes
        self._unsettled = set() if unsettled is None else unsettled
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0

    @property
    def has_waiting(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return bool(self._waiting)

    @property
    def is_finished(self) -> bool:
        """Whether the connection is broken, or closing with nothing left to send."""
        return bool(self.fault) or (self.is_closing and not self._waiting and self.trickle is None)

    def receive(self) -> None:
        """Take what has arrived into `received`; the end of the connection is a fault."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.end(error.strerror or "reset")
            return
        if not data:
            self.end("closed by the client")
        self.received += data

    def send(self, data: bytes | memoryview) -> None:
        """Send, or keep for later; answers and media go through here in one order."""
        if self.fault or self.is_silent:
            return
        sent = 0 if self._waiting else self._try(data)
        if sent == len(data):
            return
        self._unsettled.add(self)
        # A copy: the clip's packets are stamped anew for the next client.
        self._waiting.append(bytes(data[sent:]))
        self._waiting_bytes += len(data) - sent
        if self._waiting_bytes > self._limit_bytes:
            self.end("does not read")

    def send_media(self, section: int, packets: bytes | memoryview) -> None:
        """Send interleaved RTP packets on the section's channel, unless something trickles."""
        if self.trickle is not None:
            return
        channel = self.channels[section][0]
        self.send(packets if channel == 0 else on_channel(bytes(packets), channel))

    def send_trickling(self, trickle: Trickle) -> None:
        """Send little by little from now on; `drip` has to be called for it."""
        self.trickle = trickle

    def drip(self, now_s: float) -> None:
        """Send what of the trickle is due; nothing while the socket takes no more."""
        if self.trickle is None or self._waiting:
            return
        self.send(self.trickle.due(now_s))
        if self.trickle.is_over:
            self.trickle = None
            self._unsettled.add(self)

    def fall_silent(self) -> None:
        """Neither read nor send any more, and stay open."""
        self.is_silent = True
        self.is_playing = False
        self._unsettled.add(self)

    def end(self, reason: str, *, resets: bool = False) -> None:
        """Give the client up; resets: with RST, so that what was not sent yet is thrown away."""
        if resets:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.fault = reason
        self._unsettled.add(self)

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
        while self._waiting and not self.fault:
            first = self._waiting[0]
            sent = self._try(first)
            self._waiting_bytes -= sent
            if sent < len(first):
                self._waiting[0] = first[sent:]
                return
            self._waiting.popleft()

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def _try(self, data: bytes | memoryview) -> int:
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self.end(error.strerror or "reset")
            return 0
