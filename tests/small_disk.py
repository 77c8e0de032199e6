"""A disk on which nothing lies but footage."""

from pathlib import Path

from watchkeep.domain.fs import Space
from watchkeep.runtime.system import SystemFs


class SmallDisk(SystemFs):
    """A disk of a given size that holds nothing but footage."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes

    def space(self, path: Path) -> Space:
        used = sum(each.stat().st_size for each in path.rglob("*.wks"))
        return Space(free_bytes=self.size_bytes - used, total_bytes=self.size_bytes)
