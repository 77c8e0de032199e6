"""The spool gives back every row that it said was durable, whatever is torn off its end."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from builders import A_CAMERA_CLOCK
from catalog_rows import FRONT_MAIN, START, a_gap, a_segment, seconds
from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.domain.fs import File
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog import footage, recordings
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import GapOpened, RecorderRow, SegmentClosed
from watchkeep.storage.catalog.spool import Spool, waiting_rows

ROWS: list[RecorderRow] = [
    *[SegmentClosed(a_segment(number, start=START + seconds(60 * number))) for number in range(3)],
    SegmentClosed(a_segment(3, start=START + seconds(180), camera_clock=A_CAMERA_CLOCK)),
    GapOpened(a_gap(9, start=START + seconds(240))),
]


def replayed(spool: Spool) -> list[RecorderRow]:
    rows: list[RecorderRow] = []
    spool.replay(rows.extend)
    return rows


def only_file(root: Path) -> Path:
    (path,) = root.iterdir()
    return path


def test_rows_come_back_in_order_and_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path, fs=SystemFs())
    spool.append(ROWS[:2])
    spool.append(ROWS[2:])

    assert spool.depth() == 5
    assert replayed(spool) == ROWS
    assert spool.depth() == 0
    assert replayed(spool) == []
    assert list(tmp_path.iterdir()) == []


def test_rows_of_several_processes_come_back_oldest_first(tmp_path: Path) -> None:
    for number, row in enumerate(ROWS):
        spool = Spool(tmp_path, fs=SystemFs())
        assert spool.depth() == number
        spool.append([row])
        spool.close()

    assert replayed(Spool(tmp_path, fs=SystemFs())) == ROWS


def test_a_tail_torn_at_any_byte_costs_only_the_rows_that_it_cuts(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "whole", fs=SystemFs())
    spool.append(ROWS)
    spool.close()
    whole = only_file(tmp_path / "whole").read_bytes()
    ends = [index + 1 for index, byte in enumerate(whole) if byte == 0x0A]

    for cut in range(len(whole) + 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / "000000000001.rows").write_bytes(whole[:cut])
        torn = Spool(folder, fs=SystemFs())
        expected = ROWS[: sum(end <= cut for end in ends)]

        assert torn.depth() == len(expected)
        torn.append(ROWS[-1:])
        assert replayed(torn) == [*expected, ROWS[-1]]
        assert list(folder.iterdir()) == []


def test_a_flipped_byte_costs_its_row_and_the_file_is_kept_aside(tmp_path: Path) -> None:
    chance = random.Random(7)
    spool = Spool(tmp_path / "whole", fs=SystemFs())
    spool.append(ROWS)
    spool.close()
    whole = only_file(tmp_path / "whole").read_bytes()

    for number in range(200):
        place = chance.randrange(whole.index(b"\n"))
        folder = tmp_path / str(number)
        folder.mkdir()
        changed = whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :]
        (folder / "000000000001.rows").write_bytes(changed)

        assert replayed(Spool(folder, fs=SystemFs())) == ROWS[1:]
        assert only_file(folder).name == "000000000001.aside"
        assert Spool(folder, fs=SystemFs()).depth() == 0


def test_a_row_of_a_newer_version_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / "000000000001.rows").write_bytes(b'e1fe2d5a ["Novelty",{}]\n')
    text = b'["Novelty",{}]'
    import zlib

    (tmp_path / "000000000001.rows").write_bytes(b"%08x %s\n" % (zlib.crc32(text), text))

    assert replayed(Spool(tmp_path, fs=SystemFs())) == []
    assert only_file(tmp_path).read_bytes().endswith(text + b"\n")


def test_rows_stay_while_the_database_is_away(tmp_path: Path) -> None:
    spool = Spool(tmp_path, fs=SystemFs())
    spool.append(ROWS)
    taken: list[RecorderRow] = []

    def away_after_two(rows: Sequence[RecorderRow]) -> None:
        if len(taken) >= 2:
            raise CatalogUnavailable("The database is away.")
        taken.extend(rows)

    with pytest.raises(CatalogUnavailable):
        spool.replay(away_after_two, batch=2)

    assert spool.depth() == 5
    spool.append(ROWS[:1])
    assert replayed(spool) == [*ROWS, ROWS[0]]


def test_a_replay_that_is_done_again_is_harmless(tmp_path: Path, catalog: Catalog) -> None:
    def apply(rows: Sequence[RecorderRow]) -> None:
        with catalog.transaction() as connection:
            assert recordings.apply(connection, rows) == []

    spool = Spool(tmp_path, fs=SystemFs())
    spool.append(ROWS)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    spool.replay(apply)
    for name, content in kept.items():  # killed between the commit and the removal of the file
        (tmp_path / name).write_bytes(content)

    assert Spool(tmp_path, fs=SystemFs()).replay(apply) == 5

    with catalog.transaction() as connection:
        assert [SegmentClosed(part) for part in footage.all_segments(connection)] == ROWS[:4]
        assert recordings.open_gaps(connection, FRONT_MAIN)


class FullDisk(SystemFs):
    """A file system that takes half of what is written while it is full."""

    is_full = False

    def create(self, path: Path) -> File:
        file = super().create(path)
        append = file.append

        def half(data: bytes) -> None:
            if self.is_full:
                append(data[: len(data) // 2])
                raise OSError(28, "No space left on device")
            append(data)

        file.append = half  # type: ignore[method-assign]
        return file


def test_a_full_disk_is_said_and_does_not_spoil_what_follows(tmp_path: Path) -> None:
    fs = FullDisk()
    spool = Spool(tmp_path, fs=fs)
    spool.append(ROWS[:1])
    fs.is_full = True
    with pytest.raises(OSError, match="No space"):
        spool.append(ROWS[1:2])
    fs.is_full = False
    spool.append(ROWS[1:])

    found = replayed(spool)

    assert found == ROWS


def test_a_large_spool_is_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchkeep.storage.catalog.spool._LARGEST_FILE_BYTES", 1000)
    spool = Spool(tmp_path, fs=SystemFs())
    for _ in range(10):
        spool.append(ROWS)

    assert len(list(tmp_path.iterdir())) > 3
    assert Spool(tmp_path, fs=SystemFs()).depth() == 50
    assert replayed(spool) == ROWS * 10


def test_others_count_what_waits_while_it_is_written_and_replayed(tmp_path: Path) -> None:
    assert waiting_rows(tmp_path / "nowhere", fs=SystemFs()) == 0
    spool = Spool(tmp_path, fs=SystemFs())
    spool.append(ROWS)
    (tmp_path / "1").mkdir()
    seen = [waiting_rows(tmp_path, fs=SystemFs())]

    spool.replay(lambda _: seen.append(waiting_rows(tmp_path, fs=SystemFs())))

    seen.append(waiting_rows(tmp_path, fs=SystemFs()))
    assert seen == [len(ROWS), len(ROWS), 0]
