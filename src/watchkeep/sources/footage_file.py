"""An MP4 file as it lies, read without decoding: where its key pictures are, the packets of a part."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.errors import DataLoss, Invalid, NotFound
from watchkeep.domain.media import TICKS_PER_SECOND, Packet, RunStarted, SourceNotice, VideoParameters
from watchkeep.sources.container import (
    access_unit,
    assembler_for,
    open_container,
    parameters_of,
    video_stream,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutline:
    """What a file's own index says.

    Attributes:
        keys: Decoding times of its key pictures since the first picture, 1/90000 s.
        end_ticks: Where it ends, on the same scale.
        created_at: What it says of its beginning; None if nothing.
    """

    keys: tuple[int, ...]
    end_ticks: int
    created_at: datetime | None
    parameters: VideoParameters


def read_outline(path: Path) -> FileOutline:
    """Read a file's index, not its pictures.

    Raises:
        NotFound: It is not there.
        Invalid: It is no MP4 with H.264 or H.265 video, or has no index.
    """
    try:
        with closing(open_container(_address(path))) as container:
            stream = video_stream(container, _address(path))
            entries = [(_ticks(each.timestamp, stream), each.is_keyframe) for each in stream.index_entries]
            created = container.metadata.get("creation_time")
            parameters = parameters_of(stream)
    except FFmpegError as error:
        raise _not_understood(path, error) from None
    if len(entries) < 2 or not entries[0][1]:  # one picture says nothing of how long it lasts
        raise Invalid(
            f"{path} has no index that begins at a key picture; it is not understood", path=str(path)
        )
    first, last = entries[0][0], entries[-1][0]
    return FileOutline(
        keys=tuple(ticks - first for ticks, is_key in entries if is_key),
        end_ticks=last - first + (last - entries[-2][0]),
        created_at=_instant(created),
        parameters=parameters,
    )


def read_packets(path: Path, start_ticks: int, end_ticks: int) -> tuple[VideoParameters, list[Packet], int]:
    """The packets of a part that begins at a key picture.

    Returns:
        The parameters, the packets as if they came when they were decoded, and the decoding time of the
        file's first picture on the packets' axis.

    Raises:
        NotFound: The file is not there.
        DataLoss: It ends before, or is not what it was.
    """
    packets: list[Packet] = []
    parameters: VideoParameters | None = None
    zero = 0
    try:
        with closing(open_container(_address(path))) as container:
            stream = video_stream(container, _address(path))
            zero = _first_ticks(stream, path)
            for notice in _notices(container, stream, path, start_ticks, end_ticks):
                if isinstance(notice, RunStarted):
                    parameters = notice.parameters
                elif isinstance(notice, Packet):
                    packets.append(notice)
    except FFmpegError as error:
        raise _not_understood(path, error) from None
    if parameters is None or not packets or not packets[0].is_key:
        raise _changed(path)
    return parameters, packets, zero


def _notices(
    container: InputContainer, stream: VideoStream, path: Path, start_ticks: int, end_ticks: int
) -> Iterator[SourceNotice]:
    """What a recorder would make of the pictures of a part; each arrives when it is decoded."""
    assembler, size = assembler_for(stream, _address(path))
    first = stream.index_entries[0].timestamp
    zero = _ticks(first, stream)
    container.seek(first + _units(start_ticks, stream), stream=stream)
    for packet in container.demux(stream):
        if not packet.size or packet.dts is None:
            continue
        since = _ticks(packet.dts, stream) - zero
        if since >= end_ticks:
            return
        if since >= start_ticks:
            at = _EPOCH + timedelta(microseconds=since * 1_000_000 // TICKS_PER_SECOND)
            yield from assembler.take(access_unit(packet, container, at, length_size=size))


def _first_ticks(stream: VideoStream, path: Path) -> int:
    if not len(stream.index_entries):
        raise _changed(path)
    return _ticks(stream.index_entries[0].timestamp, stream)


def _changed(path: Path) -> DataLoss:
    return DataLoss(f"{path} is not what it was when it was adopted; look at the disk", path=str(path))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _address(path: Path) -> StreamAddress:
    return StreamAddress(url=path.as_uri())


def _ticks(time: int, stream: VideoStream) -> int:
    """A time of the stream in 1/90000 s, rounded to the nearest, as `access_unit` does."""
    base = stream.time_base
    if base is None:
        raise Invalid("the video has no time base; it is not understood")
    return (2 * time * base.numerator * TICKS_PER_SECOND + base.denominator) // (2 * base.denominator)


def _units(ticks: int, stream: VideoStream) -> int:
    """Ticks in the stream's own units, rounded up: a seek goes to the key picture at or before."""
    base = stream.time_base
    if base is None:
        raise Invalid("the video has no time base; it is not understood")
    return -(-ticks * base.denominator // (TICKS_PER_SECOND * base.numerator))


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def _not_understood(path: Path, error: FFmpegError) -> Invalid | NotFound:
    if isinstance(error, FileNotFoundError):
        return NotFound(f"{path} is not there", path=str(path))
    return Invalid(f"{path} is not understood ({error.strerror})", path=str(path))
