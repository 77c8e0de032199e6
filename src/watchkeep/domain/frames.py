"""Frames between our processes: u32 length of what follows, u16 length of the JSON, JSON, binary part.

Big-endian, UTF-8. What the JSON says belongs to the words: `offering` between recorder and watchers,
`processing.words` between analyst and decoder.
"""

import json
import struct
from collections.abc import Mapping
from typing import cast

from watchkeep.domain.errors import Invalid

Facts = Mapping[str, object]

FRAME_LIMIT_BYTES = 64 << 20
"""Half a second of any stream is far below; more is not one of ours."""
_FRAME = struct.Struct(">IH")
_JSON_LENGTH_SIZE = 2


def encode_frame(facts: Mapping[str, object], binary: bytes = b"") -> bytes:
    """One frame."""
    text = json.dumps(facts, separators=(",", ":")).encode()
    head = _FRAME.pack(_JSON_LENGTH_SIZE + len(text) + len(binary), len(text))
    return b"".join((head, text, binary))


class FrameDecoder:
    """Makes frames of bytes as they come."""

    def __init__(self, *, limit_bytes: int = FRAME_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._pending = bytearray()

    def feed(self, received: bytes) -> list[tuple[Facts, bytes]]:
        """Take some bytes; give the frames that are whole now.

        Raises:
            Invalid: The other side does not speak in frames; nothing after can be trusted.
        """
        self._pending += received
        frames: list[tuple[Facts, bytes]] = []
        start = 0
        while len(self._pending) - start >= _FRAME.size:
            length, text_length = _FRAME.unpack_from(self._pending, start)
            if not _JSON_LENGTH_SIZE + text_length <= length <= self._limit_bytes:
                raise Invalid("the other side of the socket sends frames of a wrong length")
            end = start + 4 + length
            if len(self._pending) < end:
                break
            text_end = start + _FRAME.size + text_length
            facts = _facts(bytes(self._pending[start + _FRAME.size : text_end]))
            frames.append((facts, bytes(self._pending[text_end:end])))
            start = end
        del self._pending[:start]
        return frames


def text_of(facts: Facts, name: str) -> str:
    """A text; KeyError or TypeError if there is none."""
    value = facts[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def number_of(facts: Facts, name: str) -> int:
    """A whole number; KeyError or TypeError if there is none."""
    value = facts[name]
    if not isinstance(value, int):
        raise TypeError(name)
    return value


def share_of(facts: Facts, name: str) -> float:
    """A number; KeyError or TypeError if there is none."""
    value = facts[name]
    if not isinstance(value, int | float):
        raise TypeError(name)
    return float(value)


def _facts(text: bytes) -> Facts:
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("the other side of the socket sends words that make no sense") from error
    if not isinstance(facts, dict):
        raise Invalid("the other side of the socket sends words that make no sense")
    return cast("Facts", facts)
