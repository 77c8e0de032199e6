"""The analyst's ear at the recorder: one stream, never waited for, connected again by itself."""

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import StreamId
from watchkeep.domain.offering import Subscribe, Word, WordDecoder, encode

READ_BYTES = 1 << 20
AGAIN_NS = 1_000_000_000
"""After the recorder went away."""


class RecorderReader:
    """Subscribes to a stream on the recorder's socket; `poll` each turn."""

    def __init__(self, find: Callable[[], Path], stream: StreamId, *, clock: Clock) -> None:
        """Connect when first polled.

        Args:
            find: Where the stream's recorder offers it; asked before each connection.
            stream: Which.
            clock: When to try again.
        """
        self._find = find
        self._stream = stream
        self._clock = clock
        self._socket: socket.socket | None = None
        self._decoder = WordDecoder()
        self._connect_at_ns = 0

    @property
    def is_connected(self) -> bool:
        """Whether the recorder is there."""
        return self._socket is not None

    def poll(self) -> list[Word]:
        """What the recorder has said since; never blocks."""
        if self._socket is None and not self._connect():
            return []
        words: list[Word] = []
        try:
            while self._socket is not None:
                received = self._socket.recv(READ_BYTES)
                if not received:
                    self._part()
                    break
                words += self._decoder.feed(received)
                if len(received) < READ_BYTES:
                    break
        except BlockingIOError:
            pass
        except (OSError, Invalid):
            self._part()
        return words

    def say(self, word: Word) -> None:
        """Tell the recorder something; lost when it is not there or takes nothing, so say it again."""
        if self._socket is None:
            return
        frame = encode(word)
        try:
            # Part of a word would spoil those after it.
            if self._socket.send(frame) < len(frame):
                self._part()
        except BlockingIOError:
            pass
        except OSError:
            self._part()

    def close(self) -> None:
        """Leave."""
        self._part()

    def _connect(self) -> bool:
        now_ns = self._clock.monotonic_ns()
        if now_ns < self._connect_at_ns:
            return False
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # A Unix socket connects at once or not at all; the request fits into its empty buffer.
            connection.setblocking(False)
            connection.connect(str(self._find()))
            connection.sendall(encode(Subscribe(self._stream)))
        except OSError:
            connection.close()
            self._connect_at_ns = now_ns + AGAIN_NS
            return False
        self._socket = connection
        self._decoder = WordDecoder()
        return True

    def _part(self) -> None:
        connection, self._socket = self._socket, None
        self._connect_at_ns = self._clock.monotonic_ns() + AGAIN_NS
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()
