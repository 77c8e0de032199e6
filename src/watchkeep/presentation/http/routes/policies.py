"""How long things are kept, and who says so; what the keeper says; proofs of deletion."""

from typing import Annotated

from fastapi import APIRouter, Query

from watchkeep.application import keeping, policies
from watchkeep.domain.access import Action
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.policies import (
    CameraPoliciesBody,
    CertificateBody,
    CertificateList,
    ClassChangeBody,
    ClassPolicyBody,
    ClassPolicyList,
    KeeperBody,
    PlaceChangeBody,
    QuotaBody,
)

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["retention"])

MOST_CERTIFICATES = 20
"""Each may name hundreds of segments."""


@router.get("/policies")
@asks(Action.SEE_STATUS, Of.INSTALLATION)
def list_classes(house: TheHouse, asking: Asker) -> ClassPolicyList:
    """What each data class says."""
    found = policies.list_classes(house, asking)
    return ClassPolicyList(items=[ClassPolicyBody.of(name, policy) for name, policy in found.items()])


@router.patch("/policies/{data_class}")
@asks(Action.CONFIGURE, Of.INSTALLATION)
def change_class(
    house: TheHouse, asking: Asker, data_class: DataClass, body: ClassChangeBody
) -> ClassPolicyBody:
    """Change what a data class says, for all who inherit it."""
    changed = policies.change_class(house, asking, data_class, body.change())
    return ClassPolicyBody.of(data_class, changed)


@router.patch("/policies/{data_class}/site", status_code=204)
@asks(Action.CONFIGURE, Of.INSTALLATION)
def change_site(house: TheHouse, asking: Asker, data_class: DataClass, body: PlaceChangeBody) -> None:
    """Change what the site says of a class of footage."""
    policies.change_site(house, asking, data_class, body.change())


@router.get("/cameras/{camera}/policies")
@asks(Action.SEE_STATUS, Of.CAMERA)
def read_camera(house: TheHouse, asking: Asker, camera: str) -> CameraPoliciesBody:
    """What holds for a camera, and who says each number."""
    return CameraPoliciesBody.of(policies.read_camera(house, asking, CameraId(camera)))


@router.patch("/cameras/{camera}/policies/{data_class}")
@asks(Action.CONFIGURE, Of.CAMERA)
def change_camera(
    house: TheHouse, asking: Asker, camera: str, data_class: DataClass, body: PlaceChangeBody
) -> CameraPoliciesBody:
    """Change what a camera says of a class of footage."""
    changed = policies.change_camera(house, asking, CameraId(camera), data_class, body.change())
    return CameraPoliciesBody.of(changed)


@router.put("/cameras/{camera}/quota")
@asks(Action.CONFIGURE, Of.CAMERA)
def change_quota(house: TheHouse, asking: Asker, camera: str, body: QuotaBody) -> CameraPoliciesBody:
    """Change what all footage of a camera may take; the oldest goes first."""
    changed = policies.change_quota(house, asking, CameraId(camera), body.quota_bytes)
    return CameraPoliciesBody.of(changed)


@router.get("/keeper")
@asks(Action.SEE_STATUS, Of.INSTALLATION)
def read_keeper(house: TheHouse, asking: Asker) -> KeeperBody:
    """What the keeper last said of its clock and of the room that there is."""
    return KeeperBody.of(keeping.read_state(house, asking))


@router.post("/keeper/trust-clock", status_code=204)
@asks(Action.CONFIGURE, Of.INSTALLATION)
def trust_clock(house: TheHouse, asking: Asker) -> None:
    """Say that the clock is right, so that the keeper goes on deleting by it."""
    keeping.trust_clock(house, asking)


@router.get("/deletion-certificates")
@asks(Action.READ_AUDIT, Of.INSTALLATION)
def list_certificates(
    house: TheHouse, asking: Asker, first: Annotated[int, Query(ge=1, le=1 << 53)] = 1
) -> CertificateList:
    """Proofs of what was deleted and why, in their order."""
    found = keeping.list_certificates(house, asking, first=first, limit=MOST_CERTIFICATES)
    following = found[-1].number + 1 if len(found) == MOST_CERTIFICATES else None
    return CertificateList(items=[CertificateBody.of(each) for each in found], next=following)
