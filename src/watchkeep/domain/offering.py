"""The words between the recorder and those who watch while it records.

Framed as `frames` says. A reader says Subscribe once; the recorder answers NoStream or Init, then fragments
in order, Dropped where some are missing, and Init again when a new run begins. The analyst, a reader itself,
says Sighted about once a second, and at once on a change.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from watchkeep.domain.errors import Invalid
from watchkeep.domain.frames import FRAME_LIMIT_BYTES, Facts, FrameDecoder, encode_frame, number_of, text_of
from watchkeep.domain.ids import CameraId, RunId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import Fragment
from watchkeep.domain.sighting import Sighting


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A reader wants a stream."""

    stream: StreamId
    in_chunks: bool = False
    """For somebody who watches: chunks of a tenth of a second, before their fragment is whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """A run: the fragments that follow need this init section."""

    stream: StreamId
    codec: str
    """As browsers call it: "avc1.640028"."""
    init: bytes


@dataclass(frozen=True, slots=True)
class FragmentNotice:
    """A fragment of the stream, or a chunk of one for those who want chunks."""

    fragment: Fragment


@dataclass(frozen=True, slots=True)
class Dropped:
    """Fragments are missing here: the reader was too slow for them."""

    count: int


@dataclass(frozen=True, slots=True)
class NoStream:
    """Nothing comes from this stream now; Init follows when it does."""

    stream: StreamId


@dataclass(frozen=True, slots=True)
class Sighted:
    """The analyst says what it sees of a camera."""

    sighting: Sighting


Word = Sighted | Subscribe | Init | FragmentNotice | Dropped | NoStream


def encode(word: Word) -> bytes:
    """The word as one frame."""
    facts: dict[str, str | int | bool]
    binary = b""
    match word:
        case Subscribe(stream, in_chunks):
            facts = {"word": "subscribe", "stream": str(stream), "in_chunks": in_chunks}
        case Init():
            facts = {"word": "init", "stream": str(word.stream), "codec": word.codec}
            binary = word.init
        case FragmentNotice(fragment):
            facts, binary = fragment_facts(fragment), fragment.payload
        case Sighted(sighting):
            facts = _sighting_facts(sighting)
        case Dropped(count):
            facts = {"word": "dropped", "count": count}
        case _:
            facts = {"word": "no_stream", "stream": str(word.stream)}
    return encode_frame(facts, binary)


class WordDecoder:
    """Makes words of bytes as they come from a socket."""

    def __init__(self, *, limit_bytes: int = FRAME_LIMIT_BYTES) -> None:
        self._frames = FrameDecoder(limit_bytes=limit_bytes)

    def feed(self, received: bytes) -> list[Word]:
        """Take some bytes; give the words that are whole now.

        Raises:
            Invalid: The other side does not speak these words; nothing after can be trusted.
        """
        return [_decode(facts, binary) for facts, binary in self._frames.feed(received)]


def _decode(facts: Facts, binary: bytes) -> Word:
    try:
        match text_of(facts, "word"):
            case "subscribe":
                return Subscribe(_stream(facts), bool(number_of(facts, "in_chunks")))
            case "init":
                return Init(stream=_stream(facts), codec=text_of(facts, "codec"), init=binary)
            case "fragment":
                return FragmentNotice(fragment_of(facts, binary))
            case "dropped":
                return Dropped(number_of(facts, "count"))
            case "no_stream":
                return NoStream(_stream(facts))
            case "sighted":
                return Sighted(_sighting(facts))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid("the other side of the recorder's socket sends words that make no sense") from error
    raise Invalid("the other side of the recorder's socket is of another version; update both")


def _stream(facts: Facts) -> StreamId:
    return StreamId(UUID(text_of(facts, "stream")))


def _sighting_facts(sighting: Sighting) -> dict[str, str | int | bool]:
    def text(instant: datetime | None) -> str:
        return "" if instant is None else instant.isoformat()

    return {
        "word": "sighted",
        "camera": sighting.camera,
        "until": text(sighting.until),
        "moved_at": text(sighting.moved_at),
        "event_at": text(sighting.event_at),
        "tells_events": sighting.tells_events,
        "blind": sighting.blind,
    }


def _sighting(facts: Facts) -> Sighting:
    def instant(name: str) -> datetime | None:
        text = text_of(facts, name)
        return _in_utc(text) if text else None

    return Sighting(
        camera=CameraId(text_of(facts, "camera")),
        until=instant("until"),
        moved_at=instant("moved_at"),
        event_at=instant("event_at"),
        tells_events=bool(number_of(facts, "tells_events")),
        blind=text_of(facts, "blind"),
    )


def _in_utc(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() != timedelta(0):
        raise ValueError("times are in UTC")
    return instant


def fragment_facts(fragment: Fragment) -> dict[str, str | int | bool]:
    """A fragment without its payload, as JSON values."""
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
        "audio_offset": fragment.audio_offset,
    }


def fragment_of(facts: Facts, payload: bytes) -> Fragment:
    """A fragment of what `fragment_facts` made; ValueError, KeyError or TypeError if it is none."""
    start, end = (_in_utc(text_of(facts, name)) for name in ("start", "end"))
    return Fragment(
        run=RunId(UUID(text_of(facts, "run"))),
        sequence=number_of(facts, "sequence"),
        when=Interval(start, end),
        start_ticks=number_of(facts, "start_ticks"),
        duration_ticks=number_of(facts, "duration_ticks"),
        packet_count=number_of(facts, "packets"),
        starts_with_key=bool(number_of(facts, "key")),
        payload=payload,
        media_offset=number_of(facts, "media_offset"),
        audio_offset=number_of(facts, "audio_offset"),
    )
