"""What the real file system's operations promise beyond their names."""

import errno
import os
from pathlib import Path

import pytest

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
