"""Where a stream's worker hands on what it makes, and what it leaves to the next one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchkeep.domain.camera import Stream
from watchkeep.domain.media import Fragment, VideoParameters
from watchkeep.domain.segment import Gap
from watchkeep.runtime.disk_writer import DiskWriter
from watchkeep.runtime.packet_feed import ChunkReaders
from watchkeep.storage.catalog.recorder_rows import RecorderRow


class FragmentReaders(ChunkReaders, Protocol):
    """Who watches while it is recorded."""

    def begin(self, stream: Stream, parameters: VideoParameters, init: bytes) -> None:
        """A run starts: later fragments need this init section."""
        ...

    def publish(self, stream: Stream, fragment: Fragment, *, went_in_chunks: bool = False) -> None:
        """Hand a fragment to those who listen; drops for the slow."""
        ...


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where a worker's fragments and rows go. `submit` never waits."""

    disk: DiskWriter
    readers: FragmentReaders
    submit: Callable[[RecorderRow], None]


@dataclass(frozen=True, slots=True)
class Parting:
    """What a worker leaves to the next one of its stream."""

    last_end: datetime | None = None
    """Where the footage ended."""
    gap: Gap | None = None
    """The gap that lasts."""
