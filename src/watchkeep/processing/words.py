"""The words between the analyst and its decoder, framed as domain/frames.py says."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from watchkeep.domain.detection import Attention, Detection, Look, ModelCard, Thresholds
from watchkeep.domain.errors import Invalid
from watchkeep.domain.frames import Facts, FrameDecoder, encode_frame, number_of, share_of, text_of
from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import StreamId
from watchkeep.domain.media import Fragment
from watchkeep.domain.offering import fragment_facts, fragment_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """A run of a stream: what follows needs this init section."""

    stream: StreamId
    init: bytes


@dataclass(frozen=True, slots=True)
class Feed:
    """The next fragment of a stream."""

    stream: StreamId
    fragment: Fragment


@dataclass(frozen=True, slots=True)
class Attend:
    """How closely to look from now on."""

    stream: StreamId
    attention: Attention


@dataclass(frozen=True, slots=True)
class Forget:
    """The stream is not looked at any more."""

    stream: StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePicture:
    """Make a JPEG of recorded footage.

    Attributes:
        number: Comes back with the picture.
        payloads: Fragments in order; the first starts with a key picture.
        at_ticks: Which picture: the one nearest, in media ticks since the run's start.
        width_px: It is made smaller when it is wider.
    """

    number: int
    init: bytes
    payloads: tuple[bytes, ...]
    at_ticks: int
    width_px: int


AnalystWord = Begin | Feed | Attend | Forget | TakePicture


@dataclass(frozen=True, slots=True)
class Ready:
    """The weights are loaded, the sandbox is entered.

    Attributes:
        sandbox: What is forbidden now.
    """

    card: ModelCard
    sandbox: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unfit:
    """The weights cannot be used; the process ends."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Working:
    """A fragment of this stream is begun; who dies now died of it."""

    stream: StreamId


@dataclass(frozen=True, slots=True)
class Looked:
    """A frame was looked at."""

    look: Look


class SkipReason(StrEnum):
    """Why frames were not analysed."""

    SLOW = "slow"
    UNDECODABLE = "undecodable"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Frames were not analysed."""

    stream: StreamId
    frames: int
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Done:
    """A fragment is finished with.

    Attributes:
        seen_until: The newest picture that was compared with what was there before; None: none was yet.
        moved_at: The newest in which something moved.
    """

    stream: StreamId
    sequence: int
    seen_until: datetime | None = None
    moved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Pictures come, and none can be decoded."""

    stream: StreamId
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An ordered picture."""

    number: int
    jpeg: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class NoPicture:
    """An ordered picture cannot be made."""

    number: int
    sentence: str


DecoderWord = Ready | Unfit | Working | Looked | Skipped | Done | Failed | Picture | NoPicture
Read = TypeVar("Read")
LEAST_ASPECT = 0.01
"""Width by height; its inverse is the greatest."""


def encode(word: AnalystWord | DecoderWord) -> bytes:
    """The word as one frame."""
    facts: dict[str, object] = {"word": type(word).__name__}
    binary = b""
    match word:
        case Begin():
            facts |= {"stream": str(word.stream)}
            binary = word.init
        case Feed(stream, fragment):
            facts |= fragment_facts(fragment) | {"word": "Feed", "stream": str(stream)}
            binary = fragment.payload
        case TakePicture():
            parts = (word.init, *word.payloads)
            facts |= {"number": word.number, "at_ticks": word.at_ticks, "width_px": word.width_px}
            facts |= {"lengths": [len(part) for part in parts]}
            binary = b"".join(parts)
        case Ready(card, sandbox):
            facts |= {"card": asdict(card) | {"id": str(card.id)}, "sandbox": list(sandbox)}
        case Looked(look):
            facts |= _look_facts(look)
        case Done():
            facts |= {"stream": str(word.stream), "sequence": word.sequence}
            facts |= {"seen_until": _text(word.seen_until), "moved_at": _text(word.moved_at)}
        case Picture():
            facts |= {"number": word.number, "width_px": word.width_px, "height_px": word.height_px}
            binary = word.jpeg
        case _:
            plain = asdict(word)
            facts |= {name: str(value) if isinstance(value, UUID) else value for name, value in plain.items()}
    return encode_frame(facts, binary)


class AnalystWords:
    """Makes the analyst's words of bytes; the decoder's side."""

    def __init__(self) -> None:
        self._frames = FrameDecoder()

    def feed(self, received: bytes) -> list[AnalystWord]:
        """Take some bytes; give the words that are whole now; Invalid if they are none."""
        return [_checked(_analyst_word, *frame) for frame in self._frames.feed(received)]


class DecoderWords:
    """Makes the decoder's words of bytes; the analyst's side, where nothing in them is trusted."""

    def __init__(self) -> None:
        self._frames = FrameDecoder()

    def feed(self, received: bytes) -> list[DecoderWord]:
        """Take some bytes; give the words that are whole now; Invalid if they are none."""
        return [_checked(_decoder_word, *frame) for frame in self._frames.feed(received)]


def _checked(read: Callable[[Facts, bytes], Read], facts: Facts, binary: bytes) -> Read:
    try:
        return read(facts, binary)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Invalid("analyst and decoder do not understand each other; update both") from error


def _analyst_word(facts: Facts, binary: bytes) -> AnalystWord:
    match text_of(facts, "word"):
        case "Begin":
            return Begin(stream=_stream(facts), init=binary)
        case "Feed":
            return Feed(_stream(facts), fragment_of(facts, binary))
        case "Attend":
            return Attend(_stream(facts), Attention(text_of(facts, "attention")))
        case "Forget":
            return Forget(_stream(facts))
        case "TakePicture":
            parts = _cut(facts["lengths"], binary)
            return TakePicture(
                number=number_of(facts, "number"),
                init=parts[0],
                payloads=tuple(parts[1:]),
                at_ticks=number_of(facts, "at_ticks"),
                width_px=number_of(facts, "width_px"),
            )
    raise ValueError(facts["word"])


def _decoder_word(facts: Facts, binary: bytes) -> DecoderWord:
    if text_of(facts, "word") == "Picture":
        return Picture(
            number=number_of(facts, "number"),
            jpeg=binary,
            width_px=number_of(facts, "width_px"),
            height_px=number_of(facts, "height_px"),
        )
    return _DECODER_WORDS[text_of(facts, "word")](facts)


_DECODER_WORDS: dict[str, Callable[[Facts], DecoderWord]] = {
    "Ready": lambda facts: Ready(_card(facts["card"]), _texts(facts["sandbox"])),
    "Unfit": lambda facts: Unfit(text_of(facts, "sentence")),
    "Working": lambda facts: Working(_stream(facts)),
    "Looked": lambda facts: Looked(_look(facts)),
    "Skipped": lambda facts: Skipped(
        _stream(facts), number_of(facts, "frames"), SkipReason(text_of(facts, "reason"))
    ),
    "Done": lambda facts: Done(
        _stream(facts),
        number_of(facts, "sequence"),
        _instant(facts, "seen_until"),
        _instant(facts, "moved_at"),
    ),
    "Failed": lambda facts: Failed(_stream(facts), text_of(facts, "sentence")),
    "NoPicture": lambda facts: NoPicture(number_of(facts, "number"), text_of(facts, "sentence")),
}


def _look_facts(look: Look) -> dict[str, object]:
    return {
        "stream": str(look.stream),
        "at": look.at.isoformat(),
        "aspect": look.aspect,
        "found": [
            [each.object_type, each.confidence, each.box.left, each.box.top, each.box.right, each.box.bottom]
            for each in look.detections
        ],
    }


def _look(facts: Facts) -> Look:
    found = facts["found"]
    if not isinstance(found, list):
        raise TypeError("found")
    at = datetime.fromisoformat(text_of(facts, "at"))
    if at.utcoffset() is None:
        raise ValueError("times are in UTC")
    aspect = share_of(facts, "aspect")
    if not LEAST_ASPECT <= aspect <= 1 / LEAST_ASPECT:  # not-a-number fails this too
        raise ValueError("no picture has that shape")
    return Look(
        stream=_stream(facts),
        at=at,
        aspect=aspect,
        detections=tuple(
            Detection(str(kind), Box(*(float(edge) for edge in edges)), float(confidence))
            for kind, confidence, *edges in found
        ),
    )


def _card(card: object) -> ModelCard:
    if not isinstance(card, dict):
        raise TypeError("card")
    thresholds = {name: float(value) for name, value in card["thresholds"].items()}
    known = {**card, "thresholds": Thresholds(**thresholds), "object_types": _texts(card["object_types"])}
    return ModelCard(**known | {"id": UUID(card["id"])})


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise TypeError("texts")
    return tuple(values)


def _cut(lengths: object, binary: bytes) -> list[bytes]:
    if not isinstance(lengths, list) or sum(lengths) != len(binary):
        raise TypeError("lengths")
    parts: list[bytes] = []
    at = 0
    for length in lengths:
        parts.append(binary[at : at + length])
        at += length
    return parts


def _text(instant: datetime | None) -> str:
    return "" if instant is None else instant.isoformat()


def _instant(facts: Facts, name: str) -> datetime | None:
    text = text_of(facts, name)
    if not text:
        return None
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() != timedelta(0):
        raise ValueError("times are in UTC")
    return instant


def _stream(facts: Facts) -> StreamId:
    return StreamId(UUID(text_of(facts, "stream")))
