"""Keystores of every released format stay readable. Made by make_golden_keystore.py."""

import json
import shutil
from pathlib import Path

import pytest

from builders import a_keystore
from formats.make_golden_keystore import DAY, make_golden_keystore
from watchkeep.domain.errors import KeyShredded
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.reader import SealedReader

GOLDEN = Path(__file__).parent / "golden" / "keystore-2"


def test_a_survivor_opens_and_what_was_erased_does_not(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN, tmp_path / "keys")
    keystore = a_keystore(tmp_path / "keys")
    assert json.loads((GOLDEN / "shred" / f"{DAY}.json").read_text())["format"] == 2

    reader = SealedReader.open(GOLDEN / "files" / "survivor.wks", fs=SystemFs(), keys=keystore.find_shred_key)

    assert reader.read_video(0, 1 << 20) == (GOLDEN / "files" / "survivor.mp4").read_bytes()
    reader.close()
    with pytest.raises(KeyShredded):
        SealedReader.open(GOLDEN / "files" / "erased.wks", fs=SystemFs(), keys=keystore.find_shred_key)


def test_the_keystore_is_made_again_bit_for_bit(tmp_path: Path) -> None:
    make_golden_keystore(tmp_path)

    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    golden = {path.relative_to(GOLDEN): path.read_bytes() for path in GOLDEN.rglob("*") if path.is_file()}
    assert made == golden
