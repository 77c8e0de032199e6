"""A volume as its bytes are read and replaced by name; what holds footage elsewhere offers the same."""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from watchkeep.domain.fs import File, Fs
from watchkeep.domain.ids import SegmentId
from watchkeep.storage.media.volume import PART, Volume


class VolumeStore:
    """The segments of a footage folder by the paths that the catalog keeps."""

    def __init__(self, volume: Volume, *, fs: Fs) -> None:
        self.volume = volume
        self._fs = fs

    def require_same(self) -> None:
        """Look whether the folder is still this volume.

        Raises:
            Conflict: It was unmounted, emptied or swapped.
        """
        self.volume.require_same()

    def open(self, name: str) -> File:
        """Open a segment's file for reading, also one that is in open/ still.

        Raises:
            NotFound: It is not there.
        """
        return self._fs.open(self.volume.locate(name, SegmentId(UUID(Path(name).stem))))

    def put(self, name: str, chunks: Iterable[bytes], size_bytes: int) -> None:
        """Write a file whole: after a crash either the old or the new one is there. Durable on return.

        Raises:
            OSError: It could not be written; the old one is there.
        """
        path = self.volume.within(name)
        part = path.with_name(f"{path.name}{PART}")
        self._fs.unlink(part)
        file = self._fs.create(part)
        try:
            for chunk in chunks:
                file.append(chunk)
            if file.size() != size_bytes:
                raise OSError(f"{part} got {file.size()} bytes instead of {size_bytes}")
            file.sync()
        finally:
            file.close()
        self._fs.rename(part, path)
        self._fs.sync_directory(path.parent)
