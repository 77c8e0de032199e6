"""The description of this interface."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from watchkeep.presentation.http.authentication import DoorRoute, Of, asks

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["system"])


@router.get("/openapi.json", response_class=JSONResponse)
@asks(None, Of.SELF)
def read_openapi(request: Request) -> JSONResponse:
    """This interface as OpenAPI 3.1."""
    return JSONResponse(request.app.openapi())
