"""A recorder whose catalog is new, though its footage is not: it goes on by the cameras that it remembers."""

from dataclasses import replace

from catalog.test_recorder import Place, clip, place, wait_until
from watchkeep.domain.ids import CameraId
from watchkeep.lifecycle.index_trust import IndexTrust
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog import cameras
from watchkeep.storage.catalog.connection import Catalog

__all__ = ["clip", "place"]


def test_an_empty_database_ends_no_recording_and_a_catalog_without_cameras_does(
    place: Place, empty_of_rows: Catalog
) -> None:
    door = place.put_camera("door", 1)
    trust = IndexTrust(
        catalog=place.node.catalog, volumes=[place.node.volume], fs=SystemFs(), rng=place.node.machine.rng
    )
    trust.stamp()
    with place.recording():
        wait_until(lambda: place.node.paths.plan.exists() and place.opened, "a remembered plan")
    place.opened.clear()

    with place.recording(node=replace(place.node, catalog=empty_of_rows)):
        wait_until(lambda: place.opened, "the camera to be taken")
    assert [stream.id for stream in place.opened] == [door]

    with place.node.catalog.transaction() as connection:
        cameras.remove_camera(connection, CameraId("door"), at=place.node.machine.clock.now())
    place.opened.clear()
    with place.recording() as recorder:
        wait_until(lambda: recorder._plan.revision > 0, "a plan")
    assert place.opened == []
