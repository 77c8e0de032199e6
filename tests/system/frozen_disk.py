"""A file system that can be frozen: while it is, every write and sync waits. Needs root and loop devices."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


def what_is_missing() -> str:
    """Why there can be no such disk here; empty when there can."""
    if os.geteuid() != 0:
        return "root, for mount and loop devices"
    if not Path("/dev/loop-control").exists():
        return "/dev/loop-control"
    return next((name for name in ("losetup", "mkfs.ext4", "fsfreeze") if shutil.which(name) is None), "")


@dataclass(frozen=True, slots=True)
class FrozenDisk:
    """An ext4 of its own, mounted."""

    place: Path

    def freeze(self, seconds: float) -> None:
        """Keep everything that writes waiting for so long."""
        subprocess.run(["fsfreeze", "-f", self.place], check=True)
        try:
            time.sleep(seconds)
        finally:
            subprocess.run(["fsfreeze", "-u", self.place], check=True)


@contextlib.contextmanager
def frozen_disk(folder: Path, *, size_bytes: int) -> Iterator[FrozenDisk]:
    """Make and mount one; taken down at the end."""
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir(parents=True)
    with image.open("wb") as file:
        file.truncate(size_bytes)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    try:
        yield FrozenDisk(place)
    finally:
        subprocess.run(["umount", place], check=True)
        image.unlink()
