"""What changes, as it changes: server-sent events."""

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from watchkeep.application import changes
from watchkeep.application.asking import Asking
from watchkeep.application.house import House
from watchkeep.presentation.http.authentication import Asker, DoorRoute, Of, TheHouse, asks
from watchkeep.presentation.http.bodies.plain import Text

router = APIRouter(prefix="/api/v1/changes", route_class=DoorRoute, tags=["changes"])


@router.get("", response_class=StreamingResponse)
@asks(None, Of.SELF)
async def follow_changes(
    house: TheHouse,
    asking: Asker,
    last: Annotated[Text | None, Header(alias="Last-Event-ID", max_length=40)] = None,
) -> StreamingResponse:
    """Changes to the asker's cameras and to the installation; ends when the session does."""
    after = changes.checked_id(last)
    # X-Accel-Buffering: a proxy must not hold events back.
    headers = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(house, asking, after), 200, headers, "text/event-stream")


async def _events(house: House, asking: Asking, after: int | None) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    async for change in changes.follow(house, asking, after=after):
        if change is None:
            yield ": still here\n\n"
            continue
        facts = dict(change.facts)
        if change.camera is not None:
            facts["camera"] = change.camera
        yield f"id: {change.id}\nevent: {change.kind}\ndata: {json.dumps(facts, ensure_ascii=False)}\n\n"
