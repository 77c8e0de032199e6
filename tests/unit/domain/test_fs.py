"""Small files are replaced whole. On the machine's own file system."""

from pathlib import Path

import pytest

from watchkeep.domain.fs import File, read_whole, replace_file
from watchkeep.runtime.system import SystemFs


class FullDisk(SystemFs):
    """A disk on which nothing can be made durable."""

    def create(self, path: Path) -> File:
        path.write_bytes(b"torn")
        raise OSError(28, "No space left on device")


def test_a_small_file_is_written_and_read_whole(tmp_path: Path) -> None:
    fs, path = SystemFs(), tmp_path / "settings"

    replace_file(fs, path, b"one")
    replace_file(fs, path, b"two")

    assert read_whole(fs, path) == b"two"
    assert [entry.name for entry in fs.entries(tmp_path)] == ["settings"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_old_content(tmp_path: Path) -> None:
    fs, path = SystemFs(), tmp_path / "settings"
    replace_file(fs, path, b"old")

    with pytest.raises(OSError, match="No space left"):
        replace_file(FullDisk(), path, b"new")

    assert read_whole(fs, path) == b"old"


def test_what_a_crash_left_half_written_is_written_over(tmp_path: Path) -> None:
    fs, path = SystemFs(), tmp_path / "settings"
    (tmp_path / "settings.part").write_bytes(b"half")

    replace_file(fs, path, b"whole")

    assert read_whole(fs, path) == b"whole"


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_whole(SystemFs(), tmp_path / "nothing")
