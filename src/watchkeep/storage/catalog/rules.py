"""Rules and every text that they ever had."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from watchkeep.domain.errors import NotFound
from watchkeep.domain.geometry import Point
from watchkeep.domain.ids import CameraId, RuleId
from watchkeep.domain.rule import Anchor, Direction, EventKind, Rule, RuleText, Severity
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("rules")


class Definition(TypedDict):
    """A rule's text as it is kept; the name stands beside it."""

    kind: str
    objects: list[str]
    points: list[list[float]]
    direction: str
    severity: int
    anchor: str
    is_enabled: bool


def list_rules(connection: Connection, cameras: Collection[CameraId] | None = None) -> list[Rule]:
    """The rules of these cameras, or of all, as they are now; disabled ones too, removed ones not."""
    wanted = None if cameras is None else sorted(cameras)
    with connection.cursor(row_factory=class_row(_RuleRow)) as cursor:
        return [row.rule() for row in cursor.execute(_QUERIES["rules_of"], {"cameras": wanted})]


def get_rule(connection: Connection, rule: RuleId) -> Rule:
    """A rule as it is now; NotFound if there is none or it was removed."""
    with connection.cursor(row_factory=class_row(_RuleRow)) as cursor:
        row = cursor.execute(_QUERIES["rule"], {"rule": rule}).fetchone()
    if row is None:
        raise NotFound(f"There is no rule {rule}; it may have been removed.", rule=str(rule))
    return row.rule()


def insert_rule(
    connection: Connection, rule: RuleId, camera: CameraId, text: RuleText, *, at: datetime
) -> Rule:
    """Add a rule with its first text."""
    connection.execute(_QUERIES["add_rule"], {"rule": rule, "camera": camera, "name": text.name, "at": at})
    return put_version(connection, rule, text, at=at)


def put_version(connection: Connection, rule: RuleId, text: RuleText, *, at: datetime) -> Rule:
    """Give a rule another text; the old ones stay. NotFound if there is none or it was removed."""
    facts = {"rule": rule, "definition": Jsonb(_definition(text)), "at": at}
    if connection.execute(_QUERIES["add_version"], facts).fetchone() is None:
        raise NotFound(f"There is no rule {rule}; it may have been removed.", rule=str(rule))
    connection.execute(_QUERIES["rename_rule"], {"rule": rule, "name": text.name})
    return get_rule(connection, rule)


def remove_rule(connection: Connection, rule: RuleId, *, at: datetime) -> None:
    """Remove a rule; its texts stay, for events name them. NotFound if there is none."""
    if connection.execute(_QUERIES["remove_rule"], {"rule": rule, "at": at}).rowcount == 0:
        raise NotFound(f"There is no rule {rule}; it may have been removed.", rule=str(rule))


def count_rules(connection: Connection, camera: CameraId) -> int:
    """How many rules a camera has."""
    row = connection.execute(_QUERIES["count_rules"], {"camera": camera}).fetchone()
    return 0 if row is None else int(row[0])


def rule_names(connection: Connection, rules: Collection[RuleId]) -> dict[RuleId, str]:
    """Names of rules, removed ones too."""
    rows = connection.execute(_QUERIES["names"], {"rules": list(rules)})
    return {RuleId(identifier): name for identifier, name in rows}


@dataclass(frozen=True, slots=True)
class _RuleRow:
    rule_id: UUID
    version: int
    camera_id: str
    name: str
    is_default: bool
    definition: Definition

    def rule(self) -> Rule:
        text = self.definition
        return Rule(
            id=RuleId(self.rule_id),
            version=self.version,
            camera=CameraId(self.camera_id),
            text=RuleText(
                name=self.name,
                kind=EventKind(text["kind"]),
                objects=tuple(text["objects"]),
                points=tuple(Point(x, y) for x, y in text["points"]),
                direction=Direction(text["direction"]),
                severity=Severity(text["severity"]),
                anchor=Anchor(text["anchor"]),
                is_enabled=text["is_enabled"],
            ),
        )


def _definition(text: RuleText) -> Definition:
    return {
        "kind": text.kind.value,
        "objects": list(text.objects),
        "points": [[point.x, point.y] for point in text.points],
        "direction": text.direction.value,
        "severity": int(text.severity),
        "anchor": text.anchor.value,
        "is_enabled": text.is_enabled,
    }
