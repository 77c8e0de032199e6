"""Files of every released version stay readable. Made by make_golden_files.py."""

import json
from pathlib import Path

import pytest

from builders import A_CAMERA_CLOCK
from formats.independent_reader import read_clock, read_video
from formats.make_golden_files import make_golden
from watchkeep.domain.ids import ShredKeyId
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.reader import SealedReader

GOLDEN = Path(__file__).parent / "golden"
STATES = {"clock": "closed", "closed": "closed", "recovered": "recovered", "torn": "unfinished"}
FILES = sorted(path.relative_to(GOLDEN) for path in GOLDEN.glob("*/*.wks"))


def key_of(path: Path) -> ShredKey:
    ((name, key),) = json.loads((path.parent / "key.json").read_text()).items()
    return ShredKey(ShredKeyId(name), bytes.fromhex(key))


def test_there_are_golden_files_of_version_1() -> None:
    assert [path.name for path in FILES if path.parent.name == "1"] == [
        "clock.wks",
        "closed.wks",
        "recovered.wks",
        "torn.wks",
    ]


@pytest.mark.parametrize("name", FILES, ids=str)
def test_a_golden_file_gives_its_video_stream(name: Path) -> None:
    path = GOLDEN / name

    reader = SealedReader.open(path, fs=SystemFs(), keys=lambda _id, _day: key_of(path))

    assert reader.read_video(0, 1 << 20) == path.with_suffix(".mp4").read_bytes()
    state = reader.final.state.value if reader.final else "unfinished"
    assert state == STATES[path.stem]
    assert reader.camera_clock() == (A_CAMERA_CLOCK if path.stem == "clock" else None)
    if reader.is_final:
        reader.verify()
    reader.close()


@pytest.mark.parametrize("name", FILES, ids=str)
def test_the_independent_reader_gives_the_same(name: Path) -> None:
    path = GOLDEN / name

    video, state = read_video(path.read_bytes(), key_of(path).key)

    assert video == path.with_suffix(".mp4").read_bytes()
    assert state == STATES[path.stem]
    clock = read_clock(path.read_bytes(), key_of(path).key)
    assert clock == ((13, -3_600_250_000, -297_500, 1_748_779_202_000_000) if path.stem == "clock" else None)


def test_the_writer_makes_the_files_of_version_1_bit_for_bit(tmp_path: Path) -> None:
    make_golden(tmp_path)

    for path in tmp_path.iterdir():
        assert path.read_bytes() == (GOLDEN / "1" / path.name).read_bytes(), path.name
