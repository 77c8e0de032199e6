"""Erasing beside holds, thinning, adopted files and other volumes: none undoes what the other promised."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from builders import NOON
from erasing import Archive
from tier_world import a_disk
from time_code import make_clip
from watchkeep.domain.erasure import ErasureState
from watchkeep.domain.errors import Unavailable
from watchkeep.lifecycle.holds import CatalogHolds
from watchkeep.lifecycle.thinner import Thinner
from watchkeep.runtime.erasing import erase_ordered
from watchkeep.runtime.system import SystemFs, SystemRng
from watchkeep.runtime.wiring import Node
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.volumes import Volumes, only
from watchkeep.storage.catalog import footage, retention
from watchkeep.storage.catalog.connection import Catalog

DAYS = timedelta(days=3)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute, a key picture every second."""
    path = tmp_path_factory.mktemp("erasure") / "clip.mp4"
    return make_clip(path, seconds=30, fps=10, gop=10, size=(128, 96))


@pytest.fixture
def archive(catalog: Catalog, tmp_path: Path) -> Archive:
    return Archive(catalog, tmp_path)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize("expires_after", [None, seconds(60)])
def test_a_hold_of_the_seconds_beside_a_span_keeps_those_and_not_the_span(
    archive: Archive, clip: Path, expires_after: timedelta | None
) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    first = archive.rows()[0]
    with archive.catalog.transaction() as connection:
        connection.execute(
            "insert into holds (hold_id, start_time, end_time, is_for_all, reason, owner_name, created_at,"
            " expires_at) values (gen_random_uuid(), %s, %s, true, 'case 12', 'ada', %s, %s)",
            [NOON, NOON + seconds(2), NOON, None if expires_after is None else NOON + expires_after],
        )
    eraser = replace(archive.eraser(), holds=CatalogHolds())

    done = eraser.carry_out(archive.order(NOON + seconds(4), NOON + seconds(30)))

    assert done.state is ErasureState.DONE
    assert "3 segments" in done.told
    assert archive.spans() == [(0, 4)]
    archive.sweep()
    assert not archive.volume.within(first.path).exists()
    assert archive.spans() == [(0, 4)]
    assert eraser.replay() == 0


def test_footage_in_somebody_elses_files_is_not_said_to_be_erased(archive: Archive, clip: Path) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    with archive.catalog.transaction() as connection:
        connection.execute(
            "update video_segments set shred_key = '' where segment_id = %s", [archive.rows()[1].id]
        )

    refused = archive.eraser().carry_out(archive.order(NOON, NOON + seconds(30)))

    assert refused.state is ErasureState.REFUSED
    assert "watchkeep adopt seal" in refused.told
    assert archive.eraser().ledger.entries() == ()
    assert archive.spans() == [(0, 10), (10, 20), (20, 30)]


def test_what_is_thinned_while_it_is_being_erased_does_not_outlive_the_erasure(
    archive: Archive, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.record(clip)
    archive.clock.advance(60)
    second = archive.rows()[1]
    order = archive.order(second.when.start + seconds(3), second.when.end)
    thinner = Thinner(
        volume=archive.volume, fs=SystemFs(), rng=SystemRng(), keys=archive.keystore().find_shred_key
    )

    def space_is_short(_seconds: float) -> None:
        thinned = thinner.thin(second)
        assert thinned is not None
        with archive.catalog.transaction() as connection:
            assert retention.put_thinned(connection, second, thinned)
            assert footage.doom(connection, [second], reason="space was short") == 1

    monkeypatch.setattr(archive.clock, "sleep", space_is_short)
    with pytest.raises(Unavailable, match="written anew"):
        archive.eraser().carry_out(order)
    assert archive.eraser().ledger.entries() == ()
    monkeypatch.setattr(archive.clock, "sleep", lambda _seconds: None)

    assert archive.eraser().carry_out(order).state is ErasureState.DONE

    assert sorted(set(archive.spans())) == [(0, 10), (10, 13), (20, 30)]


def test_a_file_that_is_gone_from_another_volume_is_named_before_its_key_is_gone(
    archive: Archive, clip: Path
) -> None:
    archive.record(clip)
    archive.clock.advance(DAYS.total_seconds())
    far = a_disk(archive.root / "far")
    first, second, _ = archive.rows()
    aside = archive.volume.within(first.path)
    aside.rename(aside.with_suffix(".aside"))
    with archive.catalog.transaction() as connection:
        connection.execute(
            "update video_segments set volume_id = %s where segment_id = %s", [far.id, first.id]
        )
    near = DiskBlobs(archive.volume, fs=SystemFs())
    volumes = Volumes([only(each, tier="any", clock=archive.clock) for each in (near, far)])

    with pytest.raises(Unavailable, match=f"Segment {first.id} stays"):
        replace(archive.eraser(), volumes=volumes).carry_out(
            archive.order(second.when.start, second.when.end)
        )

    assert archive.keystore(with_ledger=False).day(NOON.date()).still_opens(first.shred_key, None)


def test_while_clock_or_catalog_are_doubted_no_order_is_carried_out() -> None:
    """Holds may be missing then; no node is needed to say so."""
    work = erase_ordered(cast(Node, None), doubt=lambda: "The database is new")

    with pytest.raises(Unavailable, match="This waits: The database is new"):
        work(lambda *_: None, lambda: False)
