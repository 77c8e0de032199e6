"""The audit."""

from typing import Annotated

from fastapi import APIRouter, Query

from watchkeep.application import audit
from watchkeep.domain.access import Action
from watchkeep.domain.audit import AuditFilter
from watchkeep.domain.ids import CameraId
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.plain import Instant, Text
from watchkeep.presentation.http.bodies.system import AuditBody

router = APIRouter(prefix="/api/v1/audit", route_class=DoorRoute, tags=["audit"])

From = Annotated[Instant | None, Query(alias="from")]
To = Annotated[Instant | None, Query(alias="to")]
Word = Annotated[Text | None, Query(max_length=200)]


@router.get("")
@asks(Action.READ_AUDIT, Of.INSTALLATION)
def read_audit(  # noqa: PLR0913, PLR0917  # one a filter
    house: TheHouse,
    asking: Asker,
    start: From = None,
    end: To = None,
    subject: Word = None,
    camera: Word = None,
    cursor: Word = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AuditBody:
    """What was done and refused, newest first."""
    wanted = AuditFilter(
        subject=subject, camera=None if camera is None else CameraId(camera), start=start, end=end
    )
    return AuditBody.of(audit.read_audit(house, asking, wanted, cursor=cursor, limit=limit))
