"""Writing: what is refused, and what happens after a failed write."""

from collections import deque
from pathlib import Path
from uuid import UUID

import pytest

from builders import A_SHRED_KEY, CountingRng, a_fragment, a_header, an_init_section, its_key
from watchkeep.domain.errors import Conflict, Invalid
from watchkeep.domain.fs import File
from watchkeep.domain.ids import RunId, ShredKeyId
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.reader import SealedReader
from watchkeep.storage.media.recovery import recover
from watchkeep.storage.media.writer import SealedWriter


class FullDiskFile:
    """A real file on a disk that takes only so many bytes more."""

    def __init__(self, file: File, room: int) -> None:
        self._file = file
        self._room = room
        self.syncs = 0

    def append(self, data: bytes | memoryview) -> None:
        self._file.append(data[: self._room])
        if len(data) > self._room:
            self._room = 0
            raise OSError(28, "No space left on device")
        self._room -= len(data)

    def sync(self) -> None:
        self.syncs += 1
        self._file.sync()

    def close(self) -> None:
        self._file.close()


class FullDisk(SystemFs):
    def __init__(self, room: int) -> None:
        self._room = room

    def create(self, path: Path) -> File:
        return FullDiskFile(super().create(path), self._room)  # type: ignore[return-value]


def a_writer(path: Path, fs: SystemFs | None = None) -> SealedWriter:
    return SealedWriter.create(
        path, a_header(), an_init_section(), shred_key=A_SHRED_KEY, fs=fs or SystemFs(), rng=CountingRng()
    )


def test_a_segment_is_written_once(tmp_path: Path) -> None:
    a_writer(tmp_path / "file").abandon()
    before = (tmp_path / "file").read_bytes()

    with pytest.raises(Conflict, match="written once"):
        a_writer(tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == before


def test_a_fragment_of_another_run_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    writer = a_writer(tmp_path / "file")
    size = writer.size_bytes

    with pytest.raises(Invalid):
        writer.append(a_fragment(run=RunId(UUID(int=1))))
    with pytest.raises(Invalid):
        writer.append(a_fragment(packet_count=70_000))
    writer.append(a_fragment())
    summary = writer.finish()

    assert size < summary.size_bytes == (tmp_path / "file").stat().st_size
    reader = SealedReader.open(tmp_path / "file", fs=SystemFs(), keys=its_key)
    reader.verify()
    reader.close()


def test_a_key_that_the_header_does_not_name_is_refused(tmp_path: Path) -> None:
    other = ShredKey(ShredKeyId("other"), bytes(32))

    with pytest.raises(Invalid):
        SealedWriter.create(
            tmp_path / "file",
            a_header(),
            an_init_section(),
            shred_key=other,
            fs=SystemFs(),
            rng=CountingRng(),
        )

    assert not (tmp_path / "file").exists()


def test_an_empty_segment_cannot_be_finished(tmp_path: Path) -> None:
    writer = a_writer(tmp_path / "file")

    with pytest.raises(Conflict, match="no fragment"):
        writer.finish()

    writer.abandon()
    writer.abandon()


def test_after_a_failed_write_nothing_more_is_written_and_the_rest_recovers(tmp_path: Path) -> None:
    writer = a_writer(tmp_path / "file", FullDisk(room=4000))
    with pytest.raises(OSError, match="No space"):
        deque(map(writer.append, map(a_fragment, range(100))))
    written = writer.fragment_count
    size = (tmp_path / "file").stat().st_size

    for refused in (lambda: writer.append(a_fragment(written)), writer.sync, writer.finish):
        with pytest.raises(Conflict):
            refused()
    writer.abandon()

    assert (tmp_path / "file").stat().st_size == size
    summary = recover(tmp_path / "file", fs=SystemFs(), rng=CountingRng(2), keys=its_key)
    assert summary is not None
    assert summary.fragment_count == written > 2


def test_a_disk_too_full_for_the_head_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        a_writer(tmp_path / "file", FullDisk(room=100))

    assert not (tmp_path / "file").exists()


def test_neither_picture_nor_key_lies_in_the_file_in_clear(tmp_path: Path) -> None:
    writer = a_writer(tmp_path / "file")
    fragment = a_fragment()
    writer.append(fragment)
    writer.finish()
    content = (tmp_path / "file").read_bytes()

    assert b"moov" not in content
    assert fragment.payload[40:56] not in content
    assert A_SHRED_KEY.key not in content
