"""Events in a house, each with its sealed picture, for tests of the application and of HTTP."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from builders import NOON
from event_rows import MODEL, an_event
from watchkeep.application.house import House
from watchkeep.domain.analyst import AnalysisCondition, DetectorPhase, DetectorState, StreamAnalysis
from watchkeep.domain.category import DataClass
from watchkeep.domain.event import Event
from watchkeep.domain.ids import CameraId, EventId, IncidentId, NodeId, RuleId, StreamId
from watchkeep.storage.catalog import analysis_states, cameras, events, models, rules
from watchkeep.storage.catalog.events import EventPicture
from watchkeep.storage.media.picture import PictureHeader, seal_picture

JPEG = b"\xff\xd8 somebody at the door \xff\xd9"


@dataclass(frozen=True)
class Happened:
    """What `happen` has made."""

    event: EventId
    incident: IncidentId
    rule: RuleId


def happen(
    house: House, camera: CameraId, *, start: datetime = NOON, number: int = 1, **changes: object
) -> Happened:
    """An event of the camera's default rule, with a picture."""
    with house.catalog.transaction() as conn:
        stream = cameras.get_camera(conn, camera).streams[0].id
        rule = rules.list_rules(conn, [camera])[0]
        models.register(conn, MODEL, start)
        event = an_event(number, start=start, camera=camera, stream=stream)
        event = replace(event, rule=rule.id, **changes)  # type: ignore[arg-type]
        picture = _sealed(house, event)
        assert events.put_events(conn, [event], model=MODEL.id, pictures=[picture]) == []
        stored = events.get_event(conn, event.id)
    assert stored is not None
    assert stored.incident is not None
    return Happened(event.id, stored.incident, rule.id)


def detect(house: House, camera: CameraId, *, types: tuple[str, ...] = ("person", "vehicle")) -> None:
    """The analyst says that it looks at the camera, with a model that finds these types."""
    now = house.clock.now()
    state = DetectorState(
        phase=DetectorPhase.READY,
        model="a-model",
        version="1",
        engine="tests",
        licence="Apache-2.0",
        object_types=types,
        is_stand_in=True,
        detail="",
        sandbox=("network",),
        seen_at=now,
    )
    with house.catalog.transaction() as conn:
        analysis_states.put_detector(conn, NodeId(UUID(int=1)), state)
        stream: StreamId = cameras.get_camera(conn, camera).streams[0].id
        watched = StreamAnalysis(
            stream=stream,
            camera=camera,
            condition=AnalysisCondition.WATCHING,
            since=now,
            detail="",
            frames_analysed=7,
            frames_skipped=1,
            latency_s=0.4,
            objects=1,
            seen_at=now,
        )
        analysis_states.put_stream_states(conn, [watched])


def _sealed(house: House, event: Event) -> EventPicture:
    volume = house.volumes[0].volume
    day = event.started_at.date()
    key = house.keystore.shred_key(camera=event.camera, day=day, data_class=DataClass.EVENT)
    path = volume.picture_path(camera=event.camera, day=day, event=event.id)
    header = PictureHeader(
        camera=event.camera,
        event=event.id,
        at=event.best.at,
        width_px=64,
        height_px=36,
        data_class=DataClass.EVENT,
        day=day,
        shred_key=key.id,
    )
    size = seal_picture(path, header, JPEG, shred_key=key, fs=house.fs, rng=house.rng)
    return EventPicture(
        camera=event.camera,
        event=event.id,
        started_at=event.started_at,
        volume=volume.id,
        path=volume.relative(path),
        size_bytes=size,
        at=event.best.at,
        box=event.best.box,
    )
