"""The recorder keeps the analyst's last word on each camera, and knows how old it is."""

from datetime import timedelta

from builders import CAMERA, NOON, FixedClock
from watchkeep.domain.ids import CameraId
from watchkeep.domain.sighting import Heard, Sighting
from watchkeep.ingestion.sightings import CAMERAS_LIMIT, Sightings

SEEN = Sighting(camera=CAMERA, until=NOON)


def test_a_word_grows_old_by_the_monotonic_clock() -> None:
    clock = FixedClock()
    sightings = Sightings(clock)
    sightings.hear(SEEN)
    clock.instant -= timedelta(hours=1)  # somebody sets the clock
    clock.monotonic += 3_000_000_000

    assert sightings.of(CAMERA) == Heard(sighting=SEEN, age=timedelta(seconds=3))


def test_of_a_camera_nobody_spoke_of_there_is_no_word() -> None:
    assert Sightings(FixedClock(), is_analysis_on=False).of(CAMERA) == Heard(is_analysis_on=False)


def test_words_on_endless_cameras_are_not_kept() -> None:
    sightings = Sightings(FixedClock())
    for number in range(CAMERAS_LIMIT + 1):
        sightings.hear(Sighting(camera=CameraId(f"camera-{number}"), until=NOON))

    assert sightings.of(CameraId(f"camera-{CAMERAS_LIMIT}")).sighting is None
    assert sightings.of(CameraId("camera-0")).sighting is not None
