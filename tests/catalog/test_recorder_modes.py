"""A recorder takes other modes from the catalog while it records."""

from dataclasses import replace

from catalog.test_recorder import Place, clip, place, wait_until
from recording_rig import share
from watchkeep.domain.ids import CameraId
from watchkeep.domain.media import GapCause
from watchkeep.domain.mode import NEVER, ModeSchedule, RecordingMode
from watchkeep.storage.catalog import cameras

__all__ = ["clip", "place"]
MOTION = ModeSchedule(default=RecordingMode.MOTION)


def put_modes(place: Place, name: str, modes: ModeSchedule) -> None:
    with place.node.catalog.transaction() as connection:
        known = cameras.get_camera(connection, CameraId(name))
        streams = tuple(replace(stream, modes=modes) for stream in known.streams)
        cameras.update_camera(connection, replace(known, streams=streams), at=known.created_at)


def test_other_modes_are_taken_without_a_new_connection(place: Place) -> None:  # the fixture
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
    assert len(place.opened) == 1
    place.check_files()
    spans = place.spans(door)
    assert GapCause.UNKNOWN not in dict(spans)
    assert share(spans, GapCause.SCHEDULED_OFF) > 0.5
