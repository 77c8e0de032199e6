"""What is to be told of a camera: rules, each text of which is kept for ever as a version."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from watchkeep.domain.detection import group_of
from watchkeep.domain.errors import Invalid
from watchkeep.domain.geometry import Point, checked_line, checked_zone
from watchkeep.domain.ids import CameraId, RuleId


class EventKind(StrEnum):
    """What may happen; the specification's `event_type`."""

    OBJECT = "object"
    """A thing was there and moved; one event a track."""
    ZONE_VISIT = "zone_visit"
    """A thing was in a zone; entering and leaving are the event's ends."""
    LINE_CROSS = "line_cross"
    """A thing crossed a line, in a direction."""


class Severity(IntEnum):
    """How much an event matters. Ordered, so that a distribution is four whole numbers."""

    INFO = 0
    NOTICE = 1
    ALERT = 2
    CRITICAL = 3


class Direction(StrEnum):
    """Across a line, for someone who walks from its first point to its last; a rule may take either."""

    ANY = "any"
    LEFT_TO_RIGHT = "left_to_right"
    RIGHT_TO_LEFT = "right_to_left"


class Anchor(StrEnum):
    """Which point of a thing is meant: where it stands, or its middle when the camera looks down on it."""

    FOOT = "foot"
    CENTRE = "centre"


OBJECT_NAMES_LIMIT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """What a rule says.

    Attributes:
        objects: Types or groups, as ("person", "vehicle"); at least one.
        points: Corners of the zone or points of the line; empty for `object`.
        direction: Of a line.
        severity: What an event of this rule is worth before anything else is weighed.
    """

    name: str
    kind: EventKind
    objects: tuple[str, ...]
    points: tuple[Point, ...] = ()
    direction: Direction = Direction.ANY
    severity: Severity = Severity.NOTICE
    anchor: Anchor = Anchor.FOOT
    is_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One version of a rule of a camera."""

    id: RuleId
    version: int
    camera: CameraId
    text: RuleText
    wanted: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "wanted", frozenset(self.text.objects))

    def means(self, object_type: str) -> bool:
        """Say whether things of this type are the rule's business."""
        return object_type in self.wanted or group_of(object_type) in self.wanted


def checked_rule(text: RuleText) -> RuleText:
    """The same text, when it is right by itself.

    Raises:
        Invalid: No name, no objects, a zone or line that cannot be, or points where none belong.
    """
    if not text.name.strip() or len(text.name) > 64:
        raise Invalid("A rule's name has 1 to 64 characters; give it one.", field="name")
    if not 1 <= len(text.objects) <= OBJECT_NAMES_LIMIT:
        count = f"{len(text.objects)} objects" if text.objects else "no object"
        raise Invalid(
            f"The rule {text.name} names {count}; choose 1 to {OBJECT_NAMES_LIMIT}, as person.",
            field="objects",
        )
    match text.kind:
        case EventKind.ZONE_VISIT:
            checked_zone(text.points)
        case EventKind.LINE_CROSS:
            checked_line(text.points)
        case _:
            if text.points:
                raise Invalid(
                    f"The rule {text.name} is about the whole picture and takes no points; make it a zone or "
                    "a line, or leave them out.",
                    field="points",
                )
    return text


def lacking(objects: Iterable[str], model_types: Iterable[str]) -> list[str]:
    """Which of a rule's types and groups a model cannot find."""
    known = set(model_types)
    known |= {str(group_of(each)) for each in known}
    return [name for name in objects if name not in known]
