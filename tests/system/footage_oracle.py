"""What the camera really sent against what is on disk: an oracle that trusts none of our clocks.

The simulator sends the frame of media time m when the Unix time is m modulo the clip's length. So each stored
picture, recognised by its bytes, tells when it was sent.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av

PARAMETER_SETS = {"h264": {7, 8}, "hevc": {32, 33, 34}}


def nal_units(data: bytes, codec: str, extradata: bytes | None) -> tuple[bytes, ...]:
    """Split an access unit, length-prefixed (avcC, hvcC) or Annex B, and leave parameter sets out."""
    is_annexb = not extradata or extradata[:3] in (b"\0\0\0", b"\0\0\1")
    units = list(_annexb(data) if is_annexb else _prefixed(data))
    skipped = PARAMETER_SETS[codec]
    return tuple(unit for unit in units if _kind(unit, codec) not in skipped)


def _kind(unit: bytes, codec: str) -> int:
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63


def _prefixed(data: bytes) -> Iterator[bytes]:
    position = 0
    while position + 4 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        yield data[position + 4 : position + 4 + length]
        position += 4 + length


def _annexb(data: bytes) -> Iterator[bytes]:
    for part in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1"):
        if part:
            yield part.rstrip(b"\0") or part


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a clip."""

    index: int
    media_s: float
    nals: tuple[bytes, ...]


class Clip:
    """The pictures that a camera sends, recognisable by their bytes."""

    def __init__(self, path: Path) -> None:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            codec = stream.codec_context.name
            packets = [packet for packet in container.demux(stream) if packet.size]
            start = min(packet.pts for packet in packets)
            self.pictures = [
                Picture(
                    index,
                    float((packet.pts - start) * stream.time_base),
                    nal_units(bytes(packet), codec, stream.codec_context.extradata),
                )
                for index, packet in enumerate(packets)
            ]
            rate = stream.average_rate
        self.length_s = round(len(self.pictures) / float(rate), 6)
        self._by_bytes = {fingerprint(picture.nals): picture for picture in self.pictures}

    @property
    def has_twins(self) -> bool:
        """Whether two pictures have the same bytes, so that one does not tell its time."""
        return len(self._by_bytes) < len(self.pictures)

    def follows(self, pictures: list[tuple[bytes, ...]]) -> int | None:
        """The position in `pictures` that first departs from the endless clip; None if all follow."""
        furthest = 0
        for start, picture in enumerate(self.pictures):
            if picture.nals != pictures[0]:
                continue
            for offset, nals in enumerate(pictures):
                if nals != self.pictures[(start + offset) % len(self.pictures)].nals:
                    furthest = max(furthest, offset)
                    break
            else:
                return None
        return furthest

    def find(self, nals: tuple[bytes, ...]) -> Picture | None:
        return self._by_bytes.get(fingerprint(nals))

    def sent_at(self, picture: Picture, *, near: datetime) -> datetime:
        """The instant nearest to `near` at which the simulator sends that picture."""
        turns = round((near.timestamp() - picture.media_s) / self.length_s)
        return datetime.fromtimestamp(turns * self.length_s + picture.media_s, UTC)


def fingerprint(nals: tuple[bytes, ...]) -> bytes:
    digest = hashlib.sha256()
    for nal in nals:
        digest.update(len(nal).to_bytes(4, "big") + nal)
    return digest.digest()


def pictures_of_mp4(data: bytes | Path) -> list[tuple[bytes, ...]]:
    """The NAL units of every access unit in an MP4, in decoding order."""
    source = str(data) if isinstance(data, Path) else io.BytesIO(data)
    with av.open(source) as container:
        stream = container.streams.video[0]
        codec, extradata = stream.codec_context.name, stream.codec_context.extradata
        return [
            nal_units(bytes(packet), codec, extradata) for packet in container.demux(stream) if packet.size
        ]


@dataclass(frozen=True, slots=True)
class TimedPicture:
    """A picture of a file, and when it is shown, in ticks of 1/90000 s."""

    nals: tuple[bytes, ...]
    pts: Fraction
    dts: Fraction


def timed_pictures(path: Path) -> list[TimedPicture]:
    """The pictures of a file in decoding order."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec, extradata = stream.codec_context.name, stream.codec_context.extradata
        return [
            TimedPicture(
                nal_units(bytes(packet), codec, extradata),
                packet.pts * packet.time_base * 90_000,
                packet.dts * packet.time_base * 90_000,
            )
            for packet in container.demux(stream)
            if packet.size
        ]


def place_in(part: Sequence[object], whole: Sequence[object]) -> int | None:
    """Where a sequence stands in a longer one, whole and without a hole; None if it does not."""
    for start, each in enumerate(whole[: len(whole) - len(part) + 1]):
        if each == part[0] and whole[start : start + len(part)] == part:
            return start
    return None


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture found on disk, and when the camera sent it."""

    sent_at: datetime
    index: int


def stored_pictures(clip: Clip, segments: list[tuple[datetime, bytes]]) -> list[StoredPicture]:
    """All pictures of the segments (start, MP4 bytes), oldest first; an unknown picture is an error."""
    assert not clip.has_twins, "the clip's pictures must differ"
    found: list[StoredPicture] = []
    for start, data in sorted(segments):
        for position, nals in enumerate(pictures_of_mp4(data)):
            picture = clip.find(nals)
            assert picture is not None, (
                f"picture {position} of the segment at {start} is no picture of the clip"
            )
            near = start + timedelta(seconds=position * clip.length_s / len(clip.pictures))
            found.append(StoredPicture(clip.sent_at(picture, near=near), picture.index))
    return found
