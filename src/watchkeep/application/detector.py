"""What the detector is doing, as the analyst last said, and what that is worth now."""

from dataclasses import dataclass, replace
from datetime import timedelta

from watchkeep.application.asking import INSTALLATION, Asking, require
from watchkeep.application.house import House
from watchkeep.domain.access import Action, visible_cameras
from watchkeep.domain.analyst import DetectorPhase, DetectorState, StreamAnalysis
from watchkeep.storage.catalog import analysis_states
from watchkeep.storage.catalog.connection import Connection

STALE = timedelta(seconds=30)
"""An analyst says every two seconds how it fares; an older word says nothing of now."""


@dataclass(frozen=True, slots=True)
class DetectorView:
    """The detector, and how it fares with the asker's cameras.

    Attributes:
        state: None when nothing detects here: it is switched off.
    """

    state: DetectorState | None
    cameras: tuple[StreamAnalysis, ...]


def read_detector(house: House, asking: Asking) -> DetectorView:
    """Say which model runs, and what it does."""
    require(house, asking, Action.SEE_STATUS, INSTALLATION)
    with house.catalog.transaction(asking.subject.name) as conn:
        return look_at(house, asking, conn)


def look_at(house: House, asking: Asking, conn: Connection) -> DetectorView:
    """As `read_detector`, in a transaction that is open."""
    if not house.is_detecting:
        return DetectorView(None, ())
    scope = visible_cameras(asking.subject, Action.SEE_STATUS)
    now = house.clock.now()
    fresh = [each for each in analysis_states.stream_states(conn) if now - each.seen_at < STALE]
    known = fresh if scope is None else [each for each in fresh if each.camera in scope]
    return DetectorView(_current(house, conn), tuple(known))


def known_model(house: House, conn: Connection) -> DetectorState | None:
    """The detector as last heard of, when it said what it can find; None while that is not known."""
    if not house.is_detecting:
        return None
    found = analysis_states.detectors(conn)
    return found[0] if found and found[0].object_types else None


def _current(house: House, conn: Connection) -> DetectorState:
    found = analysis_states.detectors(conn)
    now = house.clock.now()
    if not found:
        return DetectorState(
            phase=DetectorPhase.STARTING,
            model="",
            version="",
            engine="",
            licence="",
            object_types=(),
            is_stand_in=False,
            detail="It begins with the first camera.",
            sandbox=(),
            seen_at=now,
        )
    newest = found[0]
    if now - newest.seen_at < STALE:
        return newest
    since = newest.seen_at.isoformat(timespec="seconds")
    detail = f"The analyst has not been heard of since {since}; it is started again by itself."
    return replace(newest, phase=DetectorPhase.FAILED, detail=detail)
