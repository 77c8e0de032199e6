"""The last known plan survives sealed, and what changed between two plans is said stream by stream."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from builders import CAMERA, a_keystore
from faulty_fs import FaultyFs
from watchkeep.domain.camera import Secret, Stream, StreamAddress, StreamRole
from watchkeep.domain.ids import StreamId
from watchkeep.domain.mode import ALWAYS, NEVER, ModeSchedule, ModeSpan, RecordingMode, Weekday
from watchkeep.runtime.recording_plan import PURPOSE, PlanMemory, RecordingPlan, compare

PASSWORD = "hunter2 and more"


def a_stream(
    number: int,
    *,
    password: str = PASSWORD,
    modes: ModeSchedule = ALWAYS,
    audio: bool = False,
) -> Stream:
    address = StreamAddress(url="rtsp://192.0.2.1/main", user="ada.lovelace", password=Secret(password))
    return Stream(
        id=StreamId(UUID(int=number)),
        camera=CAMERA,
        role=StreamRole.MAIN if number % 2 else StreamRole.SUB,
        address=address,
        modes=modes,
        audio=audio,
    )


NIGHTS = ModeSchedule(
    default=RecordingMode.OFF,
    spans=(
        ModeSpan(
            days=(Weekday.MON, Weekday.SUN), start_minute=1320, end_minute=360, mode=RecordingMode.MOTION
        ),
    ),
)
PLAN = RecordingPlan(7, (a_stream(1, audio=True), a_stream(2, modes=NIGHTS)))


def memory(root: Path, fs: FaultyFs | None = None) -> PlanMemory:
    return PlanMemory(
        root / "recorder" / "plan.sealed", fs=fs or FaultyFs(), keystore=a_keystore(root / "keys")
    )


def test_a_plan_comes_back_as_it_was_and_its_file_tells_nothing(tmp_path: Path) -> None:
    assert memory(tmp_path).recall() is None
    memory(tmp_path).keep(PLAN)

    assert memory(tmp_path).recall() == PLAN
    content = (tmp_path / "recorder" / "plan.sealed").read_bytes()
    assert not [
        word
        for word in (PASSWORD, "ada.lovelace", "rtsp://", "192.0.2.1", "front-door")
        if word.encode() in content
    ]
    assert (tmp_path / "recorder" / "plan.sealed").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_plan_that_could_not_be_kept_leaves_the_one_before(tmp_path: Path, nth: int) -> None:
    memory(tmp_path).keep(PLAN)
    fs = FaultyFs()
    fs.fail(nth)
    newer = RecordingPlan(8, (a_stream(3),))
    try:
        memory(tmp_path, fs).keep(newer)
    except OSError:
        assert memory(tmp_path).recall() in (PLAN, newer)
    else:
        assert memory(tmp_path).recall() == newer
    assert nth != 1 or memory(tmp_path).recall() == PLAN


def test_a_damaged_or_unreadable_plan_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    memory(tmp_path).keep(PLAN)
    fs = FaultyFs()
    fs.fail(kinds={"read_at"})
    assert memory(tmp_path, fs).recall() is None

    path = tmp_path / "recorder" / "plan.sealed"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert memory(tmp_path).recall() is None
    assert PASSWORD not in caplog.text


def test_a_plan_from_before_there_was_sound_takes_none(tmp_path: Path) -> None:
    memory(tmp_path).keep(PLAN)
    keystore, path = a_keystore(tmp_path / "keys"), tmp_path / "recorder" / "plan.sealed"
    document = json.loads(keystore.unseal(PURPOSE, path.read_bytes()))
    for stream in document["streams"]:
        del stream["audio"]
    path.write_bytes(keystore.seal(PURPOSE, json.dumps(document).encode()))

    recalled = memory(tmp_path).recall()

    assert recalled is not None
    assert [stream.audio for stream in recalled.streams] == [False, False]


def test_a_stream_whose_address_changed_ends_and_begins() -> None:
    old = (a_stream(1), a_stream(2), a_stream(3))
    new = (a_stream(2, password="another"), a_stream(3), a_stream(4))

    change = compare(old, new)

    assert [stream.id.int for stream in change.ended] == [1, 2]
    assert [stream.id.int for stream in change.begun] == [2, 4]
    assert compare((a_stream(1),), (a_stream(1, audio=True),)).begun == (a_stream(1, audio=True),)
    assert compare(old, old).ended == compare(old, old).begun == ()


def test_a_plan_from_before_there_were_modes_records_always_or_never(tmp_path: Path) -> None:
    memory(tmp_path).keep(PLAN)
    keystore, path = a_keystore(tmp_path / "keys"), tmp_path / "recorder" / "plan.sealed"
    document = json.loads(keystore.unseal(PURPOSE, path.read_bytes()))
    for stream, record in zip(document["streams"], (True, False), strict=True):
        del stream["mode"], stream["spans"]
        stream["record"] = record
    path.write_bytes(keystore.seal(PURPOSE, json.dumps(document).encode()))

    recalled = memory(tmp_path).recall()

    assert recalled is not None
    assert [stream.modes for stream in recalled.streams] == [ALWAYS, NEVER]


def test_a_plan_whose_spans_make_no_sense_is_none(tmp_path: Path) -> None:
    memory(tmp_path).keep(PLAN)
    keystore, path = a_keystore(tmp_path / "keys"), tmp_path / "recorder" / "plan.sealed"
    document = json.loads(keystore.unseal(PURPOSE, path.read_bytes()))
    document["streams"][0]["spans"] = "always"
    path.write_bytes(keystore.seal(PURPOSE, json.dumps(document).encode()))

    assert memory(tmp_path).recall() is None


def test_a_stream_with_other_modes_goes_on() -> None:
    change = compare((a_stream(1), a_stream(2)), (a_stream(1, modes=NIGHTS), a_stream(2)))

    assert (change.ended, change.begun) == ((), ())
    assert change.changed == (a_stream(1, modes=NIGHTS),)


def test_a_stream_whose_sound_is_wanted_again_with_its_new_mode_is_asked_for_it() -> None:
    old, new = a_stream(1, modes=NEVER, audio=True), a_stream(1, audio=True)

    assert compare((old,), (new,)).begun == (new,)


def test_a_stream_whose_metadata_are_wanted_with_its_new_mode_is_asked_for_them() -> None:
    old, new = a_stream(1, modes=NEVER), a_stream(1)

    assert compare((old,), (new,)).begun == (new,)
