"""`watchkeep recover` on a data folder whose database is lost; each command is a process of its own."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from builders import NOON, FixedClock
from cli.test_commands import watchkeep
from unit.lifecycle.store import SmallStore
from watchkeep.domain.camera import Secret, Stream, StreamAddress, StreamRole
from watchkeep.domain.ids import CameraId
from watchkeep.domain.stamp import Stamp
from watchkeep.lifecycle.found_files import FilesOfDay
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.file_reading import file_reading
from watchkeep.runtime.recording_plan import PlanMemory, RecordingPlan
from watchkeep.runtime.remembered_streams import remembered_streams
from watchkeep.runtime.system import Machine, SystemFs
from watchkeep.runtime.wiring import Node, ensure_node
from watchkeep.storage.media.stamp_file import write_stamp

DOOR = CameraId("door")


def a_node(root: Path) -> tuple[Node, SmallStore]:
    """A data folder with three days of a camera, a database that was never made, and a recorder's memory."""
    node = ensure_node(DataFolder(root), machine=Machine(), environment={})
    store = SmallStore(node.volume, node.keystore, FixedClock())
    for day in range(3):
        store.record(DOOR, NOON + timedelta(days=day))
    stream = Stream(
        id=next(iter(store.rows.values())).stream,
        camera=DOOR,
        role=StreamRole.MAIN,
        address=StreamAddress(url="rtsp://192.0.2.7/main", user="ada", password=Secret("lovelace")),
    )
    memory = PlanMemory(node.paths.plan, fs=SystemFs(), keystore=node.keystore)
    memory.keep(RecordingPlan(1, (stream,)))
    memory.keep(RecordingPlan(2, ()))  # what the recorder reads from an empty database
    return node, store


def test_an_empty_database_gets_footage_and_cameras_back_when_it_is_asked_to(tmp_path: Path) -> None:
    node, store = a_node(tmp_path)
    (node.volume.root / DOOR / "2025-06-01" / "holiday.wks").write_text("no segment")

    told = json.loads(watchkeep("recover", "index", "--json", "--data", str(tmp_path)).stdout)
    done = watchkeep("recover", "index", "--apply", "--data", str(tmp_path))

    assert (told["is_applied"], told["found"], told["added"]) == (False, 3, 0)
    assert "3 added" in done.stdout
    assert "Cameras added under their ids: door" in done.stdout
    assert "holiday.wks" in done.stdout
    cameras = json.loads(watchkeep("camera", "list", "--json", "--data", str(tmp_path)).stdout)["items"]
    assert [(each["id"], each["is_enabled"]) for each in cameras] == [("door", True)]
    assert len(list(node.volume.segments())) == 1 + len(store.rows)


def test_what_lies_on_another_disk_comes_back_too(tmp_path: Path) -> None:
    warm = tmp_path / "warm"
    root = tmp_path / "data"
    node, store = a_node(root)
    tiers = f"[{{name: hot, max_age: 7 d}}, {{name: warm, max_age: null, volumes: [{{folder: {warm}}}]}}]"
    node.paths.settings.write_text(f"storage:\n  tiers: {tiers}\n")
    watchkeep("camera", "list", "--data", str(root))
    first = next(iter(store.rows.values()))
    there = warm / first.path
    there.parent.mkdir(parents=True)
    store.path(first.id).rename(there)

    ran = watchkeep("recover", "index", "--apply", "--json", "--data", str(root))
    assert ran.returncode == 0, ran.stderr
    done = json.loads(ran.stdout)

    assert (done["files"], done["added"], done["lost"], done["not_read"]) == (3, 3, 0, [])
    again = json.loads(watchkeep("recover", "index", "--apply", "--json", "--data", str(root)).stdout)
    assert (again["known"], again["added"], again["lost"]) == (3, 0, 0)


def test_streams_are_remembered_through_a_plan_without_any(tmp_path: Path) -> None:
    node, _ = a_node(tmp_path)

    (stream,) = remembered_streams(node).values()

    assert (stream.url, stream.user_name, stream.camera) == ("rtsp://192.0.2.7/main", "ada", DOOR)
    assert node.keystore.unseal("camera password", stream.sealed_password) == b"lovelace"
    shutil.rmtree(node.paths.plan.parent)
    assert remembered_streams(node) == {}


def test_several_processes_read_what_one_reads(tmp_path: Path) -> None:
    node, _ = a_node(tmp_path)
    days = [FilesOfDay(folder.camera, folder.day, folder.names) for folder in node.volume.days()]

    alone = sorted(line for read in file_reading(node, processes=1)(days) for line in read.lines)
    together = sorted(line for read in file_reading(node, processes=2, few=0)(days) for line in read.lines)

    assert alone == together
    assert len(alone) == 3


def test_doctor_names_a_catalog_that_is_not_the_one_that_knew_the_footage(tmp_path: Path) -> None:
    node, _ = a_node(tmp_path)
    write_stamp(node.volume, Stamp(UUID(int=7), 4000), fs=SystemFs())

    found = watchkeep("doctor", "--json", "--depth", "presence", "--data", str(tmp_path))

    checks = {check["part"]: check for check in json.loads(found.stdout)["checks"]}
    assert found.returncode == 9
    assert checks["catalog"]["verdict"] == "fault"
    assert "watchkeep recover index --apply" in checks["catalog"]["sentence"]
