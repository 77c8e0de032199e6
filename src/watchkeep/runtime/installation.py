"""Whose data folder this is: made once, opened ever after, never overwritten."""

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from watchkeep.domain.errors import Conflict, DataLoss, Exhausted, Forbidden, NotFound, Tampered, Unavailable
from watchkeep.domain.fs import read_whole, replace_file
from watchkeep.domain.ids import NodeId, uuid7
from watchkeep.runtime.config_text import default_file, json_schema
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.system import Machine
from watchkeep.runtime.units import format_size
from watchkeep.storage.encryption.keystore import Keystore

FORMAT = 1
LEAST_FREE_BYTES = 256 << 20
"""What a start needs: the database and its log, its binaries where they are copied, a few segments."""

_BROUGHT_BY_THE_OWNER = {"watchkeep.yaml", "lost+found"}
"""What may lie in a folder that is to become a data folder: prepared settings, a fresh disk's own folder."""

_MARK = "installation"

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What installation.json says.

    Attributes:
        keystore_mark: The installation's id, sealed with its keystore, so that another one is noticed.
    """

    id: UUID
    node: NodeId
    created_at: datetime
    keystore_mark: bytes


def ensure_installation(
    folder: DataFolder, *, machine: Machine, make_keys: Callable[[], Keystore], zone: str = "UTC"
) -> Installation:
    """Open the data folder, or make it when there is none. Durable on return.

    A first start that was killed is taken up again by the next.

    Args:
        folder: Where.
        machine: File system, clock and chance.
        make_keys: Makes the keystore, or opens the one that a killed first start has made.
        zone: Written into the first settings file.

    Raises:
        Conflict: The folder holds something else, or belongs to a newer Watchkeep; nothing is touched.
        Forbidden: It cannot be written.
        Exhausted: The disk is full.
        DataLoss: installation.json is unreadable.
    """
    with _disk_errors(folder.root):
        if not _exists(folder.installation):
            return _make(folder, machine, make_keys, zone)
        installation = read_installation(folder, machine=machine)
        if not os.access(folder.root, os.W_OK | os.X_OK):
            raise _not_writable(folder.root)
        _require_space(folder.root, machine)
        replace_file(machine.fs, folder.schema, json_schema().encode())
        machine.fs.make_directories(folder.run)
        return installation


def read_installation(folder: DataFolder, *, machine: Machine) -> Installation:
    """Read installation.json.

    Raises:
        NotFound: The folder is no data folder.
        Conflict: It has a format that this version does not know.
        DataLoss: The file is unreadable.
    """
    try:
        raw = read_whole(machine.fs, folder.installation)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"{folder.root} is no data folder of Watchkeep; `watchkeep run --data {folder.root}` makes one",
            path=str(folder.root),
        ) from None
    except PermissionError:
        raise _not_writable(folder.root) from None
    try:
        document = json.loads(raw)
        if document["format"] != FORMAT:
            raise Conflict(
                f"{folder.root} has format {document['format']}, and this Watchkeep knows {FORMAT}; "
                "use the version that made it",
                path=str(folder.root),
            )
        return Installation(
            id=UUID(document["installation"]),
            node=NodeId(UUID(document["node"])),
            created_at=datetime.fromisoformat(document["created_at"]),
            keystore_mark=bytes.fromhex(document["keystore_mark"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataLoss(
            f"{folder.installation} is damaged; restore it from a backup, nothing was changed",
            path=str(folder.installation),
        ) from None


def require_own_keystore(installation: Installation, keystore: Keystore, folder: DataFolder) -> None:
    """Refuse a keystore that belongs to another installation.

    Raises:
        Conflict: It does.
    """
    try:
        is_ours = keystore.unseal(_MARK, installation.keystore_mark) == installation.id.bytes
    except Tampered:
        is_ours = False
    if not is_ours:
        raise Conflict(
            f"{folder.keystore} belongs to another installation than {folder.root}; put the right one back",
            path=str(folder.keystore),
        )


def _make(folder: DataFolder, machine: Machine, make_keys: Callable[[], Keystore], zone: str) -> Installation:
    fs = machine.fs
    if not _exists(folder.beginning):
        _require_empty(folder, machine)
    fs.make_directories(folder.root)
    if not os.access(folder.root, os.W_OK | os.X_OK):
        raise _not_writable(folder.root)
    _require_space(folder.root, machine)
    replace_file(fs, folder.beginning, b"Watchkeep began to make this data folder.\n")
    for each in (folder.spool, folder.run):
        fs.make_directories(each)
    if not _exists(folder.settings):
        replace_file(fs, folder.settings, default_file(zone=zone).encode())
    replace_file(fs, folder.schema, json_schema().encode())
    keystore = make_keys()
    identifier = uuid7(machine.clock, machine.rng)
    installation = Installation(
        id=identifier,
        node=NodeId(uuid7(machine.clock, machine.rng)),
        created_at=machine.clock.now(),
        keystore_mark=keystore.seal(_MARK, identifier.bytes),
    )
    document = {
        "format": FORMAT,
        "installation": str(installation.id),
        "node": str(installation.node),
        "created_at": installation.created_at.isoformat(),
        "keystore_mark": installation.keystore_mark.hex(),
    }
    replace_file(fs, folder.installation, json.dumps(document, indent=2).encode() + b"\n")
    fs.unlink(folder.beginning)
    return installation


def _require_empty(folder: DataFolder, machine: Machine) -> None:
    if folder.root.exists() and not folder.root.is_dir():
        raise Conflict(f"{folder.root} is a file; name a folder for the data", path=str(folder.root))
    strangers = sorted(
        entry.name for entry in machine.fs.entries(folder.root) if entry.name not in _BROUGHT_BY_THE_OWNER
    )
    if strangers:
        raise Conflict(
            f"{folder.root} holds other things ({strangers[0]}) and is no data folder of Watchkeep; "
            "name an empty folder with --data",
            path=str(folder.root),
        )


def _require_space(root: Path, machine: Machine) -> None:
    free = machine.fs.space(root).free_bytes
    if free < LEAST_FREE_BYTES:
        raise Exhausted(
            f"The disk of {root} is full ({format_size(free)} free); make {format_size(LEAST_FREE_BYTES)} "
            "free, or name a folder on another disk with --data",
            path=str(root),
            free_bytes=free,
        )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        raise _not_writable(path.parent) from None


def _not_writable(root: Path) -> Forbidden:
    return Forbidden(
        f"{root} cannot be written by this user; change its owner, or name another folder with --data",
        path=str(root),
    )


@contextmanager
def _disk_errors(root: Path) -> Iterator[None]:
    """What the operating system says of the folder, as one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise Exhausted(
                f"The disk of {root} is full; make room, or name a folder on another disk with --data",
                path=str(root),
            ) from error
        if error.errno in _NOT_OURS:
            raise _not_writable(root) from error
        raise Unavailable(
            f"{root} cannot be used ({error.strerror}); look at the disk", path=str(root)
        ) from error
