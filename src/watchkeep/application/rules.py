"""The rules of a camera: what is to be told of it."""

from dataclasses import dataclass

from watchkeep.application.asking import Asking, Deed, asked, no_such_camera
from watchkeep.application.detector import object_types
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject
from watchkeep.domain.errors import Conflict, Invalid, NotFound
from watchkeep.domain.ids import CameraId, RuleId, uuid7
from watchkeep.domain.rule import Rule, RuleText, checked_rule, lacking
from watchkeep.storage.catalog import cameras, outbox, rules
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind

MOST_RULES = 50


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule.

    Attributes:
        lacking: Objects that it asks for and the running model cannot find.
    """

    rule: Rule
    lacking: tuple[str, ...]


def list_rules(house: House, asking: Asking, camera: CameraId) -> list[RuleView]:
    """A camera's rules, oldest first."""
    with asked(house, asking, Action.VIEW_RECORDED, CameraObject(camera), word="list rules") as (conn, _):
        require_camera(conn, camera)
        known = object_types(house, conn)
        return [_view(rule, known) for rule in rules.list_rules(conn, [camera])]


def add_rule(house: House, asking: Asking, camera: CameraId, text: RuleText) -> RuleView:
    """Add a rule; the analyst applies it within seconds.

    Raises:
        Invalid: The zone or line cannot be, or the running model cannot find what it asks for.
        Conflict: The camera has fifty rules already.
    """
    with asked(house, asking, Action.CONFIGURE, CameraObject(camera), word="add rule") as (conn, deed):
        require_camera(conn, camera)
        known = object_types(house, conn)
        checked = _checked(text, known)
        if rules.count_rules(conn, camera) >= MOST_RULES:
            raise Conflict(f"{camera} has {MOST_RULES} rules already; remove one first.", camera=camera)
        rule = RuleId(uuid7(house.clock, house.rng))
        made = rules.insert_rule(conn, rule, camera, checked, at=house.clock.now())
        _tell(conn, deed, made)
        return _view(made, known)


def change_rule(house: House, asking: Asking, camera: CameraId, rule: RuleId, text: RuleText) -> RuleView:
    """Give a rule another text; events that it made keep the old one.

    Raises:
        NotFound: The camera has no such rule.
        Invalid: The zone or line cannot be, or the running model cannot find what it asks for.
    """
    with asked(house, asking, Action.CONFIGURE, CameraObject(camera), word="change rule") as (conn, deed):
        old = _load(conn, camera, rule)
        known = object_types(house, conn)
        # What the model lacked before may stay: another model may come back.
        tolerated = known | set(old.text.objects) if known else known
        made = rules.put_version(conn, rule, _checked(text, tolerated), at=house.clock.now())
        _tell(conn, deed, made)
        return _view(made, known)


def read_rule(house: House, asking: Asking, camera: CameraId, rule: RuleId) -> RuleView:
    """One rule; NotFound if the camera has none of that id."""
    with asked(house, asking, Action.VIEW_RECORDED, CameraObject(camera), word="read rule") as (conn, _):
        return _view(_load(conn, camera, rule), object_types(house, conn))


def remove_rule(house: House, asking: Asking, camera: CameraId, rule: RuleId) -> None:
    """Remove a rule; what it told stays.

    Raises:
        NotFound: The camera has no such rule.
    """
    with asked(house, asking, Action.CONFIGURE, CameraObject(camera), word="remove rule") as (conn, deed):
        old = _load(conn, camera, rule)
        rules.remove_rule(conn, rule, at=house.clock.now())
        _tell(conn, deed, old)


def require_camera(conn: Connection, camera: CameraId) -> None:
    """NotFound if there is no such camera, or it was removed."""
    try:
        cameras.get_camera(conn, camera)
    except NotFound:
        raise no_such_camera(camera) from None


def _checked(text: RuleText, known: frozenset[str] | set[str]) -> RuleText:
    checked = checked_rule(text)
    missing = lacking(checked.objects, known) if known else []
    if missing:
        raise Invalid(
            f"The model that runs cannot find {', '.join(missing)}; choose from {', '.join(sorted(known))}.",
            field="objects",
            lacking=missing,
        )
    return checked


def _load(conn: Connection, camera: CameraId, rule: RuleId) -> Rule:
    found = rules.get_rule(conn, rule)
    if found.camera != camera:
        raise NotFound(f"There is no rule {rule}; it may have been removed.", rule=str(rule))
    return found


def _tell(conn: Connection, deed: Deed, rule: Rule) -> None:
    deed.facts |= {"rule": rule.text.name, "kind": rule.text.kind.value, "version": str(rule.version)}
    outbox.publish(conn, NoticeKind.CAMERA, camera=rule.camera, facts={"change": "rules"})


def _view(rule: Rule, known: frozenset[str]) -> RuleView:
    return RuleView(rule, tuple(lacking(rule.text.objects, known)) if known else ())
