"""Part of what a key sealed is erased: the rest opens as before, in no file a byte changes."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from builders import A_SHRED_KEY, CAMERA, CountingRng, FixedClock, a_header, a_keystore, a_segment_file
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import Invalid, KeyShredded
from watchkeep.domain.ids import SegmentId, ShredKeyId
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.encryption.keystore import Keystore, ShredKey
from watchkeep.storage.encryption.shred_keys import SealedKey
from watchkeep.storage.media.format import read_head
from watchkeep.storage.media.reader import SealedReader

DAY = date(2025, 6, 1)
FOOTAGE = DataClass.RAW_FOOTAGE


class Shelf:
    """Some segments of one key."""

    def __init__(self, root: Path, count: int = 3) -> None:
        self.clock = FixedClock()
        self.keys = root / "keys"
        self.keystore = a_keystore(self.keys, clock=self.clock)
        self.key = self.keystore.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)
        self.ids = [SegmentId(UUID(int=number + 1)) for number in range(count)]
        self.paths = {each: root / f"{each}.wks" for each in self.ids}
        self.video = {
            each: a_segment_file(
                path,
                header=a_header(segment=each, shred_key=self.key.id),
                shred_key=self.key,
                rng=CountingRng(each.int),
            )
            for each, path in self.paths.items()
        }

    def sealed(self, *ids: SegmentId) -> dict[UUID, SealedKey]:
        heads = {each: read_head(SystemFs().open(self.paths[each]), "x") for each in ids}
        return {each: SealedKey(head.bound, head.wrap) for each, head in heads.items()}

    def read(self, segment: SegmentId, keystore: Keystore | None = None) -> bytes:
        keys = (keystore or a_keystore(self.keys, clock=self.clock)).find_shred_key
        reader = SealedReader.open(self.paths[segment], fs=SystemFs(), keys=keys)
        try:
            reader.verify()
            return reader.read_video(0, 1 << 20)
        finally:
            reader.close()

    def is_erased(self, segment: SegmentId, keystore: Keystore | None = None) -> bool:
        with pytest.raises(KeyShredded, match="erased on purpose"):
            self.read(segment, keystore)
        return True


def test_survivors_open_as_before_and_the_rest_never_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first, second, third = shelf.ids
    before = {path: path.read_bytes() for path in shelf.paths.values()}

    assert shelf.keystore.rekey(shelf.key.id, DAY, shelf.sealed(first, third)) == 2

    for segment in (first, third):
        assert shelf.read(segment) == shelf.video[segment]
        assert shelf.read(segment, shelf.keystore) == shelf.video[segment]
    assert shelf.is_erased(second)
    assert shelf.is_erased(second, shelf.keystore)
    assert {path: path.read_bytes() for path in shelf.paths.values()} == before
    stored = json.dumps([path.read_text() for path in (shelf.keys / "shred").iterdir()])
    assert shelf.key.key.hex() not in stored
    assert str(second) not in stored


def test_survivors_of_survivors_stay_and_the_key_between_is_destroyed_too(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first, second, third = shelf.ids
    shelf.keystore.rekey(shelf.key.id, DAY, shelf.sealed(first, second))
    between = shelf.keystore.find_shred_key(shelf.key.id, DAY)

    # The third is asked for again, and cannot come back.
    assert shelf.keystore.rekey(shelf.key.id, DAY, shelf.sealed(second, third)) == 1

    assert shelf.read(second) == shelf.video[second]
    assert shelf.is_erased(first)
    assert shelf.is_erased(third)
    assert shelf.keystore.find_shred_key(shelf.key.id, DAY).key != between.key


def test_without_survivors_the_key_is_simply_destroyed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.keystore.day(DAY).keys_of(CAMERA) == [shelf.key.id]

    assert shelf.keystore.rekey(shelf.key.id, DAY, {}) == 0
    assert shelf.keystore.rekey(shelf.key.id, DAY, shelf.sealed(shelf.ids[0])) == 0

    assert all(shelf.is_erased(segment) for segment in shelf.ids)
    assert shelf.keystore.day(DAY).keys_of(CAMERA) == []
    assert shelf.keystore.day(DAY).camera_of(shelf.key.id) == CAMERA
    assert not shelf.keystore.day(DAY).still_opens(shelf.key.id, None)


def test_a_key_that_was_replaced_is_used_for_nothing_new_and_outlives_a_rotation(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.keystore.rekey(shelf.key.id, DAY, shelf.sealed(shelf.ids[0]))
    fresh = shelf.keystore.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)

    shelf.keystore.rotate()

    assert fresh.id != shelf.key.id
    assert shelf.read(shelf.ids[0]) == shelf.video[shelf.ids[0]]
    assert shelf.is_erased(shelf.ids[1])
    assert set(shelf.keystore.day(DAY).keys_of(CAMERA)) == {fresh.id, shelf.key.id}
    assert shelf.keystore.day(DAY).camera_of(shelf.key.id) == CAMERA
    assert shelf.keystore.day(DAY).still_opens(shelf.key.id, frozenset({shelf.ids[0]}))
    assert not shelf.keystore.day(DAY).still_opens(shelf.key.id, frozenset({shelf.ids[1]}))
    shelf.keystore.destroy_shred_key(shelf.key.id, DAY)
    assert shelf.is_erased(shelf.ids[0])


def test_a_renewed_key_still_opens_but_begins_nothing(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)

    shelf.keystore.renew_shred_key(shelf.key.id, DAY)
    fresh = shelf.keystore.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)
    shelf.keystore.renew_shred_key(shelf.key.id, DAY)  # not the current one any more

    assert fresh.id != shelf.key.id
    assert shelf.keystore.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE) == fresh
    assert shelf.read(shelf.ids[0]) == shelf.video[shelf.ids[0]]


def test_what_the_ledger_names_does_not_open_though_its_key_is_there(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first, second, _ = shelf.ids

    shelf.keystore.heed(lambda key: frozenset({second}) if key == shelf.key.id else frozenset())
    shelf.clock.advance(6)
    assert shelf.read(first, shelf.keystore) == shelf.video[first]
    assert shelf.is_erased(second, shelf.keystore)
    shelf.keystore.heed(lambda _: None)
    shelf.clock.advance(6)
    assert shelf.is_erased(first, shelf.keystore)


def test_a_wrap_does_not_pass_for_another_segments(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first, second, _ = shelf.ids
    sealed = shelf.sealed(first)[first]

    assert shelf.keystore.rekey(shelf.key.id, DAY, {second: sealed}) == 1

    key = shelf.keystore.find_shred_key(shelf.key.id, DAY)
    assert key.wraps is not None
    with pytest.raises(Exception, match="does not open"):
        shelf.read(second)


def test_a_day_without_erasures_keeps_its_format_and_no_version_reads_a_newer(
    tmp_path: Path,
) -> None:
    shelf = Shelf(tmp_path)
    path = shelf.keys / "shred" / f"{DAY}.json"
    assert json.loads(path.read_text())["format"] == 1

    shelf.keystore.rekey(shelf.key.id, DAY, shelf.sealed(shelf.ids[0]))
    content = json.loads(path.read_text())
    assert content["format"] == 2
    content["format"] = 3
    path.write_text(json.dumps(content))

    with pytest.raises(Invalid, match="newer"):
        a_keystore(shelf.keys).find_shred_key(shelf.key.id, DAY)


def test_a_key_from_memory_without_wraps_opens_what_is_in_the_file() -> None:
    key = replace(A_SHRED_KEY, erased=frozenset({UUID(int=1)}))

    assert key.wrap_of(UUID(int=2), b"in the file") == b"in the file"
    with pytest.raises(KeyShredded):
        key.wrap_of(UUID(int=1), b"in the file")
    assert ShredKey(ShredKeyId("x"), b"k", wraps={UUID(int=3): b"w"}).wrap_of(UUID(int=3), b"f") == b"w"
