"""Bytes that are sent little by little, as a slow or a hostile camera sends them."""

from collections.abc import Iterator

# One drip stays within what a connection may keep for a client that does not read.
_LONGEST_DRIP_BYTES = 1024 * 1024


class Trickle:
    """Sends bytes at a rate.

    Args:
        pieces: What is sent; may be without end.
        bytes_per_second: At which rate.
    """

    def __init__(self, pieces: Iterator[bytes], *, bytes_per_second: float) -> None:
        self.is_over = False
        self._pieces = pieces
        self._bytes_per_second = bytes_per_second
        self._ready = bytearray()
        self._start_s: float | None = None
        self._sent_bytes = 0

    def due(self, now_s: float) -> bytes:
        """What is to be sent by now and was not; the first byte at once."""
        if self._start_s is None:
            self._start_s = now_s
        count = int((now_s - self._start_s) * self._bytes_per_second) + 1 - self._sent_bytes
        count = min(count, _LONGEST_DRIP_BYTES)
        while len(self._ready) < count and (piece := next(self._pieces, None)) is not None:
            self._ready += piece
        taken = bytes(self._ready[:count])
        del self._ready[:count]
        self._sent_bytes += len(taken)
        self.is_over = len(taken) < count
        return taken
