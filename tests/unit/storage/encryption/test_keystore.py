"""The keystore: made once, opened only by the right one, shared, rotated, and forgetting for good."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from builders import CAMERA, CountingRng, FixedClock, a_header, a_keystore, a_segment_file
from watchkeep.domain.camera import Secret
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import Conflict, DataLoss, KeyShredded, KeystoreLocked, NotFound, Tampered
from watchkeep.domain.ids import CameraId, ShredKeyId
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.encryption.keystore import REMEMBERED_KEYS, Keystore, ShredKey
from watchkeep.storage.encryption.providers import KeyProvider, MachineProvider, PassphraseProvider
from watchkeep.storage.media.reader import SealedReader

DAY = date(2025, 6, 1)
FOOTAGE = DataClass.RAW_FOOTAGE
CHILD = Path(__file__).with_name("key_maker.py")


def a_passphrase(text: str, seed: int = 0) -> PassphraseProvider:
    return PassphraseProvider(Secret(text), rng=CountingRng(seed), passes=1, memory_kib=64, lanes=1)


def opened(root: Path, provider: KeyProvider, seed: int = 50) -> Keystore:
    return Keystore.open(root, fs=SystemFs(), clock=FixedClock(), rng=CountingRng(seed), provider=provider)


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


def test_a_key_is_made_once_for_a_camera_day_and_class_and_found_by_its_id(tmp_path: Path) -> None:
    keystore = a_keystore(tmp_path)

    key = keystore.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)

    assert keystore.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE) == key
    again = a_keystore(tmp_path)
    assert again.find_shred_key(key.id, DAY) == key
    others = [
        keystore.shred_key(camera=CameraId("yard"), day=DAY, data_class=FOOTAGE),
        keystore.shred_key(camera=CAMERA, day=DAY + timedelta(days=1), data_class=FOOTAGE),
        keystore.shred_key(camera=CAMERA, day=DAY, data_class=DataClass.EVENT_CLIP),
    ]
    assert len({key.key, *(other.key for other in others)}) == 4


def test_a_keystore_is_not_made_over_another(tmp_path: Path) -> None:
    a_keystore(tmp_path).shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)
    before = contents(tmp_path)
    provider = MachineProvider(tmp_path / "machine.key", fs=SystemFs(), rng=CountingRng())

    with pytest.raises(Conflict):
        Keystore.create(tmp_path, fs=SystemFs(), clock=FixedClock(), rng=CountingRng(), provider=provider)
    (tmp_path / "keystore.json").unlink()
    with pytest.raises(Conflict):  # there are shred keys still, so there was a keystore
        Keystore.create(tmp_path, fs=SystemFs(), clock=FixedClock(), rng=CountingRng(), provider=provider)

    del before["keystore.json"]
    assert contents(tmp_path) == before


def test_a_keystore_that_is_not_there_is_not_made_by_opening(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        opened(tmp_path / "keystore", a_passphrase("x"))

    assert not (tmp_path / "keystore").exists()


def test_a_wrong_passphrase_locks_and_changes_nothing(tmp_path: Path) -> None:
    provider = a_passphrase("correct horse")
    made = Keystore.create(tmp_path, fs=SystemFs(), clock=FixedClock(), rng=CountingRng(1), provider=provider)
    key = made.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)
    before = contents(tmp_path)

    with pytest.raises(KeystoreLocked) as caught:
        opened(tmp_path, a_passphrase("battery staple"))

    assert contents(tmp_path) == before
    assert "battery" not in str(caught.value)
    assert str(caught.value).count(".") == 0  # one sentence
    assert opened(tmp_path, a_passphrase("correct horse", 9)).find_shred_key(key.id, DAY) == key


def test_a_wrong_a_missing_and_a_cut_machine_key_lock_and_change_nothing(tmp_path: Path) -> None:
    a_keystore(tmp_path)
    key_file = tmp_path / "machine.key"
    right = key_file.read_bytes()
    assert len(right) == 32
    assert key_file.stat().st_mode & 0o777 == 0o600

    for wrong in (bytes(32), right[:31], b"", None):
        if wrong is None:
            key_file.unlink()
        else:
            key_file.write_bytes(wrong)
        before = contents(tmp_path)
        with pytest.raises(KeystoreLocked, match=r"machine\.key"):
            a_keystore(tmp_path)
        assert contents(tmp_path) == before

    key_file.write_bytes(right)
    a_keystore(tmp_path)


def test_another_provider_locks(tmp_path: Path) -> None:
    a_keystore(tmp_path)

    with pytest.raises(KeystoreLocked, match="opens with machine"):
        opened(tmp_path, a_passphrase("x"))


def test_a_keystore_half_made_by_a_crash_is_made_again(tmp_path: Path) -> None:
    a_keystore(tmp_path)
    (tmp_path / "keystore.json").rename(tmp_path / "keystore.json.part")

    assert a_keystore(tmp_path).shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)


def test_a_destroyed_key_is_gone_everywhere_and_its_id_is_not_used_again(tmp_path: Path) -> None:
    clock = FixedClock()
    keystore, other = a_keystore(tmp_path, clock=clock), a_keystore(tmp_path, clock=clock)
    key = keystore.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)
    assert other.find_shred_key(key.id, DAY) == key

    keystore.destroy_shred_key(key.id, DAY)
    keystore.destroy_shred_key(key.id, DAY)

    with pytest.raises(KeyShredded):
        keystore.find_shred_key(key.id, DAY)
    clock.advance(5)
    with pytest.raises(KeyShredded):
        other.find_shred_key(key.id, DAY)
    fresh = other.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)
    assert fresh.id != key.id
    assert fresh.key != key.key
    with pytest.raises(NotFound):
        keystore.destroy_shred_key(ShredKeyId("never"), DAY)


def test_a_rotation_opens_all_old_segments_and_writes_no_media_file(tmp_path: Path) -> None:
    clock = FixedClock()
    keystore, other = a_keystore(tmp_path / "keys", clock=clock), a_keystore(tmp_path / "keys", clock=clock)
    (tmp_path / "footage").mkdir()
    videos, paths = [], []
    for number in range(4):
        day = DAY + timedelta(days=number)
        key = keystore.shred_key(camera=CAMERA, day=day, data_class=FOOTAGE)
        paths.append(tmp_path / "footage" / f"{number}.wks")
        header = a_header(shred_key=key.id, shred_day=day)
        videos.append(a_segment_file(paths[-1], header=header, shred_key=key, finish=number != 3))
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths]
    days_before = contents(tmp_path / "keys" / "shred")
    secret = keystore.seal("camera password", b"hunter2")
    clock.advance(90 * 86_400)
    assert keystore.kek_age() == timedelta(days=90)

    assert [keystore.rotate(), keystore.rotate()] == [2, 3]

    assert keystore.kek_age() == timedelta()
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths] == before
    assert all(contents(tmp_path / "keys" / "shred")[day] != text for day, text in days_before.items())
    for store in (keystore, other, a_keystore(tmp_path / "keys")):
        for path, video in zip(paths, videos, strict=True):
            reader = SealedReader.open(path, fs=SystemFs(), keys=store.find_shred_key)
            assert reader.read_video(0, 1 << 20) == video
            reader.close()
        assert store.unseal("camera password", secret) == b"hunter2"
    assert [row["version"] for row in json.loads((tmp_path / "keys/keystore.json").read_text())["keks"]] == [
        3
    ]


def test_a_process_that_slept_through_a_rotation_makes_keys_under_the_new_version(tmp_path: Path) -> None:
    keystore, other = a_keystore(tmp_path), a_keystore(tmp_path)
    keystore.rotate()

    key = other.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)

    assert a_keystore(tmp_path).find_shred_key(key.id, DAY) == key
    assert keystore.find_shred_key(key.id, DAY) == key


class StoppingFs(SystemFs):
    """The machine's file system, until the n-th rename: then the process is as good as dead."""

    def __init__(self, renames: int) -> None:
        self.left = renames

    def rename(self, old: Path, new: Path) -> None:
        if self.left == 0:
            raise OSError("killed here")
        self.left -= 1
        super().rename(old, new)


def test_a_rotation_killed_at_any_step_leaves_every_key_open(tmp_path: Path) -> None:
    keystore = a_keystore(tmp_path)
    keys = [
        (keystore.shred_key(camera=CAMERA, day=DAY + timedelta(days=number), data_class=FOOTAGE), number)
        for number in range(3)
    ]
    secret = keystore.seal("plan", b"two cameras")

    for renames in range(6):
        fs = StoppingFs(renames)
        provider = MachineProvider(tmp_path / "machine.key", fs=fs, rng=CountingRng(renames))
        dying = Keystore.open(
            tmp_path, fs=fs, clock=FixedClock(), rng=CountingRng(100 + renames), provider=provider
        )
        if renames < 5:
            with pytest.raises(OSError, match="killed"):
                dying.rotate()
        else:
            dying.rotate()
        survivor = a_keystore(tmp_path)
        for key, number in keys:
            assert survivor.find_shred_key(key.id, DAY + timedelta(days=number)) == key
        assert survivor.unseal("plan", secret) == b"two cameras"

    assert len(json.loads((tmp_path / "keystore.json").read_text())["keks"]) == 1


def test_real_processes_that_make_keys_of_one_day_at_once_agree_on_them(tmp_path: Path) -> None:
    a_keystore(tmp_path)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    children = [
        subprocess.Popen(
            [sys.executable, str(CHILD), str(tmp_path), DAY.isoformat(), "12"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        for _ in range(3)
    ]

    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()
    answers = [json.loads(child.communicate(timeout=120)[0]) for child in children]

    assert answers[0] == answers[1] == answers[2]
    assert len({key for _, key in answers[0]}) == 12
    reader = a_keystore(tmp_path)
    assert all(reader.find_shred_key(ShredKeyId(name), DAY).key.hex() == key for name, key in answers[0])


def test_a_secret_opens_only_for_its_purpose_and_unchanged(tmp_path: Path) -> None:
    keystore = a_keystore(tmp_path / "one")
    sealed = keystore.seal("camera password", b"hunter2")

    assert b"hunter2" not in sealed
    assert a_keystore(tmp_path / "one").unseal("camera password", sealed) == b"hunter2"
    with pytest.raises(Tampered):
        keystore.unseal("plan", sealed)
    with pytest.raises(Tampered):
        a_keystore(tmp_path / "two").unseal("camera password", sealed)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(Tampered):
            keystore.unseal("camera password", bytes(changed))
        with pytest.raises(Tampered):
            keystore.unseal("camera password", sealed[:position])


def test_a_key_moved_to_another_camera_or_changed_is_refused(tmp_path: Path) -> None:
    keystore = a_keystore(tmp_path)
    key = keystore.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)
    path = tmp_path / "shred" / f"{DAY}.json"
    text = path.read_text()

    path.write_text(text.replace(CAMERA, "back-yard"))
    with pytest.raises(Tampered):
        keystore.shred_key(camera=CameraId("back-yard"), day=DAY, data_class=FOOTAGE)
    (tmp_path / "shred" / "2025-06-02.json").write_text(text.replace("2025-06-01", "2025-06-02"))
    with pytest.raises(Tampered):
        keystore.find_shred_key(key.id, date(2025, 6, 2))
    path.write_text(text[:50])
    with pytest.raises(DataLoss, match="backup"):
        keystore.find_shred_key(key.id, DAY)


def test_few_keys_stay_in_memory_and_none_for_long(tmp_path: Path) -> None:
    clock = FixedClock()
    keystore = a_keystore(tmp_path, clock=clock)
    ids = [
        keystore.shred_key(camera=CameraId(f"c{number}"), day=DAY, data_class=FOOTAGE).id
        for number in range(REMEMBERED_KEYS + 5)
    ]
    for name in ids:
        keystore.find_shred_key(name, DAY)

    assert len(keystore._remembered) == REMEMBERED_KEYS
    (tmp_path / "shred" / f"{DAY}.json").unlink()
    keystore.find_shred_key(ids[-1], DAY)
    clock.advance(5)
    with pytest.raises(NotFound):
        keystore.find_shred_key(ids[-1], DAY)


def test_no_key_shows_itself(tmp_path: Path) -> None:
    provider = a_passphrase("correct horse")
    keystore = Keystore.create(
        tmp_path, fs=SystemFs(), clock=FixedClock(), rng=CountingRng(1), provider=provider
    )
    key = keystore.shred_key(camera=CAMERA, day=DAY, data_class=FOOTAGE)

    shown = "".join(map(repr, (keystore, provider, key)))

    assert "correct" not in shown
    assert key.key.hex() not in shown
    assert repr(key.key)[2:-1] not in shown
    assert key.key.hex() not in "".join(text.decode(errors="replace") for text in contents(tmp_path).values())
    assert isinstance(key, ShredKey)


def test_a_passphrase_file_that_asks_for_too_much_work_is_refused(tmp_path: Path) -> None:
    Keystore.create(
        tmp_path, fs=SystemFs(), clock=FixedClock(), rng=CountingRng(1), provider=a_passphrase("x")
    )
    path = tmp_path / "keystore.json"
    content = json.loads(path.read_text())
    content["keks"][0]["wrapped"] = "ffffffff" * 3 + content["keks"][0]["wrapped"][24:]
    path.write_text(json.dumps(content))

    with pytest.raises(Tampered, match="work"):
        opened(tmp_path, a_passphrase("x"))
