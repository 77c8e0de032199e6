"""A full disk: four cameras go on recording while anything may go, the database can write, and when nothing
may go any more that is told within ten seconds.

Half a minute in every run; ten minutes, and again with the catalog on the same disk, by `make soak-full`.
"""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from simulator_process import simulated_cameras
from system.frozen_disk import FrozenDisk, frozen_disk, what_is_missing
from system.kill_drill import add_cameras, doctor, make_clips, recording, settings_for
from system.node_process import NodeProcess, running_node, wait_until

FULL_S = float(os.environ.get("WATCHKEEP_FULL_S", "5"))
PLACES = os.environ.get("WATCHKEEP_CATALOG", "elsewhere").split()
SIZE = 512 << 20
RESERVE = 96 << 20
ROOM = (8 << 20) if FULL_S > 60 else (256 << 10)
"""What the footage may take."""
ALARM_S = 10


@pytest.fixture
def disk(tmp_path: Path, needs_disk: Callable[[str], None]) -> Iterator[FrozenDisk]:
    needs_disk(what_is_missing())
    with frozen_disk(tmp_path / "volume", size_bytes=SIZE) as made:
        yield made


def free(disk: FrozenDisk) -> int:
    found = os.statvfs(disk.place)
    return found.f_bavail * found.f_frsize


def leave(disk: FrozenDisk, size_bytes: int) -> None:
    """Take so much of the disk that only this is left."""
    path = disk.place / "ballast"
    with path.open("ab") as file:
        taken = file.tell() + free(disk) - size_bytes
        if taken > file.tell():
            os.posix_fallocate(file.fileno(), 0, taken)


def pressure(client: httpx.Client) -> str:
    return str(client.get("/keeper").json()["pressure"])


def can_write(client: httpx.Client, number: int) -> bool:
    """Whether the database takes a change."""
    answer = client.patch("/cameras/gate", json={"name": f"Gate {number}"})
    return answer.status_code == 200


def causes(client: httpx.Client, camera: str, since: datetime) -> set[str]:
    """Of the gaps of a camera since an instant."""
    span = {"from": since.isoformat(), "to": datetime.now(UTC).isoformat()}
    spans = client.get(f"/cameras/{camera}/timeline", params=span).json()["spans"]
    return {str(each["cause"]) for each in spans if each["coverage"] == "gap"}


@pytest.mark.slow
@pytest.mark.timeout(FULL_S + 300)
@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk_stops_no_recording_while_anything_may_go(
    tmp_path: Path, disk: FrozenDisk, place: str
) -> None:
    clips = make_clips(tmp_path, count=4, seconds=20)
    data = disk.place / "data" if place == "beside" else tmp_path / "data"
    (disk.place / "footage").mkdir()
    with simulated_cameras(clips) as cameras:
        settings = settings_for(cameras.port) + (
            f"  folder: {disk.place / 'footage'}\n  reserve_free: {RESERVE >> 20} MiB\n"
            "analysis:\n  enabled: false\n"
        )
        with running_node(data, settings=settings) as node:
            add_cameras(node, {name: cameras.url(name) for name in clips})
            wait_until(lambda: recording(node) == 4, seconds=60, what="all cameras to record")
            began = datetime.now(UTC)
            leave(disk, RESERVE + ROOM)
            live(node, disk, list(clips), began)
            be_stuck(node, disk)
        assert doctor(data) == []


def live(node: NodeProcess, disk: FrozenDisk, names: list[str], began: datetime) -> None:
    """Record on the full disk."""
    client = node.signed_in()
    least, turns = free(disk), 0
    end = time.monotonic() + FULL_S
    while time.monotonic() < end or pressure(client) != "deleting":
        assert time.monotonic() < end + 120, "the disk did not fill"
        assert recording(node) == 4
        assert can_write(client, turns)
        least, turns = min(least, free(disk)), turns + 1
        time.sleep(1)
    print(f"least free {least >> 20} MiB of {RESERVE >> 20} MiB; {turns} writes")
    assert least > RESERVE / 2
    since = began + timedelta(seconds=2)
    assert set().union(*(causes(client, name, since) for name in names)) == {"deleted"}


def be_stuck(node: NodeProcess, disk: FrozenDisk) -> None:
    """Somebody else takes nearly all of it: nothing that may go is enough, and that is told in time."""
    client = node.signed_in()
    leave(disk, RESERVE // 4)
    at = time.monotonic()
    wait_until(lambda: pressure(client) == "stuck", seconds=60, what="the alarm")
    waited_s = time.monotonic() - at
    print(f"alarm after {waited_s:.1f} s")
    assert waited_s <= ALARM_S
    assert "nothing more may be deleted" in client.get("/health").json()["sentence"]
    assert can_write(client, 9999)
    assert recording(node) == 4
    (disk.place / "ballast").unlink()
    wait_until(lambda: free(disk) > RESERVE, seconds=20, what="room again")
    assert client.get("/deletion-certificates").json()["items"]
