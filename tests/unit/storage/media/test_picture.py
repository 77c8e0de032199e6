"""Sealed pictures of events: written, read, damaged, and read again by a reader made of the page alone."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from builders import A_SHRED_KEY, CAMERA, NOON, CountingRng, its_key
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


def read_by_the_page(file: bytes, shred_key: bytes) -> bytes:
    """Written from docs/formats/picture.md alone."""
    assert file[:8] == bytes.fromhex("01574b5049430d0a")
    salt = 12 + int.from_bytes(file[8:12], "big")
    bound, wrap = file[: salt + 32], file[salt + 32 : salt + 92]
    data_key = AESGCM(shred_key).decrypt(wrap[:12], wrap[12:], bound)
    info = b"watchkeep picture 1" + hashlib.sha256(bound).digest()
    made = HKDFExpand(algorithm=SHA512(), length=76, info=info).derive(data_key)
    assert made[44:] == file[salt + 92 : salt + 124]
    return AESGCM(made[:32]).decrypt(made[32:44], file[salt + 124 :], b"picture")


def test_a_picture_comes_back_as_it_was_with_its_header(tmp_path: Path) -> None:
    sealed(tmp_path / "a" / "one.wkp")

    assert open_picture(tmp_path / "a" / "one.wkp", fs=SystemFs(), keys=its_key) == (HEADER, JPEG)
    assert read_picture_header(tmp_path / "a" / "one.wkp", fs=SystemFs()) == HEADER


def test_a_reader_made_of_the_page_alone_reads_it(tmp_path: Path) -> None:
    assert read_by_the_page(sealed(tmp_path / "one.wkp"), A_SHRED_KEY.key) == JPEG


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
