"""One client's TCP connection: never blocks, never keeps more than its bound."""

import socket
from collections import deque

from watchkeep.sources.simulator.packetisation import on_channel
from watchkeep.sources.simulator.picture_clock import PictureClock


class Connection:
    """What the simulator knows of one client.

    Args:
        sock: The accepted socket, non-blocking.
        nonce: What Digest answers must be made with; also the session's name.
        limit_bytes: How much may wait for a client that does not read; beyond it the connection is broken.
    """

    def __init__(self, sock: socket.socket, *, nonce: str, limit_bytes: int) -> None:
        self.socket = sock
        self.nonce = nonce
        self.received = bytearray()
        self.stream = ""
        self.channel = 0
        self.report_channel = 1
        self.is_playing = False
        self.first_picture = 0
        self.is_closing = False
        self.fault = ""
        self._limit_bytes = limit_bytes
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0

    @property
    def has_waiting(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return bool(self._waiting)

    @property
    def is_finished(self) -> bool:
        """Whether the connection is broken, or closing with nothing left to send."""
        return bool(self.fault) or (self.is_closing and not self._waiting)

    def receive(self) -> None:
        """Take what has arrived into `received`; the end of the connection is a fault."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.fault = error.strerror or "reset"
            return
        if not data:
            self.fault = "closed by the client"
        self.received += data

    def send(self, data: bytes | memoryview) -> None:
        """Send, or keep for later; answers and media go through here in one order."""
        if self.fault:
            return
        sent = 0 if self._waiting else self._try(data)
        if sent == len(data):
            return
        # A copy: the clip's packets are stamped anew for the next client.
        self._waiting.append(bytes(data[sent:]))
        self._waiting_bytes += len(data) - sent
        if self._waiting_bytes > self._limit_bytes:
            self.fault = "does not read"

    def send_media(self, packets: memoryview) -> None:
        """Send interleaved RTP packets on the client's channel."""
        self.send(packets if self.channel == 0 else on_channel(bytes(packets), self.channel))

    def send_report(self, clock: PictureClock, ticks: int, ntp_offset_s: float) -> None:
        """Send an RTCP sender report on the client's channel."""
        self.send(clock.sender_report(ticks, channel=self.report_channel, ntp_offset_s=ntp_offset_s))

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
            self.fault = error.strerror or "reset"
            return 0
