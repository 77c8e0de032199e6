"""Takes the interleaved bytes of a connection apart. Source: RFC 2326 section 10.12."""

import re
import socket
from collections.abc import Collection
from typing import Protocol

from watchkeep.domain.errors import Invalid
from watchkeep.sources.rtsp.messages import Response, read_response, response_length

_DOLLAR = 0x24
_FRAME_HEAD = 4
GARBAGE_LIMIT_BYTES = 256 * 1024
"""What a connection may send between frames before it is given up."""


class Sink(Protocol):
    """Who takes what a connection brings, in its order."""

    def take_response(self, response: Response) -> None:
        """A response is whole."""
        ...

    def take_frame(self, channel: int, packet: bytes) -> None:
        """An RTP or RTCP packet is whole."""
        ...

    def take_run(self, data: bytes, at: int) -> int:
        """Look whether frames that go on with the last one begin at a place, and take them.

        Returns:
            Where the first frame begins that was not taken.
        """
        ...


class ReadBuffer:
    """Where all connections of a loop read into, one after the other, so that none needs its own."""

    def __init__(self, size_bytes: int = 1 << 19) -> None:
        self.view = memoryview(bytearray(size_bytes))


class Framing:
    """Frames and responses of one connection; between two reads it keeps less than one of them.

    Attributes:
        garbage_bytes: What was neither.
    """

    def __init__(self, connection: socket.socket, buffer: ReadBuffer) -> None:
        self._socket = connection
        self._buffer = buffer
        self._rest = b""
        self.garbage_bytes = 0

    @property
    def kept_bytes(self) -> int:
        """Of what is not complete yet."""
        return len(self._rest)

    def read(self, channels: Collection[int], sink: Sink) -> bool:
        """Read once what the socket has.

        Args:
            channels: Those that were agreed; after garbage a frame is only looked for on these.
            sink: Takes what is whole.

        Returns:
            Whether the camera has closed the connection.

        Raises:
            OSError: The connection broke.
            Invalid: The bytes are not RTSP any more.
        """
        try:
            count = self._socket.recv_into(self._buffer.view)
        except BlockingIOError:
            return False
        if count == 0:
            return True
        # One copy: slices of bytes cost half of what slices of a view do. Read into a fresh one of full size
        # and shrunk, they would wander through the heap, and through all caches.
        self.take_apart(bytes(self._buffer.view[:count]), channels, sink)
        return False

    def take_apart(self, data: bytes, channels: Collection[int], sink: Sink) -> None:
        """Hand what is whole to the sink, in order, and keep the rest for the next read.

        Raises:
            Invalid: The bytes are not RTSP any more.
        """
        rest = self._rest
        missing = _missing(rest, data) if rest else 0
        if missing is None:
            data, missing = rest + data, 0
        elif missing:
            # Only the frame that was begun is joined: all that follows would be copied with it.
            frame = rest + data[:missing]
            if channels and frame[1] not in channels:
                data, missing = rest + data, 0
            else:
                sink.take_frame(frame[1], frame[_FRAME_HEAD:])
        self._take(data, sink.take_run(data, missing), channels, sink)

    def _take(self, data: bytes, at: int, channels: Collection[int], sink: Sink) -> None:
        """Hand what is whole from a place on to the sink, in order, and keep the rest for the next read."""
        end = len(data)
        while end - at >= _FRAME_HEAD:
            if data[at] == _DOLLAR and (data[at + 1] in channels or not channels):
                body = at + _FRAME_HEAD
                after = body + (data[at + 2] << 8 | data[at + 3])
                if after > end:
                    break
                sink.take_frame(data[at + 1], data[body:after])
                at = sink.take_run(data, after)
                continue
            length = self._message(data[at:], channels, sink)
            if length is None:
                break
            at += length
        self._rest = data[at:]

    def _message(self, text: bytes, channels: Collection[int], sink: Sink) -> int | None:
        """Take a response, or skip what is none; the bytes taken, None to wait for more."""
        if text.startswith(b"RTSP/"):
            length = response_length(text)
            if length is not None:
                sink.take_response(read_response(text[:length]))
            return length
        if text[:5] == b"RTSP/"[: len(text)]:
            return None
        skipped = _until_next(text, channels)
        self.garbage_bytes += skipped
        if self.garbage_bytes > GARBAGE_LIMIT_BYTES:
            raise Invalid("the camera sends bytes that are neither RTP nor RTSP")
        return skipped


def _missing(rest: bytes, data: bytes) -> int | None:
    """How many bytes of data end the frame that rest begins; None if they do not, or it is none."""
    if rest[0] != _DOLLAR:
        return None
    head = rest[:_FRAME_HEAD] + data[: max(_FRAME_HEAD - len(rest), 0)]
    missing = _FRAME_HEAD + int.from_bytes(head[2:], "big") - len(rest)
    return missing if len(head) == _FRAME_HEAD and missing <= len(data) else None


def _until_next(text: bytes, channels: Collection[int]) -> int:
    """How many bytes to pass over until a frame of these channels, or a response, may begin."""
    marks = b"|".join(re.escape(bytes([_DOLLAR, channel])) for channel in sorted(channels)) or rb"\$"
    found = re.compile(marks + rb"|RTSP/|\$?\Z").search(text, 1)
    return len(text) if found is None else max(found.start(), 1)
