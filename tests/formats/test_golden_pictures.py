"""Pictures of every released version stay readable. Made by make_golden_pictures.py."""

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from formats.make_golden_pictures import HEADER, make_golden
from watchkeep.domain.ids import ShredKeyId
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.picture import open_picture

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(path.relative_to(GOLDEN) for path in GOLDEN.glob("picture-*/*.wkp"))


def key_of(path: Path) -> ShredKey:
    ((name, key),) = json.loads((path.parent / "key.json").read_text()).items()
    return ShredKey(ShredKeyId(name), bytes.fromhex(key))


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


def test_there_is_a_golden_picture_of_version_1() -> None:
    assert Path("picture-1/one.wkp") in FILES


@pytest.mark.parametrize("name", FILES, ids=str)
def test_a_golden_picture_gives_its_jpeg_to_both_readers(name: Path) -> None:
    path = GOLDEN / name
    jpeg = path.with_suffix(".jpg").read_bytes()

    header, opened = open_picture(path, fs=SystemFs(), keys=lambda _id, _day: key_of(path))

    assert (header, opened) == (HEADER, jpeg)
    assert read_by_the_page(path.read_bytes(), key_of(path).key) == jpeg


def test_the_writer_makes_the_picture_of_version_1_bit_for_bit(tmp_path: Path) -> None:
    make_golden(tmp_path)

    for path in tmp_path.iterdir():
        assert path.read_bytes() == (GOLDEN / "picture-1" / path.name).read_bytes(), path.name
