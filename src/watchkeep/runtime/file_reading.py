"""Reads many segment files at once, in a process for each processor: opening them is arithmetic."""

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

from watchkeep.domain.errors import VolumeAway
from watchkeep.lifecycle.found_files import FilesOfDay, ReadDay, read_day
from watchkeep.lifecycle.rebuild import ReadMany
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.system import Machine, cores
from watchkeep.runtime.wiring import Node, open_node
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.media.volume import Volume

FEW = 4000
"""So many files are read sooner than a process is started."""
AHEAD = 2
"""Days in hand for each process, so that none waits for the database."""

_node: Node | None = None
_volume: Volume | None = None
"""Of a reading process: opened once, at its start."""


def file_reading(
    node: Node, volume: Volume | None = None, *, processes: int | None = None, few: int = FEW
) -> ReadMany:
    """What reads a node's files; the results come in any order.

    Args:
        node: Whose.
        volume: One of its disks; None for the one that is recorded to.
        processes: How many; None for one a processor.
        few: Up to so many files no process is started.
    """
    count = cores() if processes is None else processes
    place = volume or node.volume

    def read(days: Iterable[FilesOfDay]) -> Iterator[ReadDay]:
        following = iter(days)
        first: list[FilesOfDay] = []
        file_count = 0
        for files in following:
            first.append(files)
            file_count += len(files.names)
            if file_count > few:
                break
        if count == 1 or file_count <= few:
            yield from (_read(node, place, files) for files in chain(first, following))
            return
        yield from _read_in_processes(node.paths.root, place, count, chain(first, following))

    return read


def disks_of(node: Node) -> tuple[list[Volume], list[str]]:
    """A node's volumes whose files can be read now, the recorded one first; and how the others are called.

    Those are disks that are away, and buckets, whose files are not read.
    """
    disks, others = [node.volume], list[str]()
    for attached in node.volumes:
        if attached.id == node.volume.id:
            continue
        try:
            blobs = attached.blobs()
        except VolumeAway:
            others.append(attached.label)
            continue
        if isinstance(blobs, DiskBlobs):
            disks.append(blobs.volume)
        else:
            others.append(attached.label)
    return disks, others


def _read_in_processes(
    root: Path, place: Volume, count: int, days: Iterator[FilesOfDay]
) -> Iterator[ReadDay]:
    # Not forked: this process may have threads and connections.
    with ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=_open, initargs=(root, place.id)
    ) as pool:
        waiting: set[Future[ReadDay]] = set()
        while True:
            waiting |= {pool.submit(_read_here, each) for each in islice(days, count * AHEAD - len(waiting))}
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for each in done:
                yield each.result()


def _open(root: Path, volume: UUID) -> None:
    global _node, _volume  # noqa: PLW0603  # a process pool has no other place for them
    _node = open_node(DataFolder(root), machine=Machine())
    _volume = next((each for each in disks_of(_node)[0] if each.id == volume), None)


def _read_here(files: FilesOfDay) -> ReadDay:
    if _node is None or _volume is None:
        raise RuntimeError("a reading process was started without its data folder or volume")
    return _read(_node, _volume, files)


def _read(node: Node, volume: Volume, files: FilesOfDay) -> ReadDay:
    return read_day(files, volume=volume, fs=node.machine.fs, keys=node.keystore.find_shred_key)
