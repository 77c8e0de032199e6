"""Reads a copy of a segment back, past every cache, and believes nothing that was said of it."""

from watchkeep.domain.errors import DataLoss
from watchkeep.domain.segment import Segment
from watchkeep.storage.blobs.store import Blobs
from watchkeep.storage.media.reader import Keys, open_reader


def verify_blob(blobs: Blobs, name: str, segment: Segment, keys: Keys) -> int:
    """Open every record of a copy and compare it with the segment's row.

    The tags say that each byte is one that was sealed, and where; the root digest, that it is this recording.

    Args:
        blobs: The volume.
        name: The copy on it.
        segment: What it must be: id, size and root digest.
        keys: Finds its key.

    Returns:
        Bytes read.

    Raises:
        NotFound: There is no such blob, or the keystore never had its key.
        KeyShredded: Its key was destroyed on purpose.
        DataLoss: It is not whole, was changed, or is another segment.
        Unavailable: The volume does not answer.
        OSError: The disk does not.
    """
    file = blobs.open(name, is_fresh=True)
    try:
        reader = open_reader(file, name, keys)
        reader.verify(with_digests=False)
        final, size = reader.final, file.size()
        is_it = (
            reader.header.segment == segment.id
            and final is not None
            and final.root_digest == segment.root_digest
            and size == segment.size_bytes
        )
        if not is_it:
            raise DataLoss(
                f"{name} on {blobs.label} is whole, but not the recording that the catalog knows",
                path=name,
                segment=segment.id,
            )
        return size
    finally:
        file.close()
