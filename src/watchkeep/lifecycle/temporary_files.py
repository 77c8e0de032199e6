"""Removes what was begun and never finished: files ending in .part that a crash left behind."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from watchkeep.domain.fs import Fs
from watchkeep.storage.media.volume import PART


def find_parts(folders: Iterable[Path], *, fs: Fs) -> list[Path]:
    """The unfinished files of folders of ours."""
    return [
        folder / entry.name
        for folder in folders
        for entry in fs.entries(folder)
        if not entry.is_directory and entry.name.endswith(PART)
    ]


def remove_parts(found: Sequence[Path], *, seen: Collection[str], fs: Fs) -> list[Path]:
    """Remove those that were there a run ago already: nothing of ours writes for a day. Durable on return.

    Args:
        found: The unfinished files now.
        seen: Those of the run before.
        fs: Where files are.

    Returns:
        What went.
    """
    old = [path for path in found if str(path) in seen]
    for path in old:
        fs.unlink(path)
    for folder in sorted({path.parent for path in old}):
        fs.sync_directory(folder)
    return old
