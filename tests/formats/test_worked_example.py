"""The worked example of docs/formats/segment.md, taken from the page, in both readers."""

import re
from pathlib import Path

from formats.independent_reader import read_video
from watchkeep.domain.ids import ShredKeyId
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.reader import SealedReader

PAGE = Path(__file__).parents[2] / "docs" / "formats" / "segment.md"


def from_page(name: str) -> bytes:
    found = re.search(rf"```hex {name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return bytes.fromhex(found.group(1))


def test_the_example_on_the_page_reads_as_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "example.wks").write_bytes(from_page("file"))
    key = ShredKey(ShredKeyId("a-test-shred-key"), from_page("shred-key"))

    reader = SealedReader.open(tmp_path / "example.wks", fs=SystemFs(), keys=lambda _id, _day: key)

    reader.verify()
    assert reader.is_final
    assert reader.init_length == 24
    assert [mark.length for mark in reader.marks] == [40, 36]
    assert reader.read_video(0, 1000) == from_page("video")


def test_the_example_reads_the_same_in_the_independent_reader() -> None:
    assert read_video(from_page("file"), from_page("shred-key")) == (from_page("video"), "closed")


def test_the_independent_reader_knows_nothing_of_watchkeep() -> None:
    text = (Path(__file__).parent / "independent_reader.py").read_text()

    assert not re.search(r"^(from|import) +(watchkeep|builders)", text, re.MULTILINE)
    assert len(text.splitlines()) <= 90
