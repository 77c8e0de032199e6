"""The stamp that a volume carries: which catalog knew its footage last. Source: docs/formats/segment.md."""

from watchkeep.domain.errors import DataLoss
from watchkeep.domain.fs import Fs, read_whole, replace_file
from watchkeep.domain.stamp import Stamp, parse_stamp
from watchkeep.storage.media.volume import Volume

STAMP_FILE = "catalog.stamp"


def read_stamp(volume: Volume, *, fs: Fs) -> Stamp | None:
    """The stamp of a volume; None if it carries none yet.

    Raises:
        DataLoss: It is damaged.
        OSError: The disk does not answer.
    """
    path = volume.root / STAMP_FILE
    try:
        text = read_whole(fs, path).decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise DataLoss(
            f"the stamp in {path} is damaged; `watchkeep recover index --apply` writes it anew",
            path=str(path),
        ) from None
    return parse_stamp(text, str(path))


def write_stamp(volume: Volume, stamp: Stamp, *, fs: Fs) -> None:
    """Put a stamp on a volume; durable on return.

    Raises:
        Conflict: The folder is not this volume any more.
        OSError: The disk does not answer.
    """
    volume.require_same()
    replace_file(fs, volume.root / STAMP_FILE, f"{stamp.encode()}\n".encode())
