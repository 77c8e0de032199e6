"""What stays of a segment as a row of the catalog."""

from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment
from watchkeep.storage.media.format import Summary
from watchkeep.storage.media.volume import Volume


def remainder_row(summary: Summary, volume: Volume) -> SegmentClosed:
    """The row of a segment that was sealed anew and lies in its final place."""
    header = summary.header
    path = volume.final_path(camera=header.camera, day=header.shred_day, segment=header.segment)
    return SegmentClosed(
        StoredSegment(
            id=header.segment,
            camera=header.camera,
            stream=header.stream,
            role=header.role,
            run=header.run,
            sequence=header.sequence,
            data_class=header.data_class,
            state=summary.state,
            when=summary.when,
            size_bytes=summary.size_bytes,
            fragment_count=summary.fragment_count,
            root_digest=summary.root_digest,
            path=volume.relative(path),
            volume=volume.id,
            node=header.node,
            shred_key=header.shred_key,
        )
    )
