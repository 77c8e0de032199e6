"""A bare RTSP client that sees what the simulator really puts on the wire."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class RtpPacket:
    sequence: int
    timestamp: int
    ssrc: int
    is_marked: bool
    payload: bytes
    payload_type: int = 96


@dataclass(frozen=True, slots=True)
class SenderReport:
    unix_seconds: float
    timestamp: int
    ssrc: int


class RtspClient:
    """One connection; `play()` signs nothing in, `ask()` takes headers for that."""

    def __init__(self, url: str, *, receive_buffer_bytes: int | None = None) -> None:
        self.url = url
        parts = urlsplit(url)
        self.socket = socket.socket()
        if receive_buffer_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(10)
        try:
            self.socket.connect((parts.hostname, parts.port))
        except OSError:
            self.socket.close()
            raise
        self._received = b""
        self._cseq = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def ask(self, method: str, url: str | None = None, **headers: str) -> Answer:
        """Ask and wait for the answer; media in between is dropped."""
        self._cseq += 1
        lines = [f"{method} {url or self.url} RTSP/1.0", f"CSeq: {self._cseq}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while True:
            if self._peek(1) == b"$":
                self._take_frame()
                continue
            return self._take_answer()

    def set_up(self, *, channels: str = "0-1", section: int = 0) -> str:
        """SETUP; returns the session."""
        transport = f"RTP/AVP/TCP;unicast;interleaved={channels}"
        answer = self.ask("SETUP", f"{self.url}/trackID={section}", Transport=transport)
        assert answer.status == 200
        return answer.headers["session"].partition(";")[0]

    def play(self, *, channels: str = "0-1") -> Answer:
        """SETUP and PLAY."""
        return self.ask("PLAY", Session=self.set_up(channels=channels))

    def play_sections(self, *sections: int) -> Answer:
        """SETUP each, on channels 2n and 2n + 1, and PLAY."""
        sessions = {
            self.set_up(channels=f"{2 * section}-{2 * section + 1}", section=section) for section in sections
        }
        assert len(sessions) == 1
        return self.ask("PLAY", Session=sessions.pop())

    def frames(self) -> Iterator[tuple[int, RtpPacket | SenderReport]]:
        """What arrives, with its channel."""
        while True:
            channel, data = self._take_frame()
            if data[1] == 200:
                ntp = int.from_bytes(data[8:16], "big") / (1 << 32)
                yield (
                    channel,
                    SenderReport(
                        ntp - 2_208_988_800,
                        int.from_bytes(data[16:20], "big"),
                        int.from_bytes(data[4:8], "big"),
                    ),
                )
            else:
                yield (
                    channel,
                    RtpPacket(
                        int.from_bytes(data[2:4], "big"),
                        int.from_bytes(data[4:8], "big"),
                        int.from_bytes(data[8:12], "big"),
                        bool(data[1] & 0x80),
                        data[12:],
                        data[1] & 0x7F,
                    ),
                )

    def packets(self, count: int, *, channel: int | None = None) -> list[RtpPacket]:
        """The next RTP packets, of one channel or of any."""
        found: list[RtpPacket] = []
        for came_on, frame in self.frames():
            if isinstance(frame, RtpPacket) and channel in (None, came_on):
                found.append(frame)
                if len(found) == count:
                    break
        return found

    def report(self) -> SenderReport:
        """The next sender report."""
        return next(frame for _, frame in self.frames() if isinstance(frame, SenderReport))

    def send(self, method: str) -> None:
        """Ask and wait for nothing."""
        self._cseq += 1
        self.socket.sendall(f"{method} {self.url} RTSP/1.0\r\nCSeq: {self._cseq}\r\n\r\n".encode())

    def _take_answer(self) -> Answer:
        while b"\r\n\r\n" not in self._received:
            self._fill()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        pairs = [line.partition(":") for line in lines]
        headers: dict[str, str] = {}
        for name, _, value in pairs:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
        body = self._take(int(headers.get("content-length", "0"))).decode("utf-8", "replace")
        return Answer(int(first.split(" ")[1]), headers, body)

    def _take_frame(self) -> tuple[int, bytes]:
        head = self._take(4)
        assert head[:1] == b"$", head
        return head[1], self._take(int.from_bytes(head[2:], "big"))

    def _take(self, count: int) -> bytes:
        self._peek(count)
        taken, self._received = self._received[:count], self._received[count:]
        return taken

    def _peek(self, count: int) -> bytes:
        while len(self._received) < count:
            self._fill()
        return self._received[:count]

    def _fill(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed by the simulator")
        self._received += data
