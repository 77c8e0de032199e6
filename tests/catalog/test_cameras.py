"""Cameras come and go, their ids never twice."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from catalog_rows import FRONT, FRONT_MAIN, SITE, START, YARD, YARD_MAIN
from catalog_server import Database
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import Conflict, NotFound
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.storage.catalog import cameras
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream, Site
from watchkeep.storage.catalog.connection import Catalog, CatalogRole

LATER = START + timedelta(hours=1)


def a_camera(
    camera: CameraId = FRONT, stream: StreamId = FRONT_MAIN, name: str = "Front door"
) -> SealedCamera:
    main = SealedStream(
        id=stream,
        camera=camera,
        role=StreamRole.MAIN,
        url="rtsp://192.0.2.7/main",
        user_name="admin",
        sealed_password=b"\x00\xffsealed",
    )
    return SealedCamera(
        id=camera, site=SITE, name=name, is_enabled=True, retention_days=30, streams=(main,), created_at=START
    )


@pytest.fixture
def house(catalog: Catalog) -> Catalog:
    with catalog.transaction() as connection:
        cameras.put_site(connection, Site(id=SITE, name="Home", zone="Europe/Vienna"))
    return catalog


def test_a_camera_comes_back_as_it_was_put(house: Catalog) -> None:
    yard = replace(a_camera(YARD, YARD_MAIN, "A yard"), audio=True)
    with house.transaction() as connection:
        cameras.insert_camera(connection, a_camera())
        cameras.insert_camera(connection, yard)

        assert cameras.list_cameras(connection) == [yard, a_camera()]
        assert cameras.get_camera(connection, FRONT) == a_camera()


def test_what_lies_outside_the_scope_is_not_there(house: Catalog) -> None:
    with house.transaction() as connection:
        cameras.insert_camera(connection, a_camera())

        assert cameras.list_cameras(connection, scope={YARD}) == []
        assert cameras.list_cameras(connection, scope=frozenset()) == []
        assert cameras.get_camera(connection, FRONT, scope={FRONT}) == a_camera()
        with pytest.raises(NotFound) as foreign:
            cameras.get_camera(connection, FRONT, scope={YARD})
        with pytest.raises(NotFound) as unknown:
            cameras.get_camera(connection, CameraId("front-gate"))
        assert str(foreign.value).replace("front-door", "front-gate") == str(unknown.value)


def test_audio_is_recorded_of_no_camera_until_that_is_said(house: Catalog) -> None:
    with house.transaction() as connection:
        cameras.insert_camera(connection, a_camera())
        before = cameras.revision(connection)
        assert not cameras.get_camera(connection, FRONT).audio

        cameras.update_camera(connection, replace(a_camera(), audio=True), at=LATER)

        assert cameras.get_camera(connection, FRONT).audio
        assert cameras.revision(connection) > before


def test_the_id_of_a_removed_camera_is_never_used_again(house: Catalog) -> None:
    with house.transaction() as connection:
        cameras.insert_camera(connection, a_camera())
        cameras.remove_camera(connection, FRONT, at=LATER)

        assert cameras.is_taken(connection, FRONT)
        assert cameras.list_cameras(connection) == []
        with pytest.raises(Conflict):
            cameras.insert_camera(connection, a_camera(stream=YARD_MAIN))
        with pytest.raises(NotFound):
            cameras.remove_camera(connection, FRONT, at=LATER)
        with pytest.raises(NotFound):
            cameras.update_camera(connection, a_camera(), at=LATER)
        (kept,) = cameras.list_cameras(connection, with_removed=True)
        assert (kept.removed_at, kept.is_enabled, kept.streams) == (LATER, False, ())


def test_not_even_the_owner_deletes_a_camera(database: Database, house: Catalog) -> None:
    with house.transaction() as connection:
        cameras.insert_camera(connection, replace(a_camera(), streams=()))
    owner = database.catalog(CatalogRole.OWNER)

    with pytest.raises(psycopg.errors.RestrictViolation), owner.transaction() as connection:
        connection.execute("delete from cameras")
    owner.close()


def test_the_password_of_a_removed_camera_is_wiped(house: Catalog) -> None:
    with house.transaction() as connection:
        cameras.insert_camera(connection, a_camera())
        cameras.remove_camera(connection, FRONT, at=LATER)

        assert connection.execute("select sealed_password from streams").fetchall() == [(b"",)]


def test_streams_can_be_changed_added_and_replaced(house: Catalog) -> None:
    sub = SealedStream(
        id=StreamId(UUID(int=7)), camera=FRONT, role=StreamRole.SUB, url="rtsp://192.0.2.7/sub"
    )
    other_main = replace(sub, id=StreamId(UUID(int=8)), role=StreamRole.MAIN)
    with house.transaction() as connection:
        cameras.insert_camera(connection, a_camera())

        (main,) = a_camera().streams
        wanted = replace(a_camera(), name="Porch", streams=(replace(main, user_name="root"), sub))
        cameras.update_camera(connection, wanted, at=LATER)
        assert cameras.get_camera(connection, FRONT) == wanted

        wanted = replace(wanted, streams=(other_main, sub))
        cameras.update_camera(connection, wanted, at=LATER)
        assert cameras.get_camera(connection, FRONT) == wanted

        with pytest.raises(Conflict, match="new id"):
            cameras.update_camera(connection, a_camera(), at=LATER)
        twice = replace(other_main, id=StreamId(UUID(int=9)))
        with pytest.raises(Conflict, match="one role"):
            cameras.update_camera(connection, replace(wanted, streams=(other_main, twice)), at=LATER)
        assert cameras.get_camera(connection, FRONT) == wanted


def test_the_revision_grows_with_every_change_and_only_then(house: Catalog) -> None:
    seen: list[int] = []

    def note() -> None:
        with house.transaction() as connection:
            seen.append(cameras.revision(connection))

    note()
    with house.transaction() as connection:
        cameras.insert_camera(connection, a_camera())
    note()
    with house.transaction() as connection:
        cameras.update_camera(connection, replace(a_camera(), is_enabled=False), at=LATER)
    note()
    with house.transaction() as connection:
        cameras.list_cameras(connection)
    note()
    with house.transaction() as connection:
        cameras.remove_camera(connection, FRONT, at=LATER)
    note()

    assert seen[0] < seen[1] < seen[2] == seen[3] < seen[4]


def test_an_address_with_a_password_in_it_is_refused(house: Catalog) -> None:
    (main,) = a_camera().streams
    leaky = replace(main, url="rtsp://admin:secret@192.0.2.7/main")

    with pytest.raises(psycopg.errors.CheckViolation), house.transaction() as connection:
        cameras.insert_camera(connection, replace(a_camera(), streams=(leaky,)))


def test_a_camera_needs_its_site(catalog: Catalog) -> None:
    with pytest.raises(Conflict, match="no site"), catalog.transaction() as connection:
        cameras.insert_camera(connection, a_camera())
