"""A file system in memory that knows what a power cut may leave of it.

The model is the weakest that a disk may follow. Of the bytes written to a file since its last sync any subset
of 512-byte sectors survives, each in any version it had; the size is any the file had, or one in between.
Of the names changed in a directory since its last sync any subset survives; only does a renamed file not
vanish from its old name before it appears under the new one, unless the old directory alone was synced.
Source: Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014.
"""

import errno
import os
import random
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from watchkeep.domain.fs import Entry, File, Space

SECTOR = 512
ROOT = Path("/")


@dataclass(eq=False, slots=True)
class Content:
    """The bytes of a file: as every reader sees them now, and what is certainly on the disk."""

    now: bytes = b""
    durable: bytes = b""
    sectors: dict[int, list[bytes]] = field(default_factory=dict)
    """Versions of each sector since the last sync."""
    sizes: list[int] = field(default_factory=list)
    """Lengths since the last sync."""

    def change(self, new: bytes, *, since: int) -> None:
        """Replace the bytes; those before `since` stay what they were."""
        self.now = new
        self.sizes.append(len(new))
        for number in range(since // SECTOR, (len(new) + SECTOR - 1) // SECTOR):
            self.sectors.setdefault(number, []).append(_sector(new, number))

    def sync(self) -> None:
        """What was written since the last sync, and only that, goes to the disk."""
        written = dict.fromkeys(self.sectors)
        self.durable = _join(
            (
                _sector(self.now if number in written else self.durable, number)
                for number in _numbers(self.now)
            ),
            len(self.now),
        )
        self._forget()

    def lose(self) -> None:
        """A failed sync as Linux has it: the pages stay readable, count as clean and reach no disk."""
        self._forget()

    @property
    def is_dirty(self) -> bool:
        return bool(self.sectors or self.sizes)

    def crashed(self, chance: random.Random) -> bytes:
        """The bytes after a power cut, whatever the disk made of them."""
        sizes = [len(self.durable), *self.sizes]
        size = chance.choice([*sizes, chance.randint(min(sizes), max(sizes))])
        sectors = (
            chance.choice([_sector(self.durable, number), *self.sectors.get(number, [])])
            for number in range((size + SECTOR - 1) // SECTOR)
        )
        return _join(sectors, size)

    def _forget(self) -> None:
        self.sectors.clear()
        self.sizes.clear()


def _numbers(content: bytes) -> range:
    return range((len(content) + SECTOR - 1) // SECTOR)


def _sector(content: bytes, number: int) -> bytes:
    return content[number * SECTOR : (number + 1) * SECTOR]


def _join(sectors: Iterator[bytes], size: int) -> bytes:
    return b"".join(sector.ljust(SECTOR, b"\0") for sector in sectors)[:size].ljust(size, b"\0")


@dataclass(eq=False, slots=True)
class Naming:
    """One name of a directory set or, with no target, taken away."""

    name: str
    target: "Content | Directory | None"
    appearance: "Naming | None" = None
    """Of a name taken away by a rename: the same file's new name."""
    is_durable: bool = False


@dataclass(eq=False, slots=True)
class Directory:
    """Names as every process sees them now, those on the disk, and what happened in between."""

    now: "dict[str, Content | Directory]" = field(default_factory=dict)
    durable: "dict[str, Content | Directory]" = field(default_factory=dict)
    pending: list[Naming] = field(default_factory=list)

    def put(self, naming: Naming) -> None:
        _apply(self.now, naming)
        self.pending.append(naming)

    def sync(self) -> None:
        for naming in self.pending:
            naming.is_durable = True
            _apply(self.durable, naming)
        self.pending.clear()


def _apply(names: "dict[str, Content | Directory]", naming: Naming) -> None:
    if naming.target is None:
        names.pop(naming.name, None)
    else:
        names[naming.name] = naming.target


Loose = Content | Naming
"""What a power cut may or may not leave."""


class CrashFs:
    """An `Fs` in memory.

    Attributes:
        before: Called before every operation that changes something: the instant of a crash.
        deaf: Where "sync" or "sync_directory" says yes and does nothing: the planted bugs.
        operations: How many changed something.
        written: Every append, as (name of the file, bytes).
    """

    def __init__(self, *, deaf: Collection[tuple[str, Path]] = ()) -> None:
        self.root = Directory()
        self.before: Callable[[], None] | None = None
        self.deaf = frozenset(deaf)
        self.operations = 0
        self.written: list[tuple[str, bytes]] = []

    # --- What the disk may be after a power cut ---

    def loose(self) -> list[Loose]:
        """Everything that is not certain to be on the disk."""
        found: list[Loose] = []
        for each in self._all():
            if isinstance(each, Directory):
                found += each.pending
            elif each.is_dirty:
                found.append(each)
        return found

    def crashed(self, kept: Callable[[Loose], bool], chance: random.Random | None = None) -> "CrashFs":
        """The file system after a power cut that left the loose things that `kept` names.

        Args:
            kept: Says of each whether it survives.
            chance: Tears the contents that survive; without it they survive whole.
        """
        fs = CrashFs(deaf=self.deaf)
        made: dict[Content | Directory, Content | Directory] = {}
        chosen = {each for each in self.loose() if kept(each)}

        def copy(each: Content | Directory) -> Content | Directory:
            if each in made:
                return made[each]
            if isinstance(each, Content):
                survives = each in chosen
                whole = each.now if survives else each.durable
                left = each.crashed(chance) if survives and chance is not None else whole
                made[each] = Content(left, left)
                return made[each]
            names = dict(each.durable)
            for naming in each.pending:
                first = naming.appearance
                if naming in chosen and (first is None or first.is_durable or first in chosen):
                    _apply(names, naming)
            directory = made[each] = Directory()
            directory.now = {name: copy(target) for name, target in names.items()}
            directory.durable = dict(directory.now)
            return directory

        root = copy(self.root)
        assert isinstance(root, Directory)
        fs.root = root
        return fs

    def key(self) -> int:
        """Equal for file systems that hold the same."""
        return hash(tuple(_flat(self.root, "")))

    def files(self, path: Path) -> list[Path]:
        """Every file below path."""
        found = []
        for entry in self.entries(path):
            below = path / entry.name
            found += self.files(below) if entry.is_directory else [below]
        return found

    # --- The protocol ---

    def create(self, path: Path) -> File:
        directory = self._directory(path.parent)
        if path.name in directory.now:
            raise _error(errno.EEXIST, path)
        self.changes()
        content = Content()
        directory.put(Naming(path.name, content))
        return CrashFile(self, path, content)

    def open(self, path: Path) -> File:
        return CrashFile(self, path, self._file(path))

    def open_to_append(self, path: Path) -> File:
        return CrashFile(self, path, self._file(path))

    def rename(self, old: Path, new: Path) -> None:
        target, source, goal = self._file(old), self._directory(old.parent), self._directory(new.parent)
        self.changes()
        if goal.now.get(new.name) is target:
            return  # POSIX: two names of one file stay as they are
        appearance = Naming(new.name, target)
        goal.put(appearance)
        source.put(Naming(old.name, None, appearance))

    def unlink(self, path: Path) -> None:
        try:
            directory = self._directory(path.parent)
        except FileNotFoundError:
            return
        if path.name in directory.now:
            self.changes()
            directory.put(Naming(path.name, None))

    def make_directories(self, path: Path) -> None:
        if path == ROOT:
            return
        try:
            self._directory(path)
        except FileNotFoundError:
            self.make_directories(path.parent)
            self.changes()
            self._directory(path.parent).put(Naming(path.name, Directory()))
        self.sync_directory(path.parent)

    def sync_directory(self, path: Path) -> None:
        directory = self._directory(path)
        if not directory.pending:
            return
        self.changes()
        if not self.is_deaf("sync_directory", path):
            directory.sync()

    def entries(self, path: Path) -> Iterator[Entry]:
        try:
            names = self._directory(path).now
        except FileNotFoundError:
            return iter(())
        return iter([Entry(name, isinstance(each, Directory)) for name, each in names.items()])

    def size(self, path: Path) -> int:
        return len(self._file(path).now)

    def space(self, path: Path) -> Space:
        return Space(free_bytes=1 << 40, total_bytes=1 << 41)

    def locked(self, path: Path) -> AbstractContextManager[None]:
        return nullcontext()

    def is_deaf(self, kind: str, path: Path) -> bool:
        """Whether an operation there does nothing."""
        return any(kind == deaf and path.is_relative_to(folder) for deaf, folder in self.deaf)

    def changes(self) -> None:
        """Something is about to be changed."""
        self.operations += 1
        if self.before is not None:
            self.before()

    def _find(self, path: Path) -> Content | Directory:
        found: Content | Directory = self.root
        for name in path.parts[1:]:
            if not isinstance(found, Directory):
                raise _error(errno.ENOTDIR, path)
            if name not in found.now:
                raise _error(errno.ENOENT, path)
            found = found.now[name]
        return found

    def _directory(self, path: Path) -> Directory:
        found = self._find(path)
        if not isinstance(found, Directory):
            raise _error(errno.ENOTDIR, path)
        return found

    def _file(self, path: Path) -> Content:
        found = self._find(path)
        if isinstance(found, Directory):
            raise _error(errno.EISDIR, path)
        return found

    def _all(self) -> list[Content | Directory]:
        seen: dict[Content | Directory, None] = {}
        waiting: list[Content | Directory] = [self.root]
        while waiting:
            each = waiting.pop()
            if each in seen:
                continue
            seen[each] = None
            if isinstance(each, Directory):
                named = [naming.target for naming in each.pending if naming.target is not None]
                waiting += [*each.now.values(), *each.durable.values(), *named]
        return list(seen)


class CrashFile:
    """An open file of CrashFs."""

    def __init__(self, fs: CrashFs, path: Path, content: Content) -> None:
        self._fs = fs
        self._path = path
        self.content = content

    def append(self, data: bytes | memoryview) -> None:
        self._fs.changes()
        self._fs.written.append((self._path.name, bytes(data)))
        self.content.change(self.content.now + data, since=len(self.content.now))

    def read_at(self, offset: int, length: int) -> bytes:
        return self.content.now[offset : offset + length]

    def size(self) -> int:
        return len(self.content.now)

    def truncate(self, size_bytes: int) -> None:
        self._fs.changes()
        self.content.change(self.content.now[:size_bytes], since=size_bytes)

    def sync(self) -> None:
        self._fs.changes()
        if not self._fs.is_deaf("sync", self._path):
            self.content.sync()

    def sync_all(self) -> bool:
        self._fs.changes()
        if not self._fs.is_deaf("sync", self._path):
            for each in self._fs._all():
                if isinstance(each, Content):
                    each.sync()
        return True

    def drop_cached(self) -> None:
        pass

    def close(self) -> None:
        pass


def _flat(directory: Directory, at: str) -> Iterator[tuple[str, bytes]]:
    for name, each in sorted(directory.now.items()):
        yield f"{at}/{name}", b"" if isinstance(each, Directory) else each.now
        if isinstance(each, Directory):
            yield from _flat(each, f"{at}/{name}")


def _error(code: int, path: Path) -> OSError:
    return OSError(code, os.strerror(code), str(path))
