"""A catalog with two cameras, a rule and a model, and short words for tests of events.

Import `house` in a conftest to use it there.
"""

from uuid import UUID

import pytest

from catalog_rows import FRONT, START, YARD
from event_rows import BOX, MODEL, RULE, a_rule
from watchkeep.domain.event import Event
from watchkeep.domain.event_record import EventFilter
from watchkeep.domain.ids import EventId
from watchkeep.domain.incident import Incident, IncidentFilter
from watchkeep.storage.catalog import cameras, events, incidents, models, outbox, rules
from watchkeep.storage.catalog.cameras import SealedCamera, Site
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.events import FIRST_PAGE, EventPicture

SITE = Site(id=UUID(int=0x5173), name="Home", zone="Europe/Berlin")
PICTURE_VOLUME = UUID(int=0x401)


@pytest.fixture
def house(catalog: Catalog) -> Catalog:
    """A catalog with two cameras, a rule and a model."""
    with catalog.transaction() as connection:
        cameras.put_site(connection, SITE)
        for camera in (FRONT, YARD):
            made = SealedCamera(
                id=camera,
                site=SITE.id,
                name=camera,
                is_enabled=True,
                retention_days=30,
                streams=(),
                created_at=START,
            )
            cameras.insert_camera(connection, made)
        rules.insert_rule(connection, RULE, FRONT, a_rule().text, at=START)
        models.register(connection, MODEL, START)
    return catalog


def put(catalog: Catalog, *made: Event) -> None:
    with catalog.transaction() as connection:
        assert events.put_events(connection, made, model=MODEL.id) == []


def put_picture(catalog: Catalog, picture: EventPicture) -> None:
    with catalog.transaction() as connection:
        assert events.put_events(connection, [], model=MODEL.id, pictures=[picture]) == []


def a_picture(event: Event, *, volume: UUID = PICTURE_VOLUME) -> EventPicture:
    """Word of a picture of an event's best moment."""
    return EventPicture(
        camera=event.camera,
        event=event.id,
        started_at=event.started_at,
        volume=volume,
        path=f"{event.camera}/{event.started_at.date()}/pictures/{event.id}.wkp",
        size_bytes=4711,
        at=event.best.at,
        box=BOX,
    )


def listed(catalog: Catalog, wanted: EventFilter | None = None) -> list[EventId]:
    with catalog.transaction() as connection:
        return [stored.event.id for stored in events.list_events(connection, wanted or EventFilter())]


def all_incidents(catalog: Catalog, wanted: IncidentFilter | None = None) -> list[Incident]:
    with catalog.transaction() as connection:
        after = (FIRST_PAGE.at, FIRST_PAGE.id)
        return incidents.list_incidents(connection, wanted or IncidentFilter(), after=after, limit=100)


def told(catalog: Catalog, *, after: int = 0) -> list[tuple[str, str]]:
    """Kind and state of the notices of events and incidents behind a number."""
    with catalog.transaction() as connection:
        return [
            (notice.kind.value, notice.facts["state"])
            for notice in outbox.since(connection, after)
            if notice.kind.value in ("event", "incident")
        ]


def newest_notice(catalog: Catalog) -> int:
    with catalog.transaction() as connection:
        return outbox.newest(connection)
