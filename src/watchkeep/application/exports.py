"""Exports: a span as one MP4, as the camera sent it, without re-encoding."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from watchkeep.application.asking import Asking, asked
from watchkeep.application.footage import UNREADABLE, find_stream, reels, report
from watchkeep.application.hls import Reel, StoredFragment, within
from watchkeep.application.house import House
from watchkeep.application.mp4 import ExportAudio, rebased
from watchkeep.domain.access import Action, CameraObject
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.document_boxes import moved_documents
from watchkeep.domain.errors import Conflict, DataLoss, NotFound
from watchkeep.domain.ids import CameraId, RunId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND, CameraClock
from watchkeep.domain.mp4 import AudioSetup, audio_offset, audio_setup, without_audio
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.recorder_rows import StoredSegment


@dataclass(frozen=True, slots=True)
class Export:
    """An MP4 on its way: the content is made while it is read, one fragment at a time.

    Attributes:
        starts_at: Of the first picture: that of the key picture at or before the start asked for.
        left_out: Segments that cannot be read, be they damaged or on a volume that is away; complete when the
            content has been read.
        camera_clocks: How the camera's own clock stood at the end of each segment, as far as it is known.
        segment_count: How many segments there are.
    """

    file_name: str
    starts_at: datetime
    content: Iterator[bytes] = field(repr=False)
    left_out: list[SegmentId]
    camera_clocks: tuple[CameraClock, ...]
    segment_count: int


def export(  # what goes in, and how
    house: House,
    asking: Asking,
    camera: CameraId,
    when: Interval,
    *,
    role: StreamRole = StreamRole.MAIN,
    with_audio: bool = True,
) -> Export:
    """Make an MP4 of a span, from the key picture at or before its start.

    Times in it are those of the wall clock since its first picture: a gap stays as long as it was. What it
    holds is, NAL by NAL and audio packet by audio packet, what the camera sent. Where a run has no audio, the
    export is silent.

    Raises:
        NotFound: The camera is missing or foreign, or nothing was recorded in the span.
        Conflict: The format of the picture or of the audio changes within the span; the field says when.
    """
    with asked(house, asking, Action.EXPORT, CameraObject(camera)) as (conn, deed):
        deed.facts.update({"from": when.start.isoformat(), "to": when.end.isoformat(), "role": role.value})
        _, stream = find_stream(conn, camera, role)
        plan = _plan(house, footage.segments_between(conn, stream.id, when), when, with_audio=with_audio)
        deed.facts["segments"] = str(len(plan.segments))
        deed.facts["audio"] = "no" if plan.audio is None else "yes"
    left_out = list(plan.unread)
    name = f"{camera}_{plan.starts_at:%Y-%m-%dT%H-%M-%SZ}.mp4"
    return Export(
        name,
        plan.starts_at,
        _content(house, plan, when, left_out),
        left_out,
        tuple(each.camera_clock for each in plan.segments if each.camera_clock is not None),
        len(plan.segments),
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What goes into an export: its segments, the one init section, and what that says of audio."""

    segments: list[StoredSegment]
    init_section: bytes
    audio: AudioSetup | None
    starts_at: datetime
    unread: list[SegmentId]


def _plan(house: House, segments: list[StoredSegment], when: Interval, *, with_audio: bool) -> _Plan:
    chosen: list[StoredSegment] = []
    unread = dict.fromkeys(segment.id for segment in segments)
    first: StoredFragment | None = None
    silent, audible = b"", b""
    for segment, reel in reels(house, segments):
        unread.pop(segment.id, None)
        fragments = within(reel, when)
        if not fragments:
            continue
        pictures = without_audio(reel.init_section)
        if first is None:
            first, silent = fragments[0], pictures
        elif pictures != silent:
            raise _changed("The picture's format", "", fragments[0])
        if with_audio and reel.audio is not None:
            if audible and reel.init_section != audible:
                raise _changed("The audio's format", ", or without audio", fragments[0])
            audible = reel.init_section
        if not chosen or chosen[-1].id != segment.id:
            chosen.append(segment)
    if first is None and unread:
        raise DataLoss(
            f"What was recorded from {when.start:%Y-%m-%dT%H:%M:%SZ} to {when.end:%Y-%m-%dT%H:%M:%SZ} cannot"
            " be read now; `watchkeep volumes` says which volume is away, `watchkeep doctor` what is wrong.",
            segments=[str(each) for each in unread],
        )
    if first is None:
        raise NotFound(
            f"Nothing was recorded between {when.start:%Y-%m-%dT%H:%M:%SZ} and {when.end:%Y-%m-%dT%H:%M:%SZ}."
        )
    init_section = audible or silent
    return _Plan(chosen, init_section, audio_setup(init_section), first.when.start, list(unread))


def _changed(what: str, other_way: str, fragment: StoredFragment) -> Conflict:
    split = fragment.when.start
    return Conflict(
        f"{what} changed at {split:%Y-%m-%dT%H:%M:%S.%fZ}; "
        f"export up to that instant and from it on{other_way}.",
        split_at=split,
    )


def _content(house: House, plan: _Plan, when: Interval, left_out: list[SegmentId]) -> Iterator[bytes]:
    yield plan.init_section
    clock, documents = ExportClock(), count(0)
    audio = None if plan.audio is None else ExportAudio(plan.audio.timescale)
    numbers = count(1)
    for segment in plan.segments:
        # One after the other, so that memory does not grow with the span.
        for _, reel in reels(house, [segment]):
            fragments = within(reel, when)
            if not fragments:
                continue  # another stretch of a segment that gave up a part
            if not _is_whole(house, segment, fragments):
                left_out.append(segment.id)
                continue
            for fragment in fragments:
                ticks = clock.ticks(reel, fragment)
                with house.shelf.reading(segment) as reader:
                    payload = reader.read_video(fragment.offset, fragment.length)
                end = audio_offset(payload)
                yield rebased(payload[:end], number=next(numbers), decode_ticks=ticks)
                if end < len(payload):
                    beside, shift_ticks = payload[end:], ticks - fragment.start_ticks
                    moved = moved_documents(beside, shift_ticks=shift_ticks, numbers=documents)
                    if audio is not None:
                        moved += audio.moved(beside, shift_ticks=shift_ticks, numbers=numbers)
                    if moved:
                        yield moved


def _is_whole(house: House, segment: StoredSegment, fragments: tuple[StoredFragment, ...]) -> bool:
    """Read a segment's part once before any of it is handed out: half a segment would be a silent hole."""
    try:
        for fragment in fragments:
            with house.shelf.reading(segment) as reader:
                reader.read_video(fragment.offset, fragment.length)
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

    def ticks(self, reel: Reel, fragment: StoredFragment) -> int:
        """The fragment's decoding time in the export, 1/90000 s."""
        if self._start is None:
            self._start = fragment.when.start
        if reel.run != self._run:
            passed = (fragment.when.start - self._start).total_seconds()
            self._run = reel.run
            self._shift = max(round(passed * TICKS_PER_SECOND), self._end) - fragment.start_ticks
        at = max(fragment.start_ticks + self._shift, self._end)
        self._end = at + fragment.duration_ticks
        return at
