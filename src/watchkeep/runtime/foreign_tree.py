"""Lists a tree of somebody else's files; reads names, sizes and times, and changes nothing."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from watchkeep.application.adoption import TreeFile
from watchkeep.domain.errors import Invalid


def list_tree(root: Path) -> list[TreeFile]:
    """All files under a folder in order of their names; links are not followed.

    Raises:
        Invalid: It is no folder that can be read, or holds nothing.
    """
    if not root.is_dir():
        raise Invalid(f"{root} is no folder; name the one that holds the recordings", path=str(root))
    found = sorted(_files(root, root), key=lambda file: file.name)
    if not found:
        raise Invalid(f"{root} holds no file; look whether it is mounted", path=str(root))
    return found


def _files(root: Path, folder: Path) -> Iterator[TreeFile]:
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise Invalid(
            f"{folder} cannot be read ({error.strerror}); give us the right to", path=str(folder)
        ) from None
    for entry in entries:
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _files(root, path)
        elif entry.is_file(follow_symlinks=False):
            facts = entry.stat(follow_symlinks=False)
            yield TreeFile(
                name=path.relative_to(root).as_posix(),
                size_bytes=facts.st_size,
                modified_at=datetime.fromtimestamp(facts.st_mtime, UTC),
            )
