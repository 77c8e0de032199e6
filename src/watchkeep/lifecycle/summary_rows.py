"""What a finished segment's file says of itself, as a row of the catalog."""

from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.media.format import Summary
from watchkeep.storage.media.volume import Volume


def row_of(summary: Summary, volume: Volume) -> StoredSegment:
    """The row of a segment that lies in its final place on a volume."""
    header = summary.header
    path = volume.final_path(camera=header.camera, day=header.shred_day, segment=header.segment)
    return StoredSegment(
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
        camera_clock=summary.camera_clock,
        volume=volume.id,
        node=header.node,
        shred_key=header.shred_key,
    )
