"""Cameras: what there is, adding, changing, trying an address."""

from fastapi import APIRouter

from watchkeep.application import cameras
from watchkeep.application.house import Probe
from watchkeep.domain.access import Action
from watchkeep.domain.ids import CameraId
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.cameras import (
    CameraBody,
    CameraChangeBody,
    CameraList,
    NewCameraBody,
    ProbeBody,
    TestBody,
)
from watchkeep.presentation.http.bodies.plain import revealed

router = APIRouter(prefix="/api/v1/cameras", route_class=DoorRoute, tags=["cameras"])


@router.get("")
@asks(None, Of.SELF)
def list_cameras(house: TheHouse, asking: Asker) -> CameraList:
    """The cameras the asker may see."""
    return CameraList(items=[CameraBody.of(view) for view in cameras.list_cameras(house, asking)])


@router.post("", status_code=201)
@asks(Action.CONFIGURE, Of.INSTALLATION)
def add_camera(house: TheHouse, asking: Asker, body: NewCameraBody) -> CameraBody:
    """Add a camera; recording begins within seconds."""
    return CameraBody.of(cameras.add_camera(house, asking, body.wish()))


@router.post("/test")
@asks(Action.CONFIGURE, Of.SOME_CAMERA)
def test_address(house: TheHouse, asking: Asker, body: TestBody) -> ProbeBody:
    """Try an address for a few seconds and show its first picture; nothing is kept."""
    probe: Probe = cameras.test_address(
        house,
        asking,
        url=body.url,
        user=body.user,
        password=revealed(body.password),
        camera=None if body.camera is None else CameraId(body.camera),
    )
    return ProbeBody.of(probe)


@router.get("/{camera}")
@asks(Action.SEE_STATUS, Of.CAMERA)
def get_camera(house: TheHouse, asking: Asker, camera: str) -> CameraBody:
    """One camera."""
    return CameraBody.of(cameras.get_camera(house, asking, CameraId(camera)))


@router.patch("/{camera}")
@asks(Action.CONFIGURE, Of.CAMERA)
def change_camera(house: TheHouse, asking: Asker, camera: str, body: CameraChangeBody) -> CameraBody:
    """Change a camera; what is left out stays."""
    return CameraBody.of(cameras.change_camera(house, asking, CameraId(camera), body.change()))


@router.delete("/{camera}", status_code=204)
@asks(Action.CONFIGURE, Of.CAMERA)
def remove_camera(house: TheHouse, asking: Asker, camera: str) -> None:
    """Stop recording and take the camera from the list; its footage stays until it expires."""
    cameras.remove_camera(house, asking, CameraId(camera))
