"""What the real file system's operations promise beyond their names."""

import errno
import os
from pathlib import Path

import pytest

from watchkeep.runtime.group_sync import kind_of
from watchkeep.runtime.system import SystemFs


def test_a_folder_whose_sync_failed_is_synced_when_it_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync

    def failing(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def noting(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        real(descriptor)

    folder = tmp_path / "front-door" / "2025-06-01"
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="Input/output error"):
        SystemFs().make_directories(folder)
    monkeypatch.setattr(os, "fsync", noting)

    SystemFs().make_directories(folder)

    assert folder.is_dir()
    assert {tmp_path.stat().st_ino, folder.parent.stat().st_ino} <= set(synced)


def test_a_folder_in_one_that_may_not_be_read_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "srv" / "watchkeep").mkdir(parents=True)

    def refuses(fs: SystemFs, path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(SystemFs, "sync_directory", refuses)
    SystemFs().make_directories(tmp_path / "srv" / "watchkeep")


def test_one_sync_covers_all_files_of_a_disk_that_is_known_to_mean_it(tmp_path: Path) -> None:
    one, other = SystemFs().create(tmp_path / "one"), SystemFs().create(tmp_path / "other")
    other.append(b"footage")
    disk = tmp_path.stat().st_dev
    mounts = Path("/proc/self/mountinfo").read_text()
    kind = kind_of(f"{os.major(disk)}:{os.minor(disk)}", mounts)

    assert one.sync_all() == (kind in {"ext4", "xfs"})


def test_the_kind_of_a_file_system_is_read_from_the_table_of_mounts() -> None:
    mounts = (
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "31 22 0:29 / /mnt/nas rw master:2 shared:7 - fuse.sshfs nas:/ rw\n"
        "40 22 8:17 / /srv/foot\\040age rw - xfs /dev/sdb1 rw\n"
    )

    assert kind_of("8:1", mounts) == "ext4"
    assert kind_of("0:29", mounts) == "fuse.sshfs"
    assert kind_of("8:17", mounts) == "xfs"
    assert kind_of("8:18", mounts) == ""
