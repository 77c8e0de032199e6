"""Objects found in pictures, and the models that find them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from watchkeep.domain.geometry import Box
from watchkeep.domain.ids import StreamId


class ObjectGroup(StrEnum):
    """Types that are taken for one another from picture to picture; a track stays within its group."""

    PERSON = "person"
    VEHICLE = "vehicle"
    CYCLE = "cycle"
    ANIMAL = "animal"
    OTHER = "other"


_GROUPS = {
    ObjectGroup.PERSON: ("person", "rider"),
    ObjectGroup.VEHICLE: ("vehicle", "car", "truck", "bus", "train", "boat"),
    ObjectGroup.CYCLE: ("bicycle", "motorcycle"),
    ObjectGroup.ANIMAL: (
        "bird",
        "cat",
        "dog",
        "horse",
        "sheep",
        "cow",
        "elephant",
        "bear",
        "zebra",
        "giraffe",
    ),
}
_GROUP_OF = {object_type: group for group, types in _GROUPS.items() for object_type in types}


def group_of(object_type: str) -> ObjectGroup:
    """The group of an object type."""
    return _GROUP_OF.get(object_type, ObjectGroup.OTHER)


@dataclass(frozen=True, slots=True)
class Detection:
    """An object found in one frame.

    Attributes:
        object_type: A class of the model, as "person".
        confidence: The model's own score, 0 to 1; comparable only within one model.
    """

    object_type: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Scores of one model that mean something; calibrated on footage with ground truth, see its card.

    Attributes:
        low: Below it a detection is noise.
        high: From it on a detection is used first when tracks are continued.
        birth: From it on a detection may begin a track.
        alert: From it on an event may be more than a notice.
    """

    low: float
    high: float
    birth: float
    alert: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a person needs to know of weights.

    Attributes:
        digest: SHA-256 of the weights, hexadecimal; with the name it identifies the model.
        engine: What runs it, as "openvino".
        object_types: What it can find; a rule for anything else is refused.
        is_stand_in: Whether a better default exists that could not be had here.
    """

    name: str
    version: str
    digest: str
    engine: str
    licence: str
    object_types: tuple[str, ...]
    thresholds: Thresholds
    is_stand_in: bool
    id: UUID
    """UUIDv8 of name, version and digest: the same on every node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One analysed frame: what was found in it, also when that is nothing.

    Attributes:
        at: When it was captured, on our clock.
        aspect: Width of the picture divided by its height.
    """

    stream: StreamId
    at: datetime
    aspect: float
    detections: tuple[Detection, ...]


class Attention(StrEnum):
    """How closely the decoder looks at a stream."""

    MOTION = "motion"
    """At the first pictures of each GOP; at all only while something moves."""
    STILL = "still"
    """Also at one picture a second: something stands there that is known."""
    FULL = "full"
    """At five pictures a second: something known moves."""
