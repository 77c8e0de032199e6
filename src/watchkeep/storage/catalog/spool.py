"""Rows that wait for the database, in files that survive a kill and a power cut."""

import logging
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from watchkeep.domain.errors import Invalid
from watchkeep.domain.fs import File, Fs, read_whole
from watchkeep.storage.catalog.recorder_rows import RecorderRow, from_json, to_json

log = logging.getLogger(__name__)

_LARGEST_FILE_BYTES = 4 << 20  # read whole when replayed
_SUFFIX = ".rows"
_ASIDE = ".aside"


@dataclass(slots=True)
class _Content:
    """What a file of the spool holds."""

    rows: list[RecorderRow] = field(default_factory=list)
    has_strangers: bool = False


class Spool:
    """Files of rows, one line each: CRC-32 of the JSON as eight hex digits, a space, the JSON.

    Every process begins a new file, and so does the first append after a failed one: a torn line is only ever
    the last of its file. Rows are idempotent, so a replay that is cut short is simply done again. One process
    owns the folder.
    """

    def __init__(self, root: Path, *, fs: Fs) -> None:
        """Make the folder if it is missing and count what waits in it.

        Raises:
            OSError: The folder cannot be made or read.
        """
        self._root = root
        self._fs = fs
        self._file: File | None = None
        self._written_bytes = 0
        fs.make_directories(root)
        self._depths = {path: len(self._read(path).rows) for path in self._paths()}
        self._current: Path | None = None
        self._next = 1 + max((int(path.stem) for path in self._all_paths()), default=0)

    def append(self, rows: Sequence[RecorderRow]) -> None:
        """Add rows; durable on return.

        Raises:
            OSError: The disk did not take them; the rows may or may not be kept. Appending them again, to a
                new file, is safe.
        """
        if not rows:
            return
        try:
            file, path = self._writable()
            text = b"".join(_line(row) for row in rows)
            file.append(text)
            file.sync()
        except OSError:
            self._give_up()
            raise
        self._written_bytes += len(text)
        self._depths[path] += len(rows)
        if self._written_bytes >= _LARGEST_FILE_BYTES:
            self._let_go()

    def replay(self, apply: Callable[[Sequence[RecorderRow]], None], *, batch: int = 500) -> int:
        """Hand all rows to apply, oldest first, and forget each file once all of it is taken.

        Args:
            apply: Takes rows durably, all or none, before it returns. When it raises, the file and those
                after it stay, and the error goes on.
            batch: At most so many rows at once.

        Returns:
            How many rows were taken.

        Raises:
            OSError: A file cannot be read or removed.
        """
        self._let_go()
        taken = 0
        for path in self._paths():
            content = self._read(path)
            for start in range(0, len(content.rows), batch):
                apply(content.rows[start : start + batch])
            if content.has_strangers:
                self._fs.rename(path, path.with_suffix(_ASIDE))
                log.warning("spool file kept aside", extra={"file": path.name})
            else:
                self._fs.unlink(path)
            self._depths.pop(path, None)
            taken += len(content.rows)
        if taken:
            self._fs.sync_directory(self._root)
        return taken

    def depth(self) -> int:
        """How many rows wait."""
        return sum(self._depths.values())

    def close(self) -> None:
        """Let go of the file; what was appended stays."""
        self._let_go()

    def _writable(self) -> tuple[File, Path]:
        if self._file is None or self._current is None:
            path = self._root / f"{self._next:012d}{_SUFFIX}"
            self._next += 1
            self._file = self._fs.create(path)
            self._current = path
            self._depths[path] = 0
            self._written_bytes = 0
            self._fs.sync_directory(self._root)
        return self._file, self._current

    def _let_go(self) -> None:
        file, self._file, self._current = self._file, None, None
        if file is not None:
            with suppress(OSError):  # what was promised is synced
                file.close()

    def _give_up(self) -> None:
        """Let go after a failed append, and of an empty file for good: on a full disk each try makes one."""
        path = self._current
        self._let_go()
        if path is not None and self._depths[path] == 0:
            del self._depths[path]
            with suppress(OSError):
                self._fs.unlink(path)

    def _all_paths(self) -> list[Path]:
        names = [entry.name for entry in self._fs.entries(self._root) if not entry.is_directory]
        paths = [self._root / name for name in names if name.endswith((_SUFFIX, _ASIDE))]
        return sorted(path for path in paths if path.stem.isdecimal())

    def _paths(self) -> list[Path]:
        return [path for path in self._all_paths() if path.suffix == _SUFFIX]

    def _read(self, path: Path) -> _Content:
        """The whole lines of a file; what is torn at its end was never promised to anybody."""
        content = _Content()
        lines = read_whole(self._fs, path).split(b"\n")
        last_whole = len(lines) - 2  # what follows the last line end is torn, or nothing
        for number, line in enumerate(lines[: last_whole + 1]):
            text = _checked(line)
            if text is None:
                content.has_strangers |= number != last_whole
                continue
            try:
                content.rows.append(from_json(text))
            except Invalid:
                content.has_strangers = True
        return content


def waiting_rows(root: Path, *, fs: Fs) -> int:
    """How many rows wait in a folder that another process owns; it may write and replay meanwhile."""
    lines = 0
    for entry in fs.entries(root):
        if not entry.is_directory and entry.name.endswith(_SUFFIX):
            with suppress(FileNotFoundError):  # just replayed
                lines += read_whole(fs, root / entry.name).count(b"\n")
    return lines


def _line(row: RecorderRow) -> bytes:
    text = to_json(row).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _checked(line: bytes) -> str | None:
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    return text.decode()
