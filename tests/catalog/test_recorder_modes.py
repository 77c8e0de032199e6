"""A recorder takes other modes from the catalog while it records."""

from dataclasses import replace

import pytest

from catalog.test_recorder import Place, clip, place, wait_until
from catalog_rows import START, a_gap, seconds
from recording_rig import share
from watchkeep.domain.camera import Stream, StreamAddress, StreamRole
from watchkeep.domain.ids import CameraId
from watchkeep.domain.media import GapCause
from watchkeep.domain.mode import NEVER, ModeSchedule, RecordingMode
from watchkeep.runtime.analysis_plan import read_analysis_plan
from watchkeep.runtime.predecessor import end_gaps
from watchkeep.storage.catalog import cameras, recordings, rules
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.recorder_rows import GapOpened

__all__ = ["clip", "place"]
MOTION = ModeSchedule(default=RecordingMode.MOTION)


def put_modes(place: Place, name: str, modes: ModeSchedule) -> None:
    with place.node.catalog.transaction() as connection:
        known = cameras.get_camera(connection, CameraId(name))
        streams = tuple(replace(stream, modes=modes) for stream in known.streams)
        cameras.update_camera(connection, replace(known, streams=streams), at=known.created_at)


@pytest.mark.parametrize("cause", [GapCause.NOTHING_MOVED, GapCause.NO_EVENT, GapCause.SCHEDULED_OFF])
def test_what_waited_in_the_memory_of_a_dead_recorder_is_not_called_quiet(
    catalog: Catalog, cause: GapCause
) -> None:
    gap = a_gap(start=START, cause=cause)
    stream = Stream(
        id=gap.stream,
        camera=gap.camera,
        role=StreamRole.MAIN,
        address=StreamAddress(url="rtsp://192.0.2.1/x"),
    )
    alive_until, now = START + seconds(100), START + seconds(110)
    with catalog.transaction() as connection:
        recordings.apply(connection, [GapOpened(gap)])
        accounted = end_gaps(connection, stream, alive_until=alive_until, now=now)

    assert accounted == START + seconds(100 if cause is GapCause.SCHEDULED_OFF else 88)


def test_other_modes_are_taken_without_a_new_connection_but_after_off(place: Place) -> None:  # the fixture
    """And by motion everything is recorded as long as nobody says that nothing moves."""
    door = place.put_camera("front-door", 1)
    with place.recording() as recorder:
        wait_until(lambda: place.seconds_in_catalog(door) > 2, "the first footage")
        put_modes(place, "front-door", NEVER)
        wait_until(lambda: place.open_gaps(door) == [GapCause.SCHEDULED_OFF], "the gap")
        before = place.seconds_in_catalog(door)
        put_modes(place, "front-door", MOTION)
        wait_until(lambda: place.seconds_in_catalog(door) > before + 3, "footage again")
        (state,) = recorder.states()

    assert state.detail == "recorded continuously: the analyst has not looked at this camera yet"
    assert len(place.opened) == 2  # who records nothing does not ask for the camera's metadata
    place.check_files()
    spans = place.spans(door)
    assert GapCause.UNKNOWN not in dict(spans)
    assert share(spans, GapCause.SCHEDULED_OFF) > 0.5


def test_a_camera_recorded_by_what_is_seen_is_looked_at_without_rules_too(place: Place) -> None:
    place.put_camera("front-door", 1)
    place.put_camera("yard", 2)
    put_modes(place, "yard", MOTION)
    with place.node.catalog.transaction() as connection:
        for rule in rules.list_rules(connection):
            rules.remove_rule(connection, rule.id, at=place.known_since)

    found = read_analysis_plan(place.node.catalog, unless=None)

    assert found is not None
    assert [(plan.camera, plan.rules, plan.tells_recorder) for plan in found[1]] == [("yard", (), True)]
