"""What every source of assets works with: where to write, and whom to tell."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import Unavailable
from watchkeep.domain.fs import Fs
from watchkeep.runtime.assets.manifest import Asset

Progress = Callable[[float], None]
"""Told the share that is done, from 0 to 1."""
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One try to bring an asset.

    Attributes:
        part: Where the bytes go; they are judged and renamed by the caller.
        folder: A folder for this asset's own downloads; emptied before and after use.
    """

    asset: Asset
    part: Path
    folder: Path
    fs: Fs
    clock: Clock
    progress: Progress


def write_part(delivery: Delivery, chunks: Iterator[bytes]) -> None:
    """Write the part anew; it may be a little longer than the asset, never much.

    Raises:
        Unavailable: There are more bytes than the asset has.
    """
    delivery.fs.unlink(delivery.part)
    file = delivery.fs.create(delivery.part)
    try:
        received = 0
        for chunk in chunks:
            received += len(chunk)
            if received > delivery.asset.size_bytes:
                raise Unavailable(f"{delivery.asset.name} is longer there than it should be.")
            file.append(chunk)
    finally:
        file.close()


def chunks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """The rest of a stream in pieces."""
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


def chunks_of_file(path: Path, fs: Fs) -> Iterator[bytes]:
    """A file in pieces."""
    file = fs.open(path)
    try:
        offset = 0
        while chunk := file.read_at(offset, _CHUNK_BYTES):
            yield chunk
            offset += len(chunk)
    finally:
        file.close()


def sha256_of(path: Path, fs: Fs) -> str:
    """The digest of a file, in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in chunks_of_file(path, fs):
        digest.update(chunk)
    return digest.hexdigest()
