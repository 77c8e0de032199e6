"""Makes the HTTP application of a house."""

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from watchkeep import __version__
from watchkeep.application.broadcast import Broadcasts
from watchkeep.application.house import House
from watchkeep.domain.errors import WatchkeepError
from watchkeep.presentation.http import live, problems, webui
from watchkeep.presentation.http.headers import SafeHeaders
from watchkeep.presentation.http.routes import (
    analytics,
    audit,
    cameras,
    changes,
    erasures,
    events,
    footage,
    holds,
    jobs,
    live_hls,
    openapi,
    policies,
    retention,
    roles,
    rules,
    session,
    storage,
    system,
    users,
)

MOST_BODY_BYTES = 256 * 1024
"""A user with grants on a thousand cameras fits; nothing larger is ever sent to us."""

ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    cameras.router,
    footage.router,
    events.router,
    holds.router,
    rules.router,
    live.router,
    live_hls.router,
    changes.router,
    analytics.router,
    storage.router,
    policies.router,
    jobs.router,
    erasures.router,
    retention.router,
    users.router,
    roles.router,
    audit.router,
    system.router,
    openapi.router,
)


def create_app(house: House | None) -> FastAPI:
    """Make the application.

    Args:
        house: What it serves; None makes one that can only be described (openapi.json).
    """
    app = FastAPI(
        title="Watchkeep",
        version=__version__,
        description="Cameras, live video, footage, exports, people and the audit of one installation.",
        # FastAPI's own pages load scripts from elsewhere, and its openapi.json would not be behind the door.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        max_body_size=MOST_BODY_BYTES,
    )
    app.state.house = house
    app.state.broadcasts = Broadcasts(house) if house is not None else None
    app.state.page = webui.load(house) if house is not None else {}
    for router in ROUTERS:
        # Their routes, not the routers: a flat list can be walked by the test that looks for declarations.
        app.router.routes.extend(router.routes)
    app.router.routes.append(webui.page_route())
    app.add_exception_handler(WatchkeepError, problems.refused)
    app.add_exception_handler(RequestValidationError, problems.malformed)
    app.add_exception_handler(HTTPException, problems.not_served)
    app.add_exception_handler(Exception, problems.unforeseen)
    app.add_middleware(SafeHeaders)
    return app
