"""Sealed pictures of events: written, read, damaged."""

from datetime import timedelta
from pathlib import Path

import pytest

from builders import A_SHRED_KEY, CAMERA, NOON, CountingRng, its_key
from faulty_fs import FaultyFs
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import DataLoss, Invalid, NotFound, WatchkeepError
from watchkeep.domain.ids import EventId, uuid8
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.picture import (
    PictureHeader,
    open_picture,
    read_picture_header,
    seal_picture,
)

EVENT = EventId(uuid8(NOON, b"an event of the tests"))
JPEG = b"\xff\xd8 a picture \xff\xd9" * 40
HEADER = PictureHeader(
    camera=CAMERA,
    event=EVENT,
    at=NOON + timedelta(microseconds=123_456),
    width_px=1280,
    height_px=720,
    data_class=DataClass.EVENT,
    day=NOON.date(),
    shred_key=A_SHRED_KEY.id,
)


def sealed(path: Path, *, jpeg: bytes = JPEG, seed: int = 1) -> bytes:
    size = seal_picture(path, HEADER, jpeg, shred_key=A_SHRED_KEY, fs=SystemFs(), rng=CountingRng(seed))
    content = path.read_bytes()
    assert size == len(content)
    return content


def test_a_picture_comes_back_as_it_was_with_its_header(tmp_path: Path) -> None:
    sealed(tmp_path / "a" / "one.wkp")

    assert open_picture(tmp_path / "a" / "one.wkp", fs=SystemFs(), keys=its_key) == (HEADER, JPEG)
    assert read_picture_header(tmp_path / "a" / "one.wkp", fs=SystemFs()) == HEADER


def test_nothing_of_the_picture_stands_in_the_file(tmp_path: Path) -> None:
    content = sealed(tmp_path / "one.wkp")

    assert not any(JPEG[at : at + 8] in content for at in range(len(JPEG) - 8))


def test_a_better_picture_takes_the_place_and_shares_no_key(tmp_path: Path) -> None:
    first = sealed(tmp_path / "one.wkp")
    second = sealed(tmp_path / "one.wkp", jpeg=b"a better one", seed=2)

    assert open_picture(tmp_path / "one.wkp", fs=SystemFs(), keys=its_key)[1] == b"a better one"
    assert first[-60:] != second[-60:]
    assert [path.name for path in tmp_path.iterdir()] == ["one.wkp"]


def test_every_changed_byte_is_refused(tmp_path: Path) -> None:
    content = sealed(tmp_path / "one.wkp")
    for at in range(len(content)):
        spoilt = bytearray(content)
        spoilt[at] ^= 1
        (tmp_path / "spoilt.wkp").write_bytes(spoilt)
        with pytest.raises((DataLoss, Invalid, NotFound)):  # the last for another key's id
            open_picture(tmp_path / "spoilt.wkp", fs=SystemFs(), keys=its_key)


def test_a_cut_or_lengthened_file_is_refused(tmp_path: Path) -> None:
    content = sealed(tmp_path / "one.wkp")
    for made in [content[:length] for length in range(len(content))] + [content + b"\0"]:
        (tmp_path / "spoilt.wkp").write_bytes(made)
        with pytest.raises((DataLoss, Invalid)):
            open_picture(tmp_path / "spoilt.wkp", fs=SystemFs(), keys=its_key)


@pytest.mark.parametrize("jpeg", [b"", bytes((16 << 20) + 1)], ids=["empty", "too large"])
def test_what_cannot_be_a_picture_is_refused(tmp_path: Path, jpeg: bytes) -> None:
    with pytest.raises(Invalid, match="is not kept"):
        sealed(tmp_path / "one.wkp", jpeg=jpeg)

    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_and_a_segment_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no picture"):
        open_picture(tmp_path / "none.wkp", fs=SystemFs(), keys=its_key)
    (tmp_path / "other.wkp").write_bytes(b"\x01WKSEG\r\n" + bytes(100))
    with pytest.raises(Invalid, match="is no picture file"):
        open_picture(tmp_path / "other.wkp", fs=SystemFs(), keys=its_key)


def test_another_header_than_ours_is_refused(tmp_path: Path) -> None:
    content = sealed(tmp_path / "one.wkp")
    (tmp_path / "one.wkp").write_bytes(content.replace(b'"height_px":720', b'"height_px":"1"'))

    with pytest.raises(WatchkeepError):
        read_picture_header(tmp_path / "one.wkp", fs=SystemFs())


def test_a_sealed_picture_is_synced_before_it_takes_its_place_and_its_place_before_it_is_told(
    tmp_path: Path,
) -> None:
    fs = FaultyFs()

    seal_picture(tmp_path / "day" / "one.wkp", HEADER, JPEG, shred_key=A_SHRED_KEY, fs=fs, rng=CountingRng(1))

    assert fs.log[-4:] == [
        ("append", "one.wkp.part"),
        ("sync", "one.wkp.part"),
        ("rename", "one.wkp.part"),
        ("sync_directory", "day"),
    ]


def test_whatever_the_disk_refuses_the_old_picture_or_the_new_one_is_there(tmp_path: Path) -> None:
    path = tmp_path / "one.wkp"
    refused = 0
    for nth in range(1, 20):
        sealed(path)
        fs = FaultyFs()
        fs.fail(nth)
        try:
            seal_picture(path, HEADER, b"a better one", shred_key=A_SHRED_KEY, fs=fs, rng=CountingRng(2))
        except OSError:
            refused += 1
            assert open_picture(path, fs=SystemFs(), keys=its_key)[1] in (JPEG, b"a better one")
        else:
            assert open_picture(path, fs=SystemFs(), keys=its_key)[1] == b"a better one"
    assert refused >= 5
