"""Who asks, whether they may, and the audit entry that says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from watchkeep.application.house import House
from watchkeep.domain.access import (
    AccessObject,
    Action,
    CameraObject,
    Decision,
    Grant,
    Role,
    Subject,
    SystemObject,
    decide,
)
from watchkeep.domain.audit import AuditEntry
from watchkeep.domain.camera import is_camera_id
from watchkeep.domain.errors import CatalogUnavailable, Forbidden, NotFound, WatchkeepError
from watchkeep.domain.ids import CameraId, uuid7
from watchkeep.storage.catalog import audit
from watchkeep.storage.catalog.connection import Connection

INSTALLATION = SystemObject("installation")
NOBODY = Subject(None, "nobody", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, and from where.

    Attributes:
        session: SHA-256 of the session's token; empty when no session is involved.
    """

    subject: Subject
    address: str
    session: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Deed:
    """One thing being done: its audit entry grows with it."""

    action: str
    target: str
    reason: str
    camera: CameraId | None = None
    facts: dict[str, str] = field(default_factory=dict)


def system_asking(name: str = "system") -> Asking:
    """Speak for the installation itself: the demonstration, the command line of the machine's owner."""
    everything = Role("system", frozenset(Action), True)
    return Asking(subject=Subject(None, name, (Grant(everything, None),)), address="local")


def describe(target: AccessObject) -> str:
    """Name an object as the audit does: "camera front-door", "installation"."""
    match target:
        case CameraObject(camera):
            # What comes from a path may be anything; only ids go into the audit.
            return f"camera {camera}" if is_camera_id(camera) else "camera (no id)"
        case SystemObject(name):
            return name


def camera_of(target: AccessObject) -> CameraId | None:
    """The camera that an object belongs to."""
    if isinstance(target, CameraObject) and is_camera_id(target.camera):
        return target.camera
    return None


def no_such_camera(camera: CameraId) -> NotFound:
    """The one answer for a camera that is missing and for one that is someone else's."""
    return NotFound(f"There is no camera {camera!r} here that you may see.", camera=camera)


def refusal(subject: Subject, action: Action, target: AccessObject) -> WatchkeepError:
    """The error for a refused request; a camera of which the subject may see nothing is not there."""
    if isinstance(target, CameraObject) and not knows(subject, target.camera):
        return no_such_camera(target.camera)
    word = action.value.replace("_", " ")
    return Forbidden(f"You may not {word} here; an administrator can grant it.", action=action.value)


def knows(subject: Subject, camera: CameraId) -> bool:
    """Say whether any grant names the camera."""
    return any(grant.cameras is None or camera in grant.cameras for grant in subject.grants)


def require(house: House, asking: Asking, action: Action, target: AccessObject) -> Decision:
    """Let the request pass, or write the refusal into the audit and raise.

    Raises:
        NotFound: The camera is missing or foreign.
        Forbidden: The camera or the installation is known, but the action is not granted.
    """
    decision = decide(asking.subject, action, target)
    if not decision.is_allowed:
        note(
            house,
            asking,
            Deed(action.value, describe(target), decision.reason, camera_of(target)),
            outcome="refused",
        )
        raise refusal(asking.subject, action, target)
    return decision


def require_of_found(
    house: House, asking: Asking, action: Action, camera: CameraId, *, missing: NotFound
) -> Decision:
    """As `require`, for a thing that was found by its id: foreign ones are answered like missing ones.

    Raises:
        NotFound: `missing`: the camera that it belongs to is foreign.
        Forbidden: The camera is known, but the action is not granted.
    """
    target = CameraObject(camera)
    decision = decide(asking.subject, action, target)
    if not decision.is_allowed:
        deed = Deed(action.value, describe(target), decision.reason, camera)
        note(house, asking, deed, outcome="refused")
        raise refusal(asking.subject, action, target) if knows(asking.subject, camera) else missing
    return decision


@contextmanager
def asked(
    house: House, asking: Asking, action: Action, target: AccessObject, *, word: str = ""
) -> Iterator[tuple[Connection, Deed]]:
    """Do something in one transaction together with its audit entry.

    Refused and failed attempts are written in a transaction of their own, so they stay.

    Args:
        house: Where.
        asking: Who.
        action: What it takes.
        target: To what.
        word: The audit's word for what is done, where it is finer than the action: "add camera".

    Raises:
        NotFound: The camera is missing or foreign.
        Forbidden: Known, but not granted.
    """
    decision = require(house, asking, action, target)
    deed = Deed(word or action.value, describe(target), decision.reason, camera_of(target))
    with doing(house, asking, deed) as conn:
        yield conn, deed


@contextmanager
def doing(house: House, asking: Asking, deed: Deed) -> Iterator[Connection]:
    """Do what was let pass, in one transaction together with its audit entry; a failure is written, too."""
    try:
        with house.catalog.transaction(asking.subject.name) as conn:
            yield conn
            write(house, conn, asking, deed)
    except CatalogUnavailable:
        raise  # there is nowhere to write it
    except WatchkeepError as error:
        deed.reason = str(error)
        note(house, asking, deed, outcome="failed")
        raise


def write(house: House, conn: Connection, asking: Asking, deed: Deed, *, outcome: str = "allowed") -> None:
    """Append the deed's audit entry in the transaction of conn."""
    entry = AuditEntry(
        id=uuid7(house.clock, house.rng),
        at=house.clock.now(),
        subject=asking.subject.name,
        address=asking.address,
        action=deed.action,
        target=deed.target,
        outcome=outcome,
        reason=deed.reason,
        facts=dict(deed.facts),
    )
    audit.append(conn, entry, camera=deed.camera)


def note(house: House, asking: Asking, deed: Deed, *, outcome: str) -> None:
    """Write a deed into the audit in a transaction of its own: a refusal, or a failure rolled back."""
    with house.catalog.transaction(asking.subject.name) as conn:
        write(house, conn, asking, deed, outcome=outcome)
