"""Data folders: made once, opened ever after, never overwritten."""

import errno
import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from watchkeep.domain.errors import Conflict, DataLoss, Exhausted, Invalid, KeystoreLocked, NotFound
from watchkeep.domain.fs import File, Space
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.recorder import Recorder
from watchkeep.runtime.system import Machine, SystemFs
from watchkeep.runtime.tiers import claim_new_volumes
from watchkeep.runtime.wiring import ensure_node, open_node

LEFT_AS_IT_WAS = "a folder that is refused must stay as it was"


@pytest.fixture
def paths(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def listing(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


def test_a_first_start_makes_a_folder_that_opens_again(paths: DataFolder) -> None:
    made = ensure_node(paths, machine=Machine())

    opened = open_node(paths, machine=Machine())
    assert (opened.id, opened.installation) == (made.id, made.installation)
    assert opened.volume.id == made.volume.id


def test_what_is_made_is_for_its_owner_only(paths: DataFolder) -> None:
    ensure_node(paths, machine=Machine())

    for path in [paths.root, *paths.root.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, f"{path} is open to others"


def test_a_second_start_changes_no_key_and_no_setting(paths: DataFolder) -> None:
    ensure_node(paths, machine=Machine())
    paths.settings.write_text("site:\n  name: Mill\n")
    before = listing(paths.root)

    node = ensure_node(paths, machine=Machine())

    assert node.settings.site.name == "Mill"
    assert listing(paths.root) == before


def test_a_folder_with_other_things_is_refused_and_left_alone(paths: DataFolder) -> None:
    paths.root.mkdir()
    (paths.root / "thesis.txt").write_text("years of work")

    with pytest.raises(Conflict, match=r"holds other things \(thesis\.txt\)"):
        ensure_node(paths, machine=Machine())

    assert listing(paths.root) == {"thesis.txt": b"years of work"}, LEFT_AS_IT_WAS


def test_prepared_settings_may_lie_in_the_folder(paths: DataFolder) -> None:
    paths.root.mkdir()
    paths.settings.write_text("site:\n  name: Mill\n")

    assert ensure_node(paths, machine=Machine()).settings.site.name == "Mill"


def test_wrong_settings_are_told_before_anything_is_made(paths: DataFolder) -> None:
    paths.root.mkdir()
    paths.settings.write_text("wep: 1\n")

    with pytest.raises(Invalid, match="wep is not a setting"):
        ensure_node(paths, machine=Machine())

    assert listing(paths.root) == {"watchkeep.yaml": b"wep: 1\n"}, LEFT_AS_IT_WAS


def test_a_file_in_place_of_the_folder_is_refused(paths: DataFolder) -> None:
    paths.root.write_text("not a folder")

    with pytest.raises(Conflict, match="is a file; name a folder"):
        ensure_node(paths, machine=Machine())


def test_a_folder_of_a_newer_format_is_refused(paths: DataFolder) -> None:
    ensure_node(paths, machine=Machine())
    document = json.loads(paths.installation.read_text())
    paths.installation.write_text(json.dumps({**document, "format": 2}))

    with pytest.raises(Conflict, match="has format 2, and this Watchkeep knows 1"):
        ensure_node(paths, machine=Machine())


def test_a_damaged_installation_file_is_not_made_anew(paths: DataFolder) -> None:
    ensure_node(paths, machine=Machine())
    paths.installation.write_text("{")

    with pytest.raises(DataLoss, match="is damaged; restore it"):
        ensure_node(paths, machine=Machine())

    assert paths.installation.read_text() == "{", LEFT_AS_IT_WAS


def test_the_keystore_of_another_installation_is_refused(paths: DataFolder, tmp_path: Path) -> None:
    other = DataFolder(tmp_path / "other")
    ensure_node(paths, machine=Machine())
    ensure_node(other, machine=Machine())
    shutil.rmtree(paths.keystore)
    shutil.copytree(other.keystore, paths.keystore)

    with pytest.raises(Conflict, match="belongs to another installation"):
        ensure_node(paths, machine=Machine())


def test_the_footage_of_another_installation_is_refused(paths: DataFolder, tmp_path: Path) -> None:
    other = DataFolder(tmp_path / "other")
    ensure_node(other, machine=Machine())
    paths.root.mkdir()
    paths.settings.write_text(f"recording:\n  folder: {other.footage}\n")

    with pytest.raises(Conflict, match="belongs to another installation"):
        ensure_node(paths, machine=Machine())


def test_an_unmounted_footage_disk_is_not_taken_for_a_new_one(paths: DataFolder) -> None:
    ensure_node(paths, machine=Machine())
    shutil.rmtree(paths.footage)
    paths.footage.mkdir()

    with pytest.raises(Conflict, match="empty or not mounted"):
        ensure_node(paths, machine=Machine())

    assert list(paths.footage.iterdir()) == [], LEFT_AS_IT_WAS


def test_a_lost_keystore_is_never_replaced_by_a_new_one(paths: DataFolder) -> None:
    ensure_node(paths, machine=Machine())
    shutil.rmtree(paths.keystore)

    with pytest.raises(DataLoss, match="restore it from a backup"):
        ensure_node(paths, machine=Machine())

    assert not (paths.keystore / "keystore.json").exists(), LEFT_AS_IT_WAS


def test_a_killed_first_start_is_taken_up_again(paths: DataFolder) -> None:
    ensure_node(paths, machine=Machine())
    keys = listing(paths.keystore)
    paths.installation.unlink()
    paths.beginning.write_text("")
    paths.volumes.unlink()
    shutil.rmtree(paths.footage)

    ensure_node(paths, machine=Machine())

    assert listing(paths.keystore) == keys
    assert not paths.beginning.exists()


def test_opening_a_folder_that_is_none_says_what_makes_one(paths: DataFolder) -> None:
    with pytest.raises(NotFound, match="is no data folder of Watchkeep"):
        open_node(paths, machine=Machine())


def with_passphrase(paths: DataFolder) -> None:
    paths.root.mkdir()
    paths.settings.write_text("keystore:\n  provider: passphrase\n")


def test_a_wrong_passphrase_opens_nothing_and_changes_nothing(paths: DataFolder) -> None:
    with_passphrase(paths)
    ensure_node(paths, machine=Machine(), environment={"WATCHKEEP_PASSPHRASE": "right one"})
    before = listing(paths.root)

    with pytest.raises(KeystoreLocked, match="the passphrase does not open this keystore"):
        ensure_node(paths, machine=Machine(), environment={"WATCHKEEP_PASSPHRASE": "wrong one"})

    assert listing(paths.root) == before, LEFT_AS_IT_WAS


def test_a_missing_passphrase_is_asked_for_by_name(paths: DataFolder) -> None:
    with_passphrase(paths)

    with pytest.raises(KeystoreLocked, match="in the environment variable WATCHKEEP_PASSPHRASE"):
        ensure_node(paths, machine=Machine(), environment={})


class FullFs(SystemFs):
    """A disk that is full: by what it says of its space, or at the first file that is made."""

    def __init__(self, *, free_bytes: int) -> None:
        self.free_bytes = free_bytes

    def space(self, path: Path) -> Space:
        return Space(free_bytes=self.free_bytes, total_bytes=1 << 40)

    def create(self, path: Path) -> File:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(params=[1 << 20, 1 << 40])
def full_machine(request: pytest.FixtureRequest) -> Machine:
    return Machine(fs=FullFs(free_bytes=request.param))


def test_a_full_disk_is_one_sentence(paths: DataFolder, full_machine: Machine) -> None:
    with pytest.raises(Exhausted, match="is full"):
        ensure_node(paths, machine=full_machine)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_sentence(paths: DataFolder) -> None:
    paths.root.mkdir(mode=0o500)

    with pytest.raises(Exception, match="cannot be written by this user"):
        ensure_node(paths, machine=Machine())


def test_a_later_tier_may_not_be_the_folder_that_is_recorded_to(paths: DataFolder) -> None:
    paths.root.mkdir()
    tiers = f"[{{name: hot}}, {{name: warm, volumes: [{{folder: {paths.footage}}}]}}]"
    paths.settings.write_text(f"storage:\n  tiers: {tiers}\n")
    node = ensure_node(paths, machine=Machine())

    with pytest.raises(Invalid, match="is the folder that is recorded to"):
        claim_new_volumes(node.volumes, node.settings, node.paths, node.machine)


def test_a_recorder_whose_data_folder_has_a_long_path_can_be_listened_to(tmp_path: Path) -> None:
    node = ensure_node(DataFolder(tmp_path / ("a" * 90)), machine=Machine())

    recorder = Recorder(node)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.connect(str(node.paths.recorder_socket()))
    recorder._offer.close()


def test_the_recorder_socket_has_a_path_that_fits(tmp_path: Path) -> None:
    deep = DataFolder(tmp_path / ("a" * 90))

    assert len(os.fsencode(deep.recorder_socket())) <= 107
    assert deep.recorder_socket() != DataFolder(tmp_path / ("b" * 90)).recorder_socket()
