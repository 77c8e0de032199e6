"""A disk whose power can be cut: one file in FUSE, which a loop device turns into a disk.

    python tests/system/power_disk.py FOLDER

What was written since the last flush is not certain to be there after a cut: of each 512-byte sector any
version since then survives, or the one before. Orders are lines of JSON written to FOLDER/orders:

    {"do": "blank", "size": 67108864}        a new disk, all zeros
    {"do": "keep"}, {"do": "renew"}          remember the disk as it is; put it back
    {"do": "cut", "after": 120, "seed": 7, "kill": 4242}   at the 120th write or flush from now the power goes
    {"do": "cut", "after": 40, "whole": 1, "kill": 4242}   after the 40th flush from now, with nothing lost
    {"do": "off", "seed": 7}                 the power goes now, unless it has; no cut is waited for any more
    {"do": "fail", "after": 30}              the 30th write from now fails with EIO, once
    {"do": "stall", "seconds": 30}           from now on every write and flush waits until then
    {"do": "on"}                             power again, under another name, for the kernel remembers pages

FOLDER/news tells in JSON: the disk's name, whether it has power, how many writes and flushes there were.
"""

import errno
import json
import os
import random
import signal
import stat
import sys
import time
from collections.abc import Callable
from typing import Any

import mfusepy

SECTOR = 512
ZEROS = bytes(SECTOR)


class Disk:
    """Sectors: those that are certain, and every version since the last flush."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.certain: dict[int, bytes] = {}
        self.pending: dict[int, list[bytes]] = {}

    def read(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self.size_bytes)
        first = offset // SECTOR
        parts = [self._now(number) for number in range(first, (end + SECTOR - 1) // SECTOR)]
        return b"".join(parts)[offset - first * SECTOR : end - first * SECTOR]

    def write(self, offset: int, data: bytes) -> None:
        first, last = offset // SECTOR, (offset + len(data) + SECTOR - 1) // SECTOR
        before = self.read(first * SECTOR, offset - first * SECTOR)
        after = self.read(offset + len(data), last * SECTOR - offset - len(data))
        whole = before + data + after
        for number in range(first, last):
            sector = whole[(number - first) * SECTOR : (number - first + 1) * SECTOR]
            self.pending.setdefault(number, []).append(sector)

    def flush(self) -> None:
        for number, versions in self.pending.items():
            self.certain[number] = versions[-1]
        self.pending.clear()

    def cut(self, chance: random.Random) -> None:
        """Lose power: what is pending survives by chance, sector by sector."""
        share = chance.choice([0.0, 1.0, chance.random(), chance.random()])
        if share == 1.0:
            self.flush()
        for number, versions in self.pending.items():
            if chance.random() < share:
                self.certain[number] = chance.choice(versions) if chance.random() < 0.5 else versions[-1]
        self.pending.clear()

    def _now(self, number: int) -> bytes:
        versions = self.pending.get(number)
        return versions[-1] if versions else self.certain.get(number, ZEROS)


class PowerDisk(mfusepy.Operations):
    """The folder that FUSE shows."""

    use_ns = True

    def __init__(self) -> None:
        self._disk = Disk(0)
        self._kept: dict[int, bytes] = {}
        self._boots = 0
        self._has_power = True
        self._cut: dict[str, int] | None = None
        self._fails_at = self._stalled_until = 0.0
        self._writes = self._flushes = self._steps = 0

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2}
        sizes = {"/news": 4096, "/orders": 0, f"/disk-{self._boots}": self._disk.size_bytes}
        if path not in sizes:
            raise mfusepy.FuseOSError(errno.ENOENT)
        return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": sizes[path]}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", "news", "orders", f"disk-{self._boots}"]

    def open(self, path: str, flags: int) -> int:
        return 0

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        if path == "/news":
            return self._news()[offset : offset + size]
        self._require_power(path)
        return self._disk.read(offset, size)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        if path == "/orders":
            for line in data.splitlines():
                self._obey(json.loads(line))
            return len(data)
        self._require_power(path)
        self._writes += 1
        self._step(lambda: self._disk.write(offset, data), is_flush=False)
        if self._fails_at and self._writes >= self._fails_at:
            self._fails_at = 0
            raise mfusepy.FuseOSError(errno.EIO)
        self._disk.write(offset, data)
        return len(data)

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        if path in ("/orders", "/news"):
            return 0
        self._require_power(path)
        self._flushes += 1
        self._step(lambda: None, is_flush=True)
        self._disk.flush()
        return 0

    def flush(self, path: str, fh: int) -> int:
        return 0  # close(2), no flush of the disk

    def _require_power(self, path: str) -> None:
        if not self._has_power or path != f"/disk-{self._boots}":
            raise mfusepy.FuseOSError(errno.EIO)

    def _step(self, half_done: Callable[[], None], *, is_flush: bool) -> None:
        """Something goes to the disk: the instant at which the power may go, with that on its way."""
        while time.monotonic() < self._stalled_until:
            time.sleep(0.05)
        cut = self._cut
        if cut is None or (cut.get("whole") and not is_flush):
            return
        self._steps += 1
        if self._steps < cut["after"]:
            return
        half_done()
        # The whole machine loses power at once: nobody may go on and say that all is well. Who does not say
        # so before a sync has succeeded need not be killed, for none succeeds from now on.
        if "kill" in cut:
            os.kill(cut["kill"], signal.SIGKILL)
        if cut.get("whole"):
            self._disk.flush()
        self._power_off(cut.get("seed", 0))
        raise mfusepy.FuseOSError(errno.EIO)

    def _power_off(self, seed: int) -> None:
        self._disk.cut(random.Random(seed))
        self._has_power, self._cut = False, None

    def _obey(self, order: dict[str, Any]) -> None:
        match order["do"]:
            case "blank":
                self._disk = Disk(order["size"])
                self._boots += 1
            case "keep":
                self._disk.flush()
                self._kept = dict(self._disk.certain)
            case "renew":
                self._disk.certain, self._disk.pending = dict(self._kept), {}
                self._boots += 1
                self._has_power, self._cut, self._fails_at = True, None, 0
            case "cut":
                self._cut, self._steps = order, 0
            case "off":
                self._cut = None
                if self._has_power:
                    self._power_off(order["seed"])
            case "fail":
                self._fails_at = self._writes + order["after"]
            case "stall":
                self._stalled_until = time.monotonic() + order["seconds"]
            case "on":
                self._boots += 1
                self._has_power, self._fails_at = True, 0

    def _news(self) -> bytes:
        facts = {
            "disk": f"disk-{self._boots}",
            "has_power": self._has_power,
            "writes": self._writes,
            "flushes": self._flushes,
        }
        return json.dumps(facts).encode().ljust(4096)


if __name__ == "__main__":
    mfusepy.FUSE(PowerDisk(), sys.argv[1], foreground=True, nothreads=True, direct_io=True)
