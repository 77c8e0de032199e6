"""The operator's directory as a source: for machines without internet, and for files without an address."""

from collections.abc import Iterator
from pathlib import Path

from watchkeep.domain.errors import Unavailable
from watchkeep.domain.fs import Fs
from watchkeep.runtime.assets.delivery import Delivery, chunks_of_file, sha256_of, write_part


def deliver_from_directory(delivery: Delivery, directory: Path) -> None:
    """Copy the file of the asset's name and digest from anywhere below the directory.

    Raises:
        Unavailable: None has the name, or none of them the digest.
    """
    asset, fs = delivery.asset, delivery.fs
    is_named = False
    for path in _named(directory, asset.name, fs):
        is_named = True
        if fs.size(path) == asset.size_bytes and sha256_of(path, fs) == asset.sha256:
            write_part(delivery, chunks_of_file(path, fs))
            return
    if is_named:
        raise Unavailable(f"The {asset.name} in {directory} has another SHA-256 than {asset.sha256}.")
    raise Unavailable(f"There is no {asset.name} in {directory}.")


def _named(directory: Path, name: str, fs: Fs) -> Iterator[Path]:
    """Files of that name; links to directories are not followed, so that no ring is walked."""
    for entry in sorted(fs.entries(directory), key=lambda entry: entry.name):
        if entry.is_directory:
            yield from _named(directory / entry.name, name, fs)
        elif entry.name == name:
            yield directory / entry.name
