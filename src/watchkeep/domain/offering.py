"""The words between the recorder and those who watch while it records.

A frame, big-endian: u32 length of what follows, u16 length of the JSON, JSON (UTF-8), then the binary part.
A reader says Subscribe once; the recorder answers NoStream or Init, then fragments in order, Dropped where
some are missing, and Init again when a new run begins.
"""

import json
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import RunId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import Fragment

FRAME_LIMIT_BYTES = 64 << 20
"""Half a second of any stream is far below; more is not from a recorder."""
_FRAME = struct.Struct(">IH")
_JSON_LENGTH_SIZE = 2


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A reader wants a stream."""

    stream: StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """A run: the fragments that follow need this init section."""

    stream: StreamId
    codec: str
    """As browsers call it: "avc1.640028"."""
    init: bytes


@dataclass(frozen=True, slots=True)
class FragmentNotice:
    """A fragment of the stream."""

    fragment: Fragment


@dataclass(frozen=True, slots=True)
class Dropped:
    """Fragments are missing here: the reader was too slow for them."""

    count: int


@dataclass(frozen=True, slots=True)
class NoStream:
    """Nothing comes from this stream now; Init follows when it does."""

    stream: StreamId


Word = Subscribe | Init | FragmentNotice | Dropped | NoStream


def encode(word: Word) -> bytes:
    """The word as one frame."""
    facts: dict[str, str | int | bool]
    binary = b""
    match word:
        case Subscribe(stream):
            facts = {"word": "subscribe", "stream": str(stream)}
        case Init():
            facts = {"word": "init", "stream": str(word.stream), "codec": word.codec}
            binary = word.init
        case FragmentNotice(fragment):
            facts, binary = _fragment_facts(fragment), fragment.payload
        case Dropped(count):
            facts = {"word": "dropped", "count": count}
        case _:
            facts = {"word": "no_stream", "stream": str(word.stream)}
    text = json.dumps(facts, separators=(",", ":")).encode()
    head = _FRAME.pack(_JSON_LENGTH_SIZE + len(text) + len(binary), len(text))
    return b"".join((head, text, binary))


class WordDecoder:
    """Makes words of bytes as they come from a socket."""

    def __init__(self, *, limit_bytes: int = FRAME_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._pending = bytearray()

    def feed(self, received: bytes) -> list[Word]:
        """Take some bytes; give the words that are whole now.

        Raises:
            Invalid: The other side does not speak these words; nothing after can be trusted.
        """
        self._pending += received
        words: list[Word] = []
        start = 0
        while len(self._pending) - start >= _FRAME.size:
            length, text_length = _FRAME.unpack_from(self._pending, start)
            if not _JSON_LENGTH_SIZE + text_length <= length <= self._limit_bytes:
                raise Invalid("the other side of the recorder's socket sends frames of a wrong length")
            end = start + 4 + length
            if len(self._pending) < end:
                break
            text_end = start + _FRAME.size + text_length
            text = bytes(self._pending[start + _FRAME.size : text_end])
            words.append(_decode(text, bytes(self._pending[text_end:end])))
            start = end
        del self._pending[:start]
        return words


def _decode(text: bytes, binary: bytes) -> Word:
    try:
        facts = json.loads(text)
        match facts["word"]:
            case "subscribe":
                return Subscribe(StreamId(UUID(facts["stream"])))
            case "init":
                return Init(stream=StreamId(UUID(facts["stream"])), codec=facts["codec"], init=binary)
            case "fragment":
                return FragmentNotice(_fragment(facts, binary))
            case "dropped":
                return Dropped(int(facts["count"]))
            case "no_stream":
                return NoStream(StreamId(UUID(facts["stream"])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid("the other side of the recorder's socket sends words that make no sense") from error
    raise Invalid("the other side of the recorder's socket is of another version; update both")


def _fragment_facts(fragment: Fragment) -> dict[str, str | int | bool]:
    return {
        "word": "fragment",
        "run": str(fragment.run),
        "sequence": fragment.sequence,
        "start": fragment.when.start.isoformat(),
        "end": fragment.when.end.isoformat(),
        "start_ticks": fragment.start_ticks,
        "duration_ticks": fragment.duration_ticks,
        "packets": fragment.packet_count,
        "key": fragment.starts_with_key,
        "media_offset": fragment.media_offset,
    }


def _fragment(facts: dict[str, str], payload: bytes) -> Fragment:
    start, end = (datetime.fromisoformat(facts[name]) for name in ("start", "end"))
    if start.utcoffset() != timedelta(0):
        raise ValueError("times are in UTC")
    return Fragment(
        run=RunId(UUID(facts["run"])),
        sequence=int(facts["sequence"]),
        when=Interval(start, end),
        start_ticks=int(facts["start_ticks"]),
        duration_ticks=int(facts["duration_ticks"]),
        packet_count=int(facts["packets"]),
        starts_with_key=bool(facts["key"]),
        payload=payload,
        media_offset=int(facts["media_offset"]),
    )
