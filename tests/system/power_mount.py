"""The power-cut disk of `power_disk.py` as a mounted ext4 or xfs; needs root, FUSE and loop devices."""

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from system.node_process import wait_until

SIZES = {"ext4": 48 << 20, "xfs": 320 << 20}
"""xfs takes no disk below 300 MB."""
MKFS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}


def what_is_missing() -> str:
    """Why there can be no such disk here; empty when there can."""
    if os.geteuid() != 0:
        return "root, for mount and loop devices"
    if importlib.util.find_spec("mfusepy") is None:
        return "the package mfusepy"
    for device in ("/dev/fuse", "/dev/loop-control"):
        if not Path(device).exists():
            return device
    programs = ("fusermount3", "losetup", *(command[0] for command in MKFS.values()))
    return next((program for program in programs if shutil.which(program) is None), "")


def run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


@dataclass
class PowerMount:
    """A file system on a disk whose power can be cut.

    Attributes:
        place: Where it is mounted.
        device: The loop device, while it is mounted.
    """

    folder: Path
    place: Path
    device: str = ""
    is_mounted: bool = False

    def order(self, **order: Any) -> None:
        with (self.folder / "orders").open("wb", buffering=0) as orders:
            orders.write(json.dumps(order).encode())

    def news(self) -> dict[str, Any]:
        descriptor = os.open(self.folder / "news", os.O_RDONLY)
        try:
            facts: dict[str, Any] = json.loads(os.read(descriptor, 4096))
        finally:
            os.close(descriptor)
        return facts

    def format(self, kind: str, *, size_bytes: int = 0) -> None:
        """Make a file system, and remember it for `renew`."""
        self.order(do="blank", size=max(size_bytes, SIZES[kind]))
        self._attach()
        run(*MKFS[kind], self.device)
        self._detach()
        self.order(do="keep")

    def keep(self) -> None:
        """Unmount, and remember what is on the disk for `renew`."""
        self.unmount()
        self.order(do="keep")

    def renew(self) -> None:
        """Mount the file system as it was made."""
        self.order(do="renew")
        self.mount()

    def mount(self) -> None:
        self._attach()
        self.place.mkdir(exist_ok=True)
        run("mount", self.device, self.place)
        self.is_mounted = True

    def unmount(self) -> None:
        """Also of a disk without power."""
        if self.is_mounted:
            run("umount", self.place)
            self.is_mounted = False
        if self.device:
            self._detach()

    def power_on(self) -> None:
        """After a cut: what survived is mounted, its journal replayed."""
        self.unmount()
        self.order(do="on")
        self.mount()

    def _attach(self) -> None:
        self.device = run("losetup", "-f", "--show", self.folder / self.news()["disk"])

    def _detach(self) -> None:
        run("losetup", "-d", self.device)
        self.device = ""


@contextlib.contextmanager
def power_mount(folder: Path, place: Path) -> Iterator[PowerMount]:
    """A disk in memory, to be formatted; everything is taken down at the end."""
    folder.mkdir()
    with folder.with_suffix(".log").open("wb") as log:
        command = [sys.executable, Path(__file__).with_name("power_disk.py"), folder]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    mount = PowerMount(folder, place)
    try:
        wait_until((folder / "news").exists, seconds=20, what="the power-cut disk")
        yield mount
    finally:
        mount.unmount()
        subprocess.run(["fusermount3", "-u", str(folder)], check=False)
        process.wait(20)
