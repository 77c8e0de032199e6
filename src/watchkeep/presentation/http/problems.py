"""Errors as RFC 9457 problems: one table from the kinds of error to statuses."""

import logging
from collections.abc import Mapping
from uuid import UUID

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from watchkeep.domain import errors

log = logging.getLogger(__name__)

STATUSES: Mapping[type[errors.WatchkeepError], int] = {
    errors.NotFound: 404,
    errors.Invalid: 422,
    errors.NoVideo: 422,
    errors.Forbidden: 403,
    errors.SignInRefused: 401,
    errors.NotSignedIn: 401,
    # 403 would say that the person here may not; it is the camera that refuses.
    errors.CameraRefused: 422,
    errors.Conflict: 409,
    errors.Unavailable: 503,
    # The camera is behind us: we answer, it does not.
    errors.CameraUnreachable: 504,
    errors.Exhausted: 507,
    errors.TooManyTries: 429,
    errors.DataLoss: 500,
    errors.KeyShredded: 410,
    errors.WatchkeepError: 500,
}
"""By kind, or nearer; the nearest ancestor of an error's class decides."""

TITLES: Mapping[type[errors.WatchkeepError], str] = {
    errors.NotFound: "Not found",
    errors.Invalid: "Not valid",
    errors.NoVideo: "No video",
    errors.Forbidden: "Not allowed",
    errors.SignInRefused: "Sign-in refused",
    errors.NotSignedIn: "Not signed in",
    errors.CameraRefused: "The camera refused the sign-in",
    errors.Conflict: "Conflict",
    errors.Unavailable: "Not available now",
    errors.CatalogUnavailable: "The database does not answer",
    errors.KeystoreLocked: "The keystore is locked",
    errors.VolumeAway: "The volume is away",
    errors.CameraUnreachable: "The camera does not answer",
    errors.AssetMissing: "Asset missing",
    errors.Exhausted: "A limit is reached",
    errors.TooManyTries: "Too many tries",
    errors.DataLoss: "Data lost",
    errors.Tampered: "Data damaged",
    errors.KeyShredded: "Footage erased",
    errors.WatchkeepError: "Error",
}

RETRY_AFTER_S = 5
PROBLEM = "application/problem+json"


def status_of(kind: type[errors.WatchkeepError]) -> int:
    """The status of a kind of error: its own, or that of its nearest ancestor."""
    return next(STATUSES[ancestor] for ancestor in kind.__mro__ if ancestor in STATUSES)


def problem(error: errors.WatchkeepError) -> JSONResponse:
    """Write an error as a problem; only plain facts go out."""
    kind = type(error)
    status = status_of(kind)
    title = next(TITLES[ancestor] for ancestor in kind.__mro__ if ancestor in TITLES)
    facts = {name: _plain(value) for name, value in error.fields.items() if name not in _RESERVED}
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, errors.Unavailable | errors.TooManyTries):
        headers["Retry-After"] = str(error.fields.get("retry_after_s", RETRY_AFTER_S))
    body = {"type": _type(kind), "title": title, "status": status, "detail": str(error), **facts}
    return JSONResponse(body, status, headers, PROBLEM)


def refused(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler for our errors."""
    if not isinstance(error, errors.WatchkeepError):
        raise error
    if status_of(type(error)) >= 500:
        # The route's pattern and not the path: ids are in the fields.
        log.warning("request failed", extra={"kind": type(error).__name__, "method": request.method})
    return problem(error)


def malformed(_request: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler for bodies and parameters that do not fit; what was sent is not repeated."""
    if not isinstance(error, RequestValidationError):
        raise error
    places = [
        {"place": ".".join(str(step) for step in each["loc"]), "sentence": str(each["msg"])}
        for each in error.errors()
    ]
    body = {
        "type": "urn:watchkeep:problem:invalid",
        "title": "Not valid",
        "status": 422,
        "detail": f"The request does not fit: {places[0]['place']}: {places[0]['sentence']}.",
        "places": places,
    }
    return JSONResponse(body, 422, {"Cache-Control": "no-store"}, PROBLEM)


def not_served(_request: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler for unknown paths and methods."""
    if not isinstance(error, HTTPException):
        raise error
    body = {
        "type": "about:blank",
        "title": str(error.detail),
        "status": error.status_code,
        "detail": f"{error.detail}.",
    }
    headers = {**(error.headers or {}), "Cache-Control": "no-store"}
    return JSONResponse(body, error.status_code, headers, PROBLEM)


def unforeseen(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler for our own mistakes: nothing of them goes out."""
    log.error("request broke", extra={"method": request.method}, exc_info=error)
    body = {
        "type": "about:blank",
        "title": "Internal error",
        "status": 500,
        "detail": "Something went wrong here; the log of the web process says what.",
    }
    return JSONResponse(body, 500, {"Cache-Control": "no-store"}, PROBLEM)


_RESERVED = frozenset({"type", "title", "status", "detail"})


def _type(kind: type[errors.WatchkeepError]) -> str:
    words = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__)
    return "urn:watchkeep:problem:" + words.lstrip("-")


def _plain(value: object) -> object:
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, UUID):
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).replace("+00:00", "Z")
    return str(value)
