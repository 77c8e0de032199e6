"""Exports: a span as one MP4, as the camera sent it, without re-encoding."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from watchkeep.application.asking import Asking, asked
from watchkeep.application.footage import UNREADABLE, find_stream, reels, report
from watchkeep.application.hls import Piece, Reel, within
from watchkeep.application.house import House
from watchkeep.application.mp4 import rebased
from watchkeep.domain.access import Action, CameraObject
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import Conflict, NotFound
from watchkeep.domain.ids import CameraId, RunId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.domain.segment import Segment
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.recorder_rows import StoredSegment

READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Export:
    """An MP4 on its way: the content is made while it is read, one fragment at a time.

    Attributes:
        starts_at: Of the first picture: that of the key picture at or before the start asked for.
        left_out: Segments found damaged on the way; complete when the content has been read.
    """

    file_name: str
    starts_at: datetime
    content: Iterator[bytes] = field(repr=False)
    left_out: list[SegmentId]


def export(
    house: House, asking: Asking, camera: CameraId, when: Interval, *, role: StreamRole = StreamRole.MAIN
) -> Export:
    """Make an MP4 of a span, from the key picture at or before its start.

    Times in it are those of the wall clock since its first picture: a gap stays as long as it was. What it
    holds is, NAL by NAL, what the camera sent.

    Raises:
        NotFound: The camera is missing or foreign, or nothing was recorded in the span.
        Conflict: The picture's format changes within the span; the field says when.
    """
    with asked(house, asking, Action.EXPORT, CameraObject(camera)) as (conn, deed):
        deed.facts.update({"from": when.start.isoformat(), "to": when.end.isoformat(), "role": role.value})
        _, stream = find_stream(conn, camera, role)
        segments = footage.segments_between(conn, stream.id, when)
        plan, init_section, starts_at = _plan(house, segments, when)
        deed.facts["segments"] = str(len(plan))
    left_out: list[SegmentId] = []
    name = f"{camera}_{starts_at:%Y-%m-%dT%H-%M-%SZ}.mp4"
    return Export(name, starts_at, _content(house, plan, when, init_section, left_out), left_out)


def _plan(
    house: House, segments: list[StoredSegment], when: Interval
) -> tuple[list[Segment], bytes, datetime]:
    """The segments that go in, the one init section, and the first picture's time."""
    plan: list[Segment] = []
    first: Piece | None = None
    init_section = b""
    for segment, reel in reels(house, segments):
        pieces = within(reel, when)
        if not pieces:
            continue
        if first is None:
            first, init_section = pieces[0], reel.init_section
        elif reel.init_section != init_section:
            split = pieces[0].when.start
            raise Conflict(
                f"The picture's format changed at {split:%Y-%m-%dT%H:%M:%S.%fZ}; "
                "export up to that instant and from it on.",
                split_at=split,
            )
        plan.append(segment)
    if first is None:
        raise NotFound(
            f"Nothing was recorded between {when.start:%Y-%m-%dT%H:%M:%SZ} and {when.end:%Y-%m-%dT%H:%M:%SZ}."
        )
    return plan, init_section, first.when.start


def _content(
    house: House, plan: list[Segment], when: Interval, init_section: bytes, left_out: list[SegmentId]
) -> Iterator[bytes]:
    yield init_section
    clock = ExportClock()
    numbers = count(1)
    for segment in plan:
        # One after the other, so that memory does not grow with the span.
        for _, reel in reels(house, [segment]):
            pieces = within(reel, when)
            if not _is_whole(house, segment, pieces):
                left_out.append(segment.id)
                continue
            for piece in pieces:
                ticks = clock.ticks(reel, piece)
                with house.shelf.reading(segment) as reader:
                    payload = reader.read_video(piece.offset, piece.length)
                yield rebased(payload, number=next(numbers), decode_ticks=ticks)


def _is_whole(house: House, segment: Segment, pieces: tuple[Piece, ...]) -> bool:
    """Read a segment's part once before any of it is handed out: half a segment would be a silent hole."""
    start, end = pieces[0].offset, pieces[-1].offset + pieces[-1].length
    try:
        for offset in range(start, end, READ_BYTES):
            with house.shelf.reading(segment) as reader:
                reader.read_video(offset, min(READ_BYTES, end - offset))
    except UNREADABLE as error:
        report(house, segment, error)
        return False
    return True


class ExportClock:
    """Decoding times of an export: ticks within a run, wall clock between runs, never backwards."""

    def __init__(self) -> None:
        self._start: datetime | None = None
        self._run: RunId | None = None
        self._shift = 0
        self._end = 0

    def ticks(self, reel: Reel, piece: Piece) -> int:
        """The piece's decoding time in the export, 1/90000 s."""
        if self._start is None:
            self._start = piece.when.start
        if reel.run != self._run:
            passed = (piece.when.start - self._start).total_seconds()
            self._run = reel.run
            self._shift = max(round(passed * TICKS_PER_SECOND), self._end) - piece.start_ticks
        at = max(piece.start_ticks + self._shift, self._end)
        self._end = at + piece.duration_ticks
        return at
