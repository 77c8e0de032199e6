"""The volumes of a node: known by id, opened when first needed, looked for again when they were away."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import Conflict, DataLoss, Exhausted, Invalid, VolumeAway, WatchkeepError
from watchkeep.domain.fs import Space
from watchkeep.domain.tier import Condition
from watchkeep.storage.blobs.store import Blobs
from watchkeep.storage.catalog.volumes import VolumeKind

log = logging.getLogger(__name__)

REST_NS = 5_000_000_000
"""A volume that could not be opened is not tried again so long."""
_WRONG = (Conflict, DataLoss, Invalid)


@dataclass(frozen=True, slots=True)
class Look:
    """How a volume was when it was looked at."""

    condition: Condition
    detail: str = ""
    space: Space | None = None


class Attached:
    """One volume of the settings, there or not.

    Attributes:
        tier: Name of the tier that it belongs to.
        label: How a person knows it.
    """

    def __init__(
        self,
        *,
        tier: str,
        kind: VolumeKind,
        label: str,
        known: Callable[[], UUID | None],
        opening: Callable[[UUID | None], Blobs],
        clock: Clock,
    ) -> None:
        """Describe a volume; nothing is opened yet.

        Args:
            tier: Its tier.
            kind: What it is.
            label: A folder or an address.
            known: Tells the id that the place had before, None if it was never used.
            opening: Opens it, or makes it ours if it was never used.
            clock: For how long a failed opening is not repeated.
        """
        self.tier, self.kind, self.label = tier, kind, label
        self._known, self._opening, self._clock = known, opening, clock
        self._blobs: Blobs | None = None
        self._id: UUID | None = None
        self._failed: tuple[int, WatchkeepError] | None = None

    @property
    def id(self) -> UUID | None:
        """Its id; None before it was used for the first time."""
        if self._id is None:
            self._id = self._known()
        return self._id

    def blobs(self) -> Blobs:
        """Open it, or take it as it was opened before.

        Raises:
            VolumeAway: It is not there, another is in its place, or it was never used.
        """
        try:
            return self._open()
        except VolumeAway:
            raise
        except WatchkeepError as error:
            raise VolumeAway(str(error), volume=str(self.id)) from error

    def claim(self, remember: Callable[[UUID], None]) -> Blobs:
        """Open it, and make it ours if it was never used; for one process at a time.

        Raises:
            WatchkeepError: Whatever keeps it from being ours, as one sentence.
        """
        if self.id is None:
            opened = self._opening(None)
            remember(opened.id)
            self._id, self._blobs = opened.id, opened
            log.info("volume taken into use", extra={"volume": self.label, "id": str(opened.id)})
        return self._open()

    def look(self) -> Look:
        """Look whether it is there, the right one, and how much room it has."""
        try:
            opened = self._open()
            opened.require_same()
            return Look(Condition.GOOD, space=opened.space())
        except _WRONG as error:
            is_empty = isinstance(error, Conflict) and error.fields.get("found") == str(None)
            return Look(Condition.AWAY if is_empty else Condition.WRONG, str(error))
        except Exhausted as error:
            return Look(Condition.FULL, str(error))
        except WatchkeepError as error:
            return Look(Condition.AWAY, str(error))

    def _open(self) -> Blobs:
        if self._blobs is not None:
            return self._blobs
        if self.id is None:
            raise VolumeAway(f"{self.label} was not taken into use yet; see whether it can be reached")
        if self._failed is not None:
            at_ns, error = self._failed
            if self._clock.monotonic_ns() < at_ns + REST_NS:
                raise error
        try:
            self._blobs = self._opening(self.id)
        except WatchkeepError as error:
            self._failed = self._clock.monotonic_ns(), error
            raise
        self._failed = None
        return self._blobs


class Volumes:
    """All volumes of a node, in the order of its tiers."""

    def __init__(self, attached: Iterable[Attached]) -> None:
        self._attached = tuple(attached)

    def __iter__(self) -> Iterator[Attached]:
        return iter(self._attached)

    def find(self, volume: UUID) -> Attached | None:
        """A volume by its id; None if the settings do not name it."""
        return next((each for each in self._attached if each.id == volume), None)

    def of_tier(self, tier: str) -> Sequence[Attached]:
        """The volumes of a tier."""
        return [each for each in self._attached if each.tier == tier]

    def blobs(self, volume: UUID) -> Blobs:
        """Open a volume by its id.

        Raises:
            VolumeAway: It is not there, or the settings do not name it.
        """
        found = self.find(volume)
        if found is None:
            raise VolumeAway(
                f"volume {volume} is not among those of the settings; name it under storage.tiers again",
                volume=str(volume),
            )
        return found.blobs()


def only(blobs: Blobs, *, tier: str, clock: Clock, kind: VolumeKind = VolumeKind.DISK) -> Attached:
    """A volume that is open already."""
    return Attached(
        tier=tier, kind=kind, label=blobs.label, known=lambda: blobs.id, opening=lambda _: blobs, clock=clock
    )
