"""What the recorder asks of a source of packets; `sources` holds those that there are."""

from collections.abc import Sequence
from typing import Protocol

from watchkeep.domain.media import CameraClock, SourceNotice


class PacketSource(Protocol):
    """Where a stream's packets come from. It connects, and connects again, by itself."""

    def poll(self) -> Sequence[SourceNotice]:
        """What came since the last call, in order; never blocks.

        RunStarted, then Packets, AudioPackets and Documents, then RunEnded; after a failed attempt RunEnded
        alone.
        """
        ...

    def close(self) -> None:
        """Let go of the camera; waits for nobody."""
        ...

    @property
    def lost_packets(self) -> int:
        """Packets that are missing since the source began, as far as it can tell."""
        ...

    @property
    def malformed_packets(self) -> int:
        """Packets that could not be read since the source began, as far as it can tell."""
        ...

    @property
    def camera_clock(self) -> CameraClock | None:
        """How the camera's clock stands; None while the source does not know."""
        ...
