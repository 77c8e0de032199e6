"""Segment files as rows of the catalog."""

from dataclasses import replace
from pathlib import Path

from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import SegmentHeader, SegmentState
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, SegmentOpened, StoredSegment
from watchkeep.storage.media.format import Summary
from watchkeep.storage.media.volume import Volume


def final_path(header: SegmentHeader, volume: Volume) -> Path:
    """Where a segment goes once its row is safe."""
    return volume.final_path(camera=header.camera, day=header.shred_day, segment=header.segment)


def opened_row(
    header: SegmentHeader, volume: Volume, *, when: Interval, size_bytes: int, fragment_count: int
) -> SegmentOpened:
    """The row of a segment that is being written, up to its last durable fragment."""
    return SegmentOpened(
        _stored(
            header,
            volume,
            state=SegmentState.OPEN,
            when=when,
            size_bytes=size_bytes,
            fragment_count=fragment_count,
            root_digest=b"",
        )
    )


def closed_row(summary: Summary, volume: Volume) -> SegmentClosed:
    """The row of a segment that is whole, or was made whole after a crash."""
    stored = _stored(
        summary.header,
        volume,
        state=summary.state,
        when=summary.when,
        size_bytes=summary.size_bytes,
        fragment_count=summary.fragment_count,
        root_digest=summary.root_digest,
    )
    return SegmentClosed(replace(stored, camera_clock=summary.camera_clock))


def _stored(
    header: SegmentHeader,
    volume: Volume,
    *,
    state: SegmentState,
    when: Interval,
    size_bytes: int,
    fragment_count: int,
    root_digest: bytes,
) -> StoredSegment:
    return StoredSegment(
        id=header.segment,
        camera=header.camera,
        stream=header.stream,
        role=header.role,
        run=header.run,
        sequence=header.sequence,
        data_class=header.data_class,
        state=state,
        when=when,
        size_bytes=size_bytes,
        fragment_count=fragment_count,
        root_digest=root_digest,
        path=volume.relative(final_path(header, volume)),
        volume=volume.id,
        node=header.node,
        shred_key=header.shred_key,
    )
