"""One footage folder: whose it is, and where its files lie."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from builders import CAMERA, INSTALLATION, SEGMENT, CountingRng
from watchkeep.domain.errors import Conflict, DataLoss, Invalid, NotFound
from watchkeep.domain.ids import CameraId
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.volume import Volume

DAY = date(2025, 6, 1)


def a_volume(
    root: Path, *, installation: UUID = INSTALLATION, expected: UUID | None = None, seed: int = 0
) -> Volume:
    return Volume.open(
        root, fs=SystemFs(), rng=CountingRng(seed), installation=installation, expected=expected
    )


def test_a_volume_keeps_its_id(tmp_path: Path) -> None:
    first = a_volume(tmp_path / "footage")

    assert a_volume(tmp_path / "footage", expected=first.id, seed=1).id == first.id
    assert a_volume(tmp_path / "other", seed=1).id != first.id


def test_a_volume_of_another_installation_is_refused(tmp_path: Path) -> None:
    a_volume(tmp_path)

    with pytest.raises(Conflict, match="another installation"):
        a_volume(tmp_path, installation=UUID(int=7))


def test_an_emptied_or_unmounted_volume_is_refused_and_nothing_is_written_there(tmp_path: Path) -> None:
    known = a_volume(tmp_path / "footage").id
    (tmp_path / "mount-point").mkdir()

    for root in (tmp_path / "mount-point", tmp_path / "absent"):
        with pytest.raises(Conflict, match="not mounted"):
            a_volume(root, expected=known)

    assert list((tmp_path / "mount-point").iterdir()) == []
    assert not (tmp_path / "absent").exists()


def test_two_swapped_disks_are_noticed(tmp_path: Path) -> None:
    one = a_volume(tmp_path / "one").id
    a_volume(tmp_path / "two", seed=1)

    with pytest.raises(Conflict, match="another disk"):
        a_volume(tmp_path / "two", expected=one)


def test_a_folder_with_other_things_in_it_does_not_become_a_volume(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"beach")

    with pytest.raises(Conflict, match="not empty"):
        a_volume(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_fresh_file_system_with_lost_and_found_becomes_a_volume(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()

    assert a_volume(tmp_path).id


def test_a_damaged_identity_is_not_written_anew(tmp_path: Path) -> None:
    a_volume(tmp_path)
    (tmp_path / "volume.json").write_bytes(b"{")

    with pytest.raises(DataLoss):
        a_volume(tmp_path)

    assert (tmp_path / "volume.json").read_bytes() == b"{"


def test_a_segment_is_found_before_and_after_it_is_settled(tmp_path: Path) -> None:
    volume = a_volume(tmp_path)
    opened = volume.open_path(SEGMENT)
    final = volume.final_path(camera=CAMERA, day=DAY, segment=SEGMENT)
    relative = volume.relative(final)
    assert relative == f"front-door/2025-06-01/{SEGMENT}.wks"
    with pytest.raises(NotFound):
        volume.locate(relative, SEGMENT)

    opened.write_bytes(b"footage")
    assert volume.locate(relative, SEGMENT) == opened
    assert volume.open_segments() == [opened]
    assert list(volume.segments()) == []

    volume.settle(opened, final)
    volume.settle(opened, final)
    assert volume.locate(relative, SEGMENT) == final
    assert volume.open_segments() == []
    assert list(volume.segments()) == [final]
    assert final.read_bytes() == b"footage"


def test_two_names_of_one_file_are_settled_to_one(tmp_path: Path) -> None:
    volume = a_volume(tmp_path)
    opened = volume.open_path(SEGMENT)
    final = volume.final_path(camera=CAMERA, day=DAY, segment=SEGMENT)
    opened.write_bytes(b"footage")
    final.parent.mkdir(parents=True)
    final.hardlink_to(opened)

    volume.settle(opened, final)

    assert volume.open_segments() == []
    assert final.read_bytes() == b"footage"


def test_settling_what_is_nowhere_is_an_error(tmp_path: Path) -> None:
    volume = a_volume(tmp_path)

    with pytest.raises(NotFound):
        volume.settle(volume.open_path(SEGMENT), volume.final_path(camera=CAMERA, day=DAY, segment=SEGMENT))


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../b", ""])
def test_no_path_leads_out_of_the_volume(tmp_path: Path, path: str) -> None:
    with pytest.raises(Invalid):
        a_volume(tmp_path).locate(path, SEGMENT)


def test_a_camera_that_is_no_word_gets_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        a_volume(tmp_path).final_path(camera=CameraId("../x"), day=DAY, segment=SEGMENT)


def test_a_camera_called_open_or_quarantine_is_a_camera_like_others(tmp_path: Path) -> None:
    volume = a_volume(tmp_path)
    for name in ("open", "quarantine"):
        final = volume.final_path(camera=CameraId(name), day=DAY, segment=SEGMENT)
        volume.open_path(SEGMENT).write_bytes(name.encode())
        volume.settle(volume.open_path(SEGMENT), final)

    assert volume.open_segments() == []
    assert [path.read_bytes() for path in volume.segments()] == [b"open", b"quarantine"]


def test_a_file_in_quarantine_keeps_its_bytes_and_the_reason(tmp_path: Path) -> None:
    volume = a_volume(tmp_path)
    places = []
    for content in (b"one", b"two"):
        stranger = volume.open_path(SEGMENT)
        stranger.write_bytes(content)
        places.append(volume.quarantine(stranger, "it is no segment file"))

    assert [place.read_bytes() for place in places] == [b"one", b"two"]
    for place in places:
        assert place.with_name(place.name + ".reason").read_text() == "it is no segment file\n"
    assert volume.open_segments() == []


def test_what_one_shard_writes_is_found_by_all_and_taken_over_by_itself_alone(tmp_path: Path) -> None:
    first = a_volume(tmp_path)
    second = first.of_shard(1)
    mine, other = first.open_path(SEGMENT), second.open_path(SEGMENT)
    assert (mine.parent, other.parent) == (tmp_path / "open", tmp_path / "open/1")
    final = first.final_path(camera=CAMERA, day=DAY, segment=SEGMENT)
    relative = first.relative(final)

    other.write_bytes(b"footage")

    assert first.of_shard(0) is first
    assert first.shards() == second.shards() == [1]
    assert (first.open_segments(), second.open_segments()) == ([], [other])
    assert first.all_open_segments() == second.all_open_segments() == [other]
    assert first.locate(relative, SEGMENT) == second.locate(relative, SEGMENT) == other
    second.settle(other, final)
    assert first.locate(relative, SEGMENT) == final
    assert first.all_open_segments() == []


def test_no_folder_is_made_for_a_shard_on_a_volume_that_was_swapped(tmp_path: Path) -> None:
    volume = a_volume(tmp_path)
    (tmp_path / "volume.json").unlink()

    with pytest.raises(Conflict):
        volume.of_shard(1)
    assert not (tmp_path / "open/1").exists()
