"""The rules of a camera: what is to be told of it."""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace

from watchkeep.application.asking import Asking, Deed, asked, no_such_camera, require
from watchkeep.application.detector import known_model
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject
from watchkeep.domain.analyst import DetectorState
from watchkeep.domain.errors import Conflict, Invalid, NotFound
from watchkeep.domain.geometry import Point
from watchkeep.domain.ids import CameraId, RuleId, uuid7
from watchkeep.domain.rule import (
    Anchor,
    Direction,
    EventKind,
    Rule,
    RuleText,
    Severity,
    checked_rule,
    lacking,
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """What is to be different in a rule's text; None stays as it is."""

    name: str | None = None
    kind: EventKind | None = None
    objects: tuple[str, ...] | None = None
    points: tuple[Point, ...] | None = None
    direction: Direction | None = None
    severity: Severity | None = None
    anchor: Anchor | None = None
    is_enabled: bool | None = None

    def applied(self, old: RuleText) -> RuleText:
        """The whole text, with what is left out as it was."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(old, **{name: value for name, value in said.items() if value is not None})


def list_rules(house: House, asking: Asking, camera: CameraId) -> list[RuleView]:
    """A camera's rules, oldest first. Looking at them shows no picture: only refusals go into the audit."""
    require(house, asking, Action.VIEW_RECORDED, CameraObject(camera))
    with house.catalog.transaction(asking.subject.name) as conn:
        require_camera(conn, camera)
        model = known_model(house, conn)
        return [_view(rule, model) for rule in rules.list_rules(conn, [camera])]


def add_rule(house: House, asking: Asking, camera: CameraId, text: RuleText) -> RuleView:
    """Add a rule; the analyst applies it within seconds.

    Raises:
        Invalid: The zone or line cannot be, or the running model cannot find what it asks for.
        Conflict: The camera has fifty rules already.
    """
    with asked(house, asking, Action.CONFIGURE, CameraObject(camera), word="add rule") as (conn, deed):
        require_camera(conn, camera)
        model = known_model(house, conn)
        checked = checked_rule(text)
        _require_findable(checked.objects, model)
        if rules.count_rules(conn, camera) >= MOST_RULES:
            raise Conflict(f"{camera} has {MOST_RULES} rules already; remove one first.", camera=camera)
        rule = RuleId(uuid7(house.clock, house.rng))
        made = rules.insert_rule(conn, rule, camera, checked, at=house.clock.now())
        _tell(conn, deed, made)
        return _view(made, model)


def change_rule(house: House, asking: Asking, camera: CameraId, rule: RuleId, change: RuleChange) -> RuleView:
    """Give a rule another text; events that it made keep the old one.

    Raises:
        NotFound: The camera has no such rule.
        Invalid: The zone or line cannot be, or the running model cannot find what it asks for.
    """
    with asked(house, asking, Action.CONFIGURE, CameraObject(camera), word="change rule") as (conn, deed):
        old = _load(conn, camera, rule)
        model = known_model(house, conn)
        text = checked_rule(change.applied(old.text))
        # What the model lacked before may stay: another model may come back.
        _require_findable([each for each in text.objects if each not in old.text.objects], model)
        # The same text is no new version: one would end what goes on.
        made = old if text == old.text else rules.put_version(conn, rule, text, at=house.clock.now())
        _tell(conn, deed, made)
        return _view(made, model)


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


def _require_findable(objects: Collection[str], model: DetectorState | None) -> None:
    """Refuse objects that the model cannot find; while none is known, everything is taken."""
    missing = [] if model is None else lacking(objects, model.object_types)
    if missing and model is not None:
        raise Invalid(
            f"The model that runs, {model.model}, cannot find {', '.join(missing)}; "
            f"choose from {', '.join(sorted(model.object_types))}.",
            field="objects",
        )


def _load(conn: Connection, camera: CameraId, rule: RuleId) -> Rule:
    require_camera(conn, camera)
    found = rules.get_rule(conn, rule)
    if found.camera != camera:
        raise NotFound(f"There is no rule {rule}; it may have been removed.", rule=str(rule))
    return found


def _tell(conn: Connection, deed: Deed, rule: Rule) -> None:
    deed.facts |= {"rule": rule.text.name, "kind": rule.text.kind.value, "version": str(rule.version)}
    outbox.publish(conn, NoticeKind.CAMERA, camera=rule.camera, facts={"change": "rules"})


def _view(rule: Rule, model: DetectorState | None) -> RuleView:
    return RuleView(rule, () if model is None else tuple(lacking(rule.text.objects, model.object_types)))
