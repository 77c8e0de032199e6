"""Tiers over HTTP: limits, how full, what binds, each volume, and moves of the asker's cameras alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from builders import NOON
from house_builder import a_camera, record
from site_server import Site
from watchkeep.domain.fs import Space
from watchkeep.domain.tier import Condition, DailyHours, Tier
from watchkeep.storage.catalog import footage, moves, tier_figures, volumes
from watchkeep.storage.catalog.moves import Purpose
from watchkeep.storage.catalog.volumes import StoredVolume, VolumeKind

BUCKET = UUID(int=77)
NIGHT = DailyHours(start_minute=22 * 60, end_minute=6 * 60)
TIERS = (
    Tier(name="hot", max_age=timedelta(days=7), max_bytes=10 * 10**12),
    Tier(name="cold", bytes_per_second=50_000_000, hours=(NIGHT,)),
)


def put_volumes(site: Site) -> UUID:
    own = site.house.volumes[0].volume.id
    object.__setattr__(site.house, "tiers", TIERS)
    stored = StoredVolume(
        id=own,
        kind=VolumeKind.DISK,
        location="/srv/fast",
        tier="hot",
        reserve_bytes=1_000,
        created_at=NOON,
    )
    bucket = replace(stored, id=BUCKET, kind=VolumeKind.S3, location="s3://footage", tier="cold")
    with site.house.catalog.transaction() as connection:
        for each in (stored, bucket):
            volumes.put_volume(connection, each)
        seen = Space(free_bytes=600_000, total_bytes=1_000_000)
        volumes.note_seen(connection, own, Condition.GOOD, at=NOON, space=seen)
        volumes.note_seen(connection, BUCKET, Condition.AWAY, at=NOON, detail="it does not answer")
        for volume, lying in tier_figures.used_bytes(connection).items():
            volumes.note_used(connection, volume, lying.used_bytes)
    return own


def test_tiers_are_told_with_limits_volumes_and_what_binds(site: Site, clip: Callable[..., Path]) -> None:
    administrator = site.administrator()
    record(site.house, a_camera(site.house, "Door"), clip(seconds=5))
    own = put_volumes(site)
    site.clock.advance(60)

    hot, cold = administrator.get("/api/v1/storage/tiers").json()["tiers"]

    assert (hot["name"], hot["max_age_s"], hot["max_bytes"]) == ("hot", 7 * 86400, 10 * 10**12)
    assert hot["used_bytes"] == hot["bytes_per_day"] > 0
    assert hot["binding"]["limit"] in {"age", "free"}
    (volume,) = hot["volumes"]
    assert (volume["id"], volume["condition"], volume["free_bytes"]) == (str(own), "good", 600_000)
    assert (cold["bandwidth_bytes_s"], cold["hours"], cold["binding"]) == (50_000_000, ["22:00-06:00"], None)
    assert (cold["volumes"][0]["condition"], cold["volumes"][0]["detail"]) == ("away", "it does not answer")
    assert cold["volumes"][0]["since"] == "2025-06-01T12:00:00.000000Z"


def test_every_room_says_which_volume_is_away_and_nothing_once_it_is_back(site: Site) -> None:
    administrator = site.administrator()
    put_volumes(site)

    (told,) = administrator.get("/api/v1/health").json()["alarms"]
    assert told.startswith("The volume s3://footage is away; what lies on it can be seen again")
    with site.house.catalog.transaction() as connection:
        volumes.note_seen(connection, BUCKET, Condition.GOOD, at=NOON)

    assert administrator.get("/api/v1/health").json()["alarms"] == []


def test_moves_of_other_cameras_are_not_told(site: Site, clip: Callable[..., Path]) -> None:
    administrator = site.administrator()
    door, vault = a_camera(site.house, "Door"), a_camera(site.house, "Vault")
    (mine,), (theirs,) = (record(site.house, each, clip(seconds=4)) for each in (door, vault))
    put_volumes(site)
    with site.house.catalog.transaction() as connection:
        for each in (mine, theirs):
            assert moves.want(connection, footage.segment(connection, each), BUCKET, Purpose.MOVE)
    site.user("vera", "viewer", [door])

    seen = site.signed_in("vera").get("/api/v1/storage/tiers")
    every = administrator.get("/api/v1/storage/tiers").json()

    assert [move["segment"] for move in seen.json()["next_moves"]] == [str(mine)]
    assert "vault" not in seen.text
    assert {move["segment"] for move in every["next_moves"]} == {str(mine), str(theirs)}
    assert every["next_moves"][0]["target"] == str(BUCKET)
    assert every["tiers"][1]["coming_segments"] == 2


def test_footage_on_a_volume_that_the_settings_name_no_more_is_not_forgotten(
    site: Site, clip: Callable[..., Path]
) -> None:
    administrator = site.administrator()
    record(site.house, a_camera(site.house, "Door"), clip(seconds=4))
    own = put_volumes(site)
    with site.house.catalog.transaction() as connection:
        volumes.retire_volume(connection, own, at=NOON)
        volumes.retire_volume(connection, BUCKET, at=NOON)

    report = administrator.get("/api/v1/storage/tiers").json()

    assert [each["id"] for each in report["forgotten"]] == [str(own)], "the bucket was empty"
    assert [each["volumes"] for each in report["tiers"]] == [[], []]
