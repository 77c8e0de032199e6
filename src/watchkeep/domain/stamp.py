"""Whether a catalog is the one that knew the footage last: both carry a stamp."""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from watchkeep.domain.errors import DataLoss


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a catalog and the volumes that it knows carry both.

    Attributes:
        catalog: Made with the catalog, the same for ever.
        number: Grows while all is well, in the catalog first.
    """

    catalog: UUID
    number: int

    def following(self) -> "Stamp":
        """The next one."""
        return replace(self, number=self.number + 1)

    def encode(self) -> str:
        """One line of text that `parse_stamp` reads."""
        return f"{self.catalog} {self.number}"


def parse_stamp(text: str, place: str) -> Stamp:
    """The stamp that `encode` wrote.

    Raises:
        DataLoss: The text is none; place says where it stands.
    """
    try:
        catalog, number = text.split()
        return Stamp(UUID(catalog), int(number))
    except ValueError:
        raise DataLoss(
            f"the stamp in {place} is damaged; `watchkeep recover index --apply` writes it anew", place=place
        ) from None


class Standing(StrEnum):
    """How a catalog stands to a volume, as far as stamps tell."""

    KNOWN = "known"
    """It is the one that knew the volume last."""
    UNSTAMPED = "unstamped"
    """Nothing tells: the volume carries no stamp yet."""
    EMPTY = "empty"
    """The volume was known by a catalog; this one is new."""
    OTHER = "other"
    """The volume was known by another catalog."""
    OLDER = "older"
    """It is an earlier state of the catalog that knew the volume."""


def compare_stamps(*, catalog: Stamp | None, volume: Stamp | None) -> Standing:
    """Say how a catalog stands to a volume."""
    if volume is None:
        return Standing.UNSTAMPED
    if catalog is None:
        return Standing.EMPTY
    if catalog.catalog != volume.catalog:
        return Standing.OTHER
    return Standing.OLDER if catalog.number < volume.number else Standing.KNOWN
