"""How many recorder processes a node has: kept in a small file, so that all who look for a stream agree.

The supervisor alone writes it; recorders, the page, the analyst and `rtsp` read it.
"""

import json
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.fs import Fs, read_whole, replace_file
from watchkeep.domain.ids import CameraId
from watchkeep.domain.sharing import shard_of, shards_wanted
from watchkeep.runtime.data_folder import DataFolder, recorder_name
from watchkeep.runtime.locks import is_held
from watchkeep.runtime.system import cores
from watchkeep.storage.catalog import states
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.spool import Spool, waiting_rows
from watchkeep.storage.media.volume import Volume

log = logging.getLogger(__name__)

SHARE_ANEW = signal.SIGUSR1
"""Tells a recorder that the number changed."""
GROWS_AFTER_NS = 60_000_000_000
"""More must be wanted for so long: a burst moves no camera, and adding many cameras moves others once."""


@dataclass(frozen=True, slots=True)
class ShardCount:
    """The file's content.

    Attributes:
        now: Recorder processes of the running node, or of the one that ran last.
        wanted: By the streams of last time; what the next start begins with.
    """

    now: int = 1
    wanted: int = 1


def read_shard_count(paths: DataFolder, *, fs: Fs) -> ShardCount:
    """What the supervisor wrote last; one process where it wrote nothing that can be read."""
    try:
        document = json.loads(read_whole(fs, paths.shards))
        return ShardCount(max(1, int(document["now"])), max(1, int(document["wanted"])))
    except FileNotFoundError:
        return ShardCount()
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("number of recorders unreadable", extra={"error": type(error).__name__})
        return ShardCount()


def write_shard_count(paths: DataFolder, count: ShardCount, *, fs: Fs) -> None:
    """Keep it; durable on return."""
    fs.make_directories(paths.shards.parent)
    text = json.dumps({"now": count.now, "wanted": count.wanted})
    replace_file(fs, paths.shards, f"{text}\n".encode())


def find_socket(paths: DataFolder, *, fs: Fs) -> Callable[[CameraId], Path]:
    """How to find the recorder that offers a camera's streams; to be asked before each connection."""
    return lambda camera: paths.recorder_socket(shard_of(camera, read_shard_count(paths, fs=fs).now))


class Spools:
    """The spools of all recorders of a node, as others see them."""

    def __init__(self, paths: DataFolder, *, fs: Fs) -> None:
        self._paths = paths
        self._fs = fs

    def depth(self) -> int:
        """How many rows wait for the database now."""
        return sum(self._depth(shard) for shard in self._shards())

    def others_wait(self, shard: int) -> bool:
        """Whether rows of any other shard wait, also of one that is no more."""
        return any(self._depth(other) for other in self._shards() if other != shard)

    def _shards(self) -> list[int]:
        return [0, *_numbered(self._paths.spool, self._fs)]

    def _depth(self, shard: int) -> int:
        return waiting_rows(self._paths.shard_spool(shard), fs=self._fs)


class Sharing:
    """The supervisor's rule: so many processes as were asked for, or as the streams want; grows only."""

    def __init__(self, paths: DataFolder, *, fs: Fs, clock: Clock, asked: int | None) -> None:
        """Decide what the node starts with, and write it down.

        Args:
            paths: The data folder.
            fs: Where the file lies.
            clock: For how long more is wanted.
            asked: A number from the settings; None: by the streams.
        """
        self._paths = paths
        self._fs = fs
        self._clock = clock
        self._is_fixed = asked is not None
        self._cores = cores()
        self._more_since_ns: int | None = None
        known = read_shard_count(paths, fs=fs)
        start = asked if asked is not None else min(known.wanted, self._cores)
        self._count = known
        self._become(ShardCount(start, start))

    @property
    def count(self) -> int:
        """How many processes there are to be."""
        return self._count.now

    def look(self, catalog: Catalog) -> bool:
        """Look at the streams; True when there are to be more processes from now on.

        Raises:
            CatalogUnavailable: The database does not answer.
        """
        if self._is_fixed:
            return False
        with catalog.transaction("supervisor") as connection:
            wanted = shards_wanted(states.bit_rates(connection), cores=self._cores)
        before = self._count
        number = before.now
        now_ns = self._clock.monotonic_ns()
        if wanted <= before.now:
            self._more_since_ns = None
        elif self._more_since_ns is None:
            self._more_since_ns = now_ns
        elif now_ns - self._more_since_ns >= GROWS_AFTER_NS:
            self._more_since_ns = None
            number = wanted
        self._become(ShardCount(number, wanted))
        return self._count.now > before.now

    def _become(self, count: ShardCount) -> None:
        """Have so many from now on; as before if it cannot be written, for then nobody would know."""
        if count == self._count:
            return
        try:
            write_shard_count(self._paths, count, fs=self._fs)
        except OSError as error:
            log.warning("number of recorders not written", extra={"error": error.strerror})
        else:
            self._count = count


def adopt_orphans(paths: DataFolder, volume: Volume, spool: Spool, *, count: int, fs: Fs) -> list[Path]:
    """Take over what shards left that are no more: the first recorder's duty at its start.

    Args:
        paths: The data folder.
        volume: Where their segments lie.
        spool: Takes their rows.
        count: How many shards there are; those from this number on are no more.
        fs: Where the spools lie.

    Returns:
        Their files in open/, to be finished.
    """
    segments: list[Path] = []
    gone = sorted({*volume.shards(), *_numbered(paths.spool, fs)})
    for shard in (each for each in gone if each >= count):
        if is_held(paths.process_lock(recorder_name(shard))):
            log.warning("a recorder too many still runs", extra={"shard": shard})
            continue
        try:
            rows = Spool(paths.shard_spool(shard), fs=fs).replay(spool.append)
            segments += volume.of_shard(shard).open_segments()
        except (OSError, WatchkeepError) as error:
            log.warning("what a recorder left waits", extra={"shard": shard, "error": str(error)})
            continue
        if rows:
            log.info("rows of a recorder that is no more taken over", extra={"shard": shard, "rows": rows})
    return segments


def _numbered(root: Path, fs: Fs) -> list[int]:
    names = [entry.name for entry in fs.entries(root) if entry.is_directory]
    return [int(name) for name in names if name.isdecimal()]
