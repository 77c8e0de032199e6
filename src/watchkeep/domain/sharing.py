"""Which recorder process takes which camera: one process while it can carry all, else several shards."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from watchkeep.domain.ids import CameraId

STREAMS_A_SHARD = 200
"""Of up to 3 Mbit/s each. `make bench-record` measured 0.31 % of a core for one, a prototype 0.17 %. So they
use about 60 % of a core at most, and the rest is for what comes in bursts."""
FULL_STREAM_BITS = 3_000_000
"""A stream of more bits a second counts for as many as it is times this; one of fewer counts as one, for what
a packet costs stays."""


def shard_of(camera: CameraId, count: int) -> int:
    """The shard that takes a camera, in [0, count): by rendezvous hashing.

    All processes and all starts agree. One shard more takes its cameras from all others evenly, and moves
    no camera between those. Source: Thaler and Ravishankar, Using Name-Based Mappings to Increase Hit Rates.
    """
    return max(range(count), key=lambda shard: (_weight(camera, shard), shard))


def _weight(camera: CameraId, shard: int) -> bytes:
    return hashlib.blake2b(f"{shard} {camera}".encode(), digest_size=8).digest()


@dataclass(frozen=True, slots=True)
class Share:
    """What one recorder process takes: all cameras of shard `shard` of `count`."""

    shard: int = 0
    count: int = 1

    def holds(self, camera: CameraId) -> bool:
        """Whether the camera is recorded here."""
        return shard_of(camera, self.count) == self.shard


def shards_wanted(bit_rates: Iterable[int], *, cores: int) -> int:
    """How many recorder processes these streams need; at least 1, never more than there are cores.

    Args:
        bit_rates: Of each stream, in bits a second; 0 where it is not known yet.
        cores: Processors that this node may use.
    """
    load = sum(max(1.0, rate / FULL_STREAM_BITS) for rate in bit_rates)
    needed = -(-load // STREAMS_A_SHARD)
    return max(1, min(int(needed), cores))
