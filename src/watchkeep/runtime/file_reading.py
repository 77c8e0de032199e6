"""Reads many segment files at once, in a process for each processor: opening them is arithmetic."""

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path

from watchkeep.lifecycle.found_files import FilesOfDay, ReadDay, read_day
from watchkeep.lifecycle.rebuild import ReadMany
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.system import Machine, cores
from watchkeep.runtime.wiring import Node, open_node

FEW = 4000
"""So many files are read sooner than a process is started."""
AHEAD = 2
"""Days in hand for each process, so that none waits for the database."""

_node: Node | None = None
"""Of a reading process: opened once, at its start."""


def file_reading(node: Node, *, processes: int | None = None, few: int = FEW) -> ReadMany:
    """What reads a node's files; the results come in any order.

    Args:
        node: Whose.
        processes: How many; None for one a processor.
        few: Up to so many files no process is started.
    """
    count = cores() if processes is None else processes

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
            yield from (_read(node, files) for files in chain(first, following))
            return
        yield from _read_in_processes(node.paths.root, count, chain(first, following))

    return read


def _read_in_processes(root: Path, count: int, days: Iterator[FilesOfDay]) -> Iterator[ReadDay]:
    # Not forked: this process may have threads and connections.
    with ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=_open, initargs=(root,)
    ) as pool:
        waiting: set[Future[ReadDay]] = set()
        while True:
            waiting |= {pool.submit(_read_here, each) for each in islice(days, count * AHEAD - len(waiting))}
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for each in done:
                yield each.result()


def _open(root: Path) -> None:
    global _node  # noqa: PLW0603  # a process pool has no other place for it
    _node = open_node(DataFolder(root), machine=Machine())


def _read_here(files: FilesOfDay) -> ReadDay:
    if _node is None:
        raise RuntimeError("a reading process was started without its data folder")
    return _read(_node, files)


def _read(node: Node, files: FilesOfDay) -> ReadDay:
    return read_day(files, volume=node.volume, fs=node.machine.fs, keys=node.keystore.find_shred_key)
