"""Playing footage: the playlist of a span, and the bytes it points to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain

from watchkeep.application import hls
from watchkeep.application.asking import Asking, asked, require, require_of_found
from watchkeep.application.footage import UNREADABLE, find_stream, reels, report, stretches
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import Invalid, NotFound, Tampered
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.mp4 import audio_offset, without_audio
from watchkeep.domain.segment import Segment, SegmentState
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.recorder_rows import StoredSegment

LONGEST_PLAYLIST = timedelta(hours=12)
READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Video:
    """A segment's video, about to be read: init section and whole fragments.

    Attributes:
        parts: The bytes that may be handed out, as (start, end): all of them, or of a segment that gave up a
            part the init section and each stretch that is left.
    """

    segment: Segment
    length: int
    parts: tuple[tuple[int, int], ...]


def read_playlist(  # what to show, and how
    house: House,
    asking: Asking,
    camera: CameraId,
    when: Interval,
    *,
    role: StreamRole,
    with_audio: bool = False,
) -> str:
    """Write the HLS playlist of a span; with audio it may end early, see `hls.playlist`.

    A player asks for a growing playlist every few seconds; that is one view, written down once. Listening is
    a view of its own.

    Raises:
        NotFound: The camera is missing or foreign, has no such stream, or nothing is recorded there.
        Invalid: The span is longer than twelve hours.
    """
    if when.length > LONGEST_PLAYLIST:
        raise Invalid("A playlist covers at most 12 hours; ask for a shorter span.", longest_s=43200)
    target = CameraObject(camera)
    require(house, asking, Action.VIEW_RECORDED, target)
    if house.recent_views.is_new((asking.session, camera, role, when.start, with_audio)):
        with asked(house, asking, Action.VIEW_RECORDED, target) as (conn, deed):
            deed.facts.update(
                {"from": when.start.isoformat(), "to": when.end.isoformat(), "role": role.value}
            )
            if with_audio:
                deed.facts["audio"] = "yes"
            find_stream(conn, camera, role)
    with house.catalog.transaction(asking.subject.name) as conn:
        _, stream = find_stream(conn, camera, role)
        segments = footage.segments_between(conn, stream.id, when)
    found = [reel for _, reel in reels(house, segments)]
    is_growing = when.end > house.clock.now() or _is_being_written(segments, found, when)
    text = hls.playlist(found, when, is_growing=is_growing, with_audio=with_audio)
    if text is None:
        raise NotFound("Nothing is recorded in this span; the timeline shows what is.", camera=camera)
    return text


def _is_being_written(segments: list[StoredSegment], found: list[hls.Reel], when: Interval) -> bool:
    """Whether the last segment is open and has not yet reached the end of the span."""
    if not segments or segments[-1].state is not SegmentState.OPEN or not found:
        return False
    return not found[-1].is_whole and found[-1].fragments[-1].when.end < when.end


def open_video(house: House, asking: Asking, segment: SegmentId) -> Video:
    """Find a segment and decide whether the asker may see it.

    Allowed reads are not written into the audit one by one: a player makes one every four seconds, and
    the playlist that names the segment was. Refusals are.

    Raises:
        NotFound: There is no such segment, or it belongs to a camera that is not the asker's.
        Forbidden: The camera is known to the asker, but not its footage.
        DataLoss: Its file is gone or damaged; it was reported.
    """
    with house.catalog.transaction(asking.subject.name) as conn:
        try:
            found = footage.segment(conn, segment)
        except NotFound:
            raise _no_such_segment(segment) from None
    require_of_found(house, asking, Action.VIEW_RECORDED, found.camera, missing=_no_such_segment(segment))
    if found.state in (SegmentState.DOOMED, SegmentState.LOST):
        raise _no_such_segment(segment)
    if house.shelf.is_damaged(segment):
        raise Tampered(f"Segment {segment} is damaged; it was reported.", segment=segment)
    try:
        with house.shelf.reading(found) as reader:
            length = reader.video_length
        return Video(found, length, _parts(house, found, length))
    except UNREADABLE as error:
        report(house, found, error)
        raise


def read_bytes(house: House, video: Video, start: int, end: int) -> Iterator[bytes]:
    """The bytes [start, end) of a segment's video; every one has passed its tag.

    The first part is read before this returns, so that damage there is an answer and not a broken one.

    Raises:
        NotFound: They are not there any more: no event claims them.
        DataLoss: Bytes of the first part were changed or are missing; later ones break the iteration.
    """
    _require_claimed(video, start, end)
    first = _read(house, video, start, min(end, start + READ_BYTES))
    return _all(house, video, first, start + READ_BYTES, end)


def read_silent(house: House, video: Video, *, first: int, count: int) -> Iterator[bytes]:
    """Some fragments of a segment without their audio; its init section without audio when count is 0.

    The first part is read before this returns, as in `read_bytes`.

    Raises:
        Invalid: The segment has no such fragments.
        DataLoss: Bytes were changed or are missing.
    """
    parts = _silent_parts(house, video, first=first, count=count)
    start = next(parts)
    return chain([start], parts)


def _silent_parts(house: House, video: Video, *, first: int, count: int) -> Iterator[bytes]:
    reel = house.shelf.reel(video.segment)
    if count == 0:
        yield without_audio(reel.init_section)
        return
    wanted = reel.fragments[first : first + count]
    if len(wanted) < count:
        raise Invalid(
            f"Segment {video.segment.id} has {len(reel.fragments)} fragments; ask for those in its playlist.",
            fragments=len(reel.fragments),
        )
    _require_claimed(video, wanted[0].offset, wanted[-1].offset + wanted[-1].length)
    for fragment in wanted:
        payload = _read(house, video, fragment.offset, fragment.offset + fragment.length)
        yield payload[: audio_offset(payload)]


def _parts(house: House, segment: Segment, length: int) -> tuple[tuple[int, int], ...]:
    if segment.claims is None:
        return ((0, length),)
    reel = house.shelf.reel(segment)
    left = stretches(segment, reel.fragments)
    spans = [(0, len(reel.init_section))]
    for start, end in ((part[0].offset, part[-1].offset + part[-1].length) for part in left):
        if start == spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple(spans)


def _require_claimed(video: Video, start: int, end: int) -> None:
    """Refuse bytes that have expired though their file is there for the sake of others."""
    if start < end and not any(first <= start and end <= last for first, last in video.parts):
        raise NotFound(
            "A part of these bytes has expired; ask for what the playlist names.", segment=video.segment.id
        )


def _all(house: House, video: Video, first: bytes, start: int, end: int) -> Iterator[bytes]:
    yield first
    for offset in range(start, end, READ_BYTES):
        yield _read(house, video, offset, min(end, offset + READ_BYTES))


def _read(house: House, video: Video, start: int, end: int) -> bytes:
    if start >= end:
        return b""
    try:
        with house.shelf.reading(video.segment) as reader:
            return reader.read_video(start, end - start)
    except UNREADABLE as error:
        report(house, video.segment, error)
        raise


def _no_such_segment(segment: SegmentId) -> NotFound:
    return NotFound("There is no such segment here that you may see; it may have expired.", segment=segment)
