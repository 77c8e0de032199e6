"""What a volume says of itself: a small text beside its footage. Source: docs/formats/segment.md."""

import json
from uuid import UUID

from watchkeep.domain.errors import Conflict, DataLoss, Invalid

IDENTITY_NAME = "volume.json"
_FORMAT = 1


def identity_text(*, installation: UUID, volume: UUID) -> bytes:
    """The text for a new volume."""
    content = {"format": _FORMAT, "installation": str(installation), "volume": str(volume)}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def parse_identity(text: bytes, *, place: str, installation: UUID) -> UUID:
    """The id of the volume that a text speaks of.

    Args:
        text: What lies in the volume.
        place: The folder or address of the volume, for sentences.
        installation: Whose volume it must be.

    Raises:
        DataLoss: The text is damaged.
        Invalid: A newer version wrote it.
        Conflict: The volume belongs to another installation.
    """
    try:
        content = json.loads(text)
        found, identity = UUID(content["installation"]), UUID(content["volume"])
        version = content["format"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataLoss(
            f"{place}/{IDENTITY_NAME} is damaged; restore it from the backup, or write it anew by hand",
            path=place,
        ) from None
    if version != _FORMAT:
        raise Invalid(f"{place} has format {version}; open it with a newer Watchkeep", path=place)
    if found != installation:
        raise Conflict(
            f"{place} belongs to another installation; choose another folder",
            path=place,
            installation=str(found),
        )
    return identity


def is_another(place: str, *, expected: UUID, found: UUID | None) -> Conflict:
    """The error for a place that holds another volume than it did, or none."""
    what = "is another disk" if found else "is empty or not mounted"
    return Conflict(
        f"{place} {what}, not volume {expected}; mount the right one, or give this one up",
        path=place,
        expected=str(expected),
        found=str(found),
    )
