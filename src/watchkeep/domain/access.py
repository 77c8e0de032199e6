"""Who may do what to which camera: default deny, one function, the reason with every answer."""

from dataclasses import dataclass
from enum import StrEnum

from watchkeep.domain.ids import CameraId, UserId


class Action(StrEnum):
    """The finer actions behind the specification's read, write, delete and configure."""

    VIEW_LIVE = "view_live"
    VIEW_RECORDED = "view_recorded"
    EXPORT = "export"
    ANNOTATE = "annotate"
    CONTROL = "control"
    HOLD = "hold"
    DELETE = "delete"
    CONFIGURE = "configure"
    MANAGE_USERS = "manage_users"
    READ_AUDIT = "read_audit"
    SEE_STATUS = "see_status"


@dataclass(frozen=True, slots=True)
class SystemObject:
    """The installation itself, for actions that belong to no camera."""

    name: str


@dataclass(frozen=True, slots=True)
class CameraObject:
    """Anything that belongs to a camera: the camera, its streams, segments, events."""

    camera: CameraId


AccessObject = SystemObject | CameraObject


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of actions. The specification's three are presets."""

    name: str
    actions: frozenset[Action]
    is_preset: bool


ADMINISTRATOR = Role("administrator", frozenset(Action), True)
OPERATOR = Role(
    "operator",
    frozenset(
        {
            Action.VIEW_LIVE,
            Action.VIEW_RECORDED,
            Action.EXPORT,
            Action.ANNOTATE,
            Action.CONTROL,
            Action.HOLD,
            Action.SEE_STATUS,
        }
    ),
    True,
)
VIEWER = Role("viewer", frozenset({Action.VIEW_LIVE, Action.VIEW_RECORDED, Action.SEE_STATUS}), True)
PRESETS = (ADMINISTRATOR, OPERATOR, VIEWER)

SYSTEM_ACTIONS = frozenset({Action.MANAGE_USERS, Action.READ_AUDIT, Action.CONFIGURE, Action.SEE_STATUS})
"""Actions that may be asked of the installation as a whole."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on some cameras, or on all."""

    role: Role
    cameras: frozenset[CameraId] | None
    """None: every camera, those added later too."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks."""

    user: UserId | None
    name: str
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """May it be done, and why."""

    is_allowed: bool
    reason: str


def decide(subject: Subject, action: Action, target: AccessObject) -> Decision:
    """Say whether a subject may do an action to an object. Nothing is allowed that no grant names."""
    for grant in subject.grants:
        if action not in grant.role.actions:
            continue
        if isinstance(target, CameraObject):
            if grant.cameras is None or target.camera in grant.cameras:
                return Decision(True, f"{grant.role.name} on {target.camera}")
        elif action in SYSTEM_ACTIONS and (grant.cameras is None or action is Action.SEE_STATUS):
            # A grant on some cameras rules none of the house; its health may be seen by all who have a role.
            return Decision(True, f"{grant.role.name} of the installation")
    return Decision(False, f"no grant of {subject.name} allows {action}")


def visible_cameras(subject: Subject, action: Action) -> frozenset[CameraId] | None:
    """The cameras on which the subject may do the action; None means every camera."""
    names: set[CameraId] = set()
    for grant in subject.grants:
        if action in grant.role.actions:
            if grant.cameras is None:
                return None
            names |= grant.cameras
    return frozenset(names)
