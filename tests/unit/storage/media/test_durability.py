"""What is said to be durable on return was synced after its last write."""

from pathlib import Path

from builders import A_SHRED_KEY, CountingRng, a_fragment, a_header, a_segment_file, an_init_section, its_key
from watchkeep.domain.fs import File
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.recovery import recover
from watchkeep.storage.media.writer import SealedWriter


class NotedFile:
    """A real file that notes what changes it."""

    def __init__(self, file: File, notes: list[str]) -> None:
        self._file = file
        self._notes = notes

    def append(self, data: bytes | memoryview) -> None:
        self._file.append(data)
        self._notes.append("append")

    def truncate(self, size_bytes: int) -> None:
        self._file.truncate(size_bytes)
        self._notes.append("truncate")

    def sync(self) -> None:
        self._file.sync()
        self._notes.append("sync")

    def read_at(self, offset: int, length: int) -> bytes:
        return self._file.read_at(offset, length)

    def size(self) -> int:
        return self._file.size()

    def close(self) -> None:
        self._file.close()


class NotingFs(SystemFs):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def create(self, path: Path) -> File:
        return NotedFile(super().create(path), self.notes)

    def open_to_append(self, path: Path) -> File:
        return NotedFile(super().open_to_append(path), self.notes)


def test_head_fragments_and_ending_are_synced_when_the_writer_says_so(tmp_path: Path) -> None:
    fs = NotingFs()

    writer = SealedWriter.create(
        tmp_path / "file", a_header(), an_init_section(), shred_key=A_SHRED_KEY, fs=fs, rng=CountingRng()
    )
    writer.append(a_fragment(0))
    writer.append(a_fragment(1))
    writer.sync()
    writer.append(a_fragment(2))
    writer.finish()

    begun, appended, finished = ["append", "sync"], ["append", "append", "sync"], ["append", "append", "sync"]
    assert fs.notes == begun + appended + finished


def test_a_recovered_file_is_synced_after_its_ending_and_a_finished_one_all_the_same(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "torn", finish=False)
    a_segment_file(tmp_path / "whole")

    for name, expected in (("torn", ["truncate", "append", "sync"]), ("whole", ["sync"])):
        fs = NotingFs()
        recover(tmp_path / name, fs=fs, rng=CountingRng(1), keys=its_key)
        assert fs.notes == expected
