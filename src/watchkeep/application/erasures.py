"""Erasing a span for good: ordered here, carried out by the keeper; the receipt is read here."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from watchkeep.application.asking import Asking, asked, no_such_camera, require, require_of_found
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject, decide
from watchkeep.domain.erasure import Erasure, ErasureId, ErasureState
from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.domain.ids import CameraId, uuid7
from watchkeep.domain.interval import Interval
from watchkeep.domain.job import JobKind
from watchkeep.storage.catalog import cameras, erasures, jobs

LONGEST = timedelta(days=3660)
MOST_LISTED = 200
MOST_CAMERAS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureWish:
    """What is to be erased.

    Attributes:
        reason: In a person's words; stands in the receipt and in the audit.
    """

    cameras: tuple[CameraId, ...]
    when: Interval
    reason: str


def order_erasure(house: House, asking: Asking, wish: ErasureWish, *, begins: bool = True) -> Erasure:
    """Order that a span of cameras is erased for good; the keeper begins at once.

    Args:
        house: Where.
        asking: Who; needs the right to delete on every one of the cameras.
        wish: What.
        begins: Whether the keeper is told; the command line erases by itself.

    Raises:
        NotFound: A camera is missing or foreign.
        Forbidden: It is known, but may not be deleted from.
        Invalid: The span has not ended yet, is empty or too long, or there is no reason or no camera.
    """
    _check(house, wish)
    now = house.clock.now()
    erasure = Erasure(
        id=ErasureId(uuid7(house.clock, house.rng)),
        cameras=tuple(sorted(set(wish.cameras))),
        when=wish.when,
        reason=wish.reason.strip(),
        asked_by=asking.subject.name,
        asked_at=now,
        state=ErasureState.ORDERED,
    )
    for camera in erasure.cameras[1:]:
        require(house, asking, Action.DELETE, CameraObject(camera))
    target = CameraObject(erasure.cameras[0])
    with asked(house, asking, Action.DELETE, target, word="erase") as (conn, deed):
        deed.facts.update(
            {
                "erasure": str(erasure.id),
                "cameras": " ".join(erasure.cameras),
                "from": wish.when.start.isoformat(),
                "to": wish.when.end.isoformat(),
                "why": erasure.reason,
            }
        )
        known = {camera.id for camera in cameras.list_cameras(conn, with_removed=True)}
        for camera in erasure.cameras:
            if camera not in known:
                raise no_such_camera(camera)
        erasures.add(conn, erasure)
        if begins:
            jobs.lock_setting(conn, JobKind.ERASURE, now=now)
            waiting = jobs.alive(conn, JobKind.ERASURE)
            if waiting is None:
                jobs.begin(conn, JobKind.ERASURE, now=now, asked_by=asking.subject.name)
            else:
                jobs.hasten(conn, waiting)
    return erasure


def read_erasure(house: House, asking: Asking, identifier: UUID) -> Erasure:
    """One erasure, with its receipt once it is done.

    Raises:
        NotFound: There is none, or it is about a camera that is foreign to the asker.
        Forbidden: Its cameras are known, but may not be deleted from.
    """
    with house.catalog.transaction(asking.subject.name) as conn:
        found = erasures.get(conn, ErasureId(identifier))
    missing = NotFound("There is no such erasure here that you may see.", erasure=identifier)
    if found is None:
        raise missing
    for camera in found.cameras:
        require_of_found(house, asking, Action.DELETE, camera, missing=missing)
    return found


def list_erasures(house: House, asking: Asking, *, limit: int = 50) -> list[Erasure]:
    """Erasures of cameras that the asker may delete from, newest first."""
    with house.catalog.transaction(asking.subject.name) as conn:
        found = erasures.newest(conn, limit=MOST_LISTED)
    return [erasure for erasure in found if _may_see(asking, erasure)][:limit]


def _may_see(asking: Asking, erasure: Erasure) -> bool:
    return all(
        decide(asking.subject, Action.DELETE, CameraObject(camera)).is_allowed for camera in erasure.cameras
    )


def _check(house: House, wish: ErasureWish) -> None:
    if not wish.cameras or len(wish.cameras) > MOST_CAMERAS:
        raise Invalid(f"Name between 1 and {MOST_CAMERAS} cameras to erase from.")
    if not wish.reason.strip():
        raise Invalid("Say why it is to be erased; the reason stands in the receipt.")
    if not wish.when.start < wish.when.end:
        raise Invalid("The span must end after it begins.")
    if wish.when.length > LONGEST:
        raise Invalid("At most ten years are erased at once; choose a shorter span.")
    if wish.when.end > house.clock.now():
        raise Invalid("The span must have ended: what is not recorded yet cannot be erased.")
