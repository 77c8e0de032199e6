"""What is stored."""

from fastapi import APIRouter

from watchkeep.application import storage_report, tiers
from watchkeep.domain.access import Action
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.footage import StorageBody
from watchkeep.presentation.http.bodies.tiers import TiersBody

router = APIRouter(prefix="/api/v1/storage", route_class=DoorRoute, tags=["storage"])


@router.get("")
@asks(Action.SEE_STATUS, Of.INSTALLATION)
def read_storage(house: TheHouse, asking: Asker) -> StorageBody:
    """Volumes and what each of the asker's cameras keeps."""
    return StorageBody.of(storage_report.read_storage(house, asking))


@router.get("/tiers")
@asks(Action.SEE_STATUS, Of.INSTALLATION)
def read_tiers(house: TheHouse, asking: Asker) -> TiersBody:
    """Tiers and their volumes, which limit binds, and the next moves of the asker's cameras."""
    return TiersBody.of(tiers.read_tiers(house, asking))
