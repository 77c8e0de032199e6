"""Events with pictures in a whole house, written as the analyst writes them."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count

from builders import NOON
from event_rows import BOX, MODEL, an_event
from house_builder import stream_of
from watchkeep.application.house import House
from watchkeep.domain.category import DataClass
from watchkeep.domain.event import Event
from watchkeep.domain.ids import CameraId, IncidentId
from watchkeep.domain.rule import Rule
from watchkeep.storage.catalog import events, models, rules
from watchkeep.storage.catalog.events import EventPicture
from watchkeep.storage.media.picture import PictureHeader, seal_picture

JPEG = b"\xff\xd8 somebody at the door \xff\xd9"
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that is in the catalog, and the incident it belongs to."""

    event: Event
    incident: IncidentId


def rule_of(house: House, camera: CameraId) -> Rule:
    """The rule that the camera was born with."""
    with house.catalog.transaction() as conn:
        return rules.list_rules(conn, [camera])[0]


def see(
    house: House,
    camera: CameraId,
    *,
    at: datetime = NOON,
    length_s: float | None = 10,
    has_picture: bool = True,
    **changes: object,
) -> Seen:
    """Tell an event of a camera, by its first rule unless another is named."""
    rule = rule_of(house, camera)
    facts = {"rule": rule.id, "rule_version": rule.version, **changes}
    event = an_event(
        next(_NUMBERS), start=at, length_s=length_s, camera=camera, stream=stream_of(house, camera), **facts
    )
    pictures = [sealed_picture(house, event)] if has_picture else []
    with house.catalog.transaction() as conn:
        models.register(conn, MODEL, at)
        assert events.put_events(conn, [event], model=MODEL.id, pictures=pictures) == []
        stored = events.get_event(conn, event.id)
    assert stored is not None
    assert stored.incident is not None
    return Seen(event, stored.incident)


def sealed_picture(house: House, event: Event, *, jpeg: bytes = JPEG) -> EventPicture:
    """Seal a picture of an event's best moment."""
    volume, day = house.volumes[0].volume, event.started_at.date()
    key = house.keystore.shred_key(camera=event.camera, day=day, data_class=DataClass.EVENT)
    header = PictureHeader(
        camera=event.camera,
        event=event.id,
        at=event.best.at,
        width_px=640,
        height_px=360,
        data_class=DataClass.EVENT,
        day=day,
        shred_key=key.id,
    )
    path = volume.picture_path(camera=event.camera, day=day, event=event.id)
    size = seal_picture(path, header, jpeg, shred_key=key, fs=house.fs, rng=house.rng)
    return EventPicture(
        camera=event.camera,
        event=event.id,
        started_at=event.started_at,
        volume=volume.id,
        path=volume.relative(path),
        size_bytes=size,
        at=event.best.at,
        box=BOX,
    )
