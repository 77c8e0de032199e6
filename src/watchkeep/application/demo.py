"""The demonstration: cameras whose footage the runtime serves from this machine."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from watchkeep.application.asking import INSTALLATION, Asking, asked, system_asking
from watchkeep.application.cameras import CameraChange, NewCamera, StreamWish, add_camera, change_camera
from watchkeep.application.house import DemoPhase, DemoState, House
from watchkeep.domain.access import Action
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.ids import CameraId
from watchkeep.domain.mode import RecordingMode
from watchkeep.storage.catalog import cameras, outbox, settings
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind

WANTED = "demo"
"""The setting that the runtime looks at: "on" or "off"."""
_CAMERAS = "demo_cameras"
_RETENTION_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCamera:
    """A camera of the demonstration and where its streams are served."""

    name: str
    addresses: Mapping[StreamRole, str]


def switch(house: House, asking: Asking, *, is_on: bool) -> DemoState:
    """Want the demonstration or not; the runtime sees to it. Switched off, its cameras stop recording.

    Raises:
        Forbidden: The asker may not configure the installation.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="switch demonstration") as (conn, deed):
        deed.facts["on"] = str(is_on).lower()
        known = _known(conn)
        present = {camera.id: camera for camera in cameras.list_cameras(conn)}
        if is_on:
            # Cameras that somebody removed come back only when the demonstration is switched on again.
            kept = {name: camera for name, camera in known.items() if camera in present}
            settings.put(conn, _CAMERAS, json.dumps(kept))
        else:
            for camera in known.values():
                if camera in present and present[camera].is_enabled:
                    off = replace(present[camera], is_enabled=False)
                    cameras.update_camera(conn, off, at=house.clock.now())
        settings.put(conn, WANTED, "on" if is_on else "off")
        outbox.publish(conn, NoticeKind.SETTINGS, facts={"demo": "on" if is_on else "off"})
    state = house.demo_state()
    if is_on and state.phase is DemoPhase.OFF:
        return DemoState(phase=DemoPhase.PREPARING, detail="Starting")
    return state if is_on else DemoState(phase=DemoPhase.OFF)


def furnish(house: House, wishes: Sequence[DemoCamera]) -> list[CameraId]:
    """Add the demonstration's cameras or switch on those that are there, once the runtime serves them.

    Cameras that a person has removed since are left away.

    Raises:
        Invalid: An address is not on one of the simulator's ports.
        CatalogUnavailable: The database does not answer.
    """
    asking = system_asking()
    with house.catalog.transaction(asking.subject.name) as conn:
        known = _known(conn)
        present = {camera.id for camera in cameras.list_cameras(conn)}
    made: list[CameraId] = []
    for wish in wishes:
        camera = known.get(wish.name)
        streams = tuple(
            StreamWish(role=role, url=url, user=None, password=None, mode=_mode(role) if not camera else None)
            for role, url in wish.addresses.items()
        )
        if camera is None:
            new = NewCamera(name=wish.name, retention_days=_RETENTION_DAYS, streams=streams)
            camera = add_camera(house, asking, new).id
            known[wish.name] = camera
            with house.catalog.transaction(asking.subject.name) as conn:
                settings.put(conn, _CAMERAS, json.dumps(known))
        elif camera in present:
            change_camera(house, asking, camera, CameraChange(is_enabled=True, streams=streams))
        else:
            continue
        made.append(camera)
    return made


def _mode(role: StreamRole) -> RecordingMode:
    return RecordingMode.CONTINUOUS if role is StreamRole.MAIN else RecordingMode.OFF


def _known(conn: Connection) -> dict[str, CameraId]:
    text = settings.get(conn, _CAMERAS)
    return {name: CameraId(camera) for name, camera in json.loads(text or "{}").items()}
