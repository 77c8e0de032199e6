"""A shred key, and how data keys move to another, not in their files. Source: docs/formats/keystore.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import KeyShredded, Tampered
from watchkeep.domain.ids import ShredKeyId
from watchkeep.storage.encryption.envelope import seal, unseal
from watchkeep.storage.encryption.files import KeyRow

_SHRED_KEY = "watchkeep shred key 1"


@dataclass(frozen=True, slots=True)
class ShredKey:
    """Wraps the data keys of one camera, UTC day and data class.

    Attributes:
        id: As the headers name it.
        wraps: After an erasure the data keys that are left, by segment or event, under this key; None: they
            are in the files.
        erased: What must not be opened with it though it could.
    """

    id: ShredKeyId
    key: bytes = field(repr=False)
    wraps: Mapping[UUID, bytes] | None = field(default=None, repr=False)
    erased: frozenset[UUID] = field(default=frozenset(), repr=False)

    def wrap_of(self, thing: UUID, in_file: bytes) -> bytes:
        """The wrapped data key of a segment, or of the picture of an event.

        Raises:
            KeyShredded: It was erased on purpose.
        """
        if thing in self.erased or (self.wraps is not None and thing not in self.wraps):
            raise KeyShredded(
                f"the key of {thing} was destroyed: it was erased on purpose",
                shred_key=self.id,
                thing=str(thing),
            )
        return in_file if self.wraps is None else self.wraps[thing]


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A data key as it lies in a file's head.

    Attributes:
        bound: What stands before it: it opens only together with that.
    """

    bound: bytes
    wrap: bytes


def moved(old: ShredKey, new: bytes, survivors: Mapping[UUID, SealedKey], *, rng: Rng) -> dict[UUID, bytes]:
    """Wrap the data keys of survivors anew; those that do not open, or were erased before, are left out."""
    wraps: dict[UUID, bytes] = {}
    for thing, sealed in survivors.items():
        try:
            data_key = unseal(old.key, old.wrap_of(thing, sealed.wrap), bound_to=sealed.bound)
        except (Tampered, KeyShredded):
            continue
        wraps[thing] = seal(new, data_key, bound_to=sealed.bound, rng=rng)
    return wraps


def identity(row: KeyRow, day: date) -> bytes:
    """What a wrapped shred key is bound to."""
    return f"{_SHRED_KEY}\n{row.id}\n{row.camera}\n{day.isoformat()}\n{row.data_class.value}".encode()


def shredded(key: ShredKeyId, day: date, at: datetime | None) -> KeyShredded:
    """The error for a key that was destroyed, at an instant if it is known."""
    when = "" if at is None else f" at {at:%Y-%m-%d %H:%M} UTC"
    return KeyShredded(
        f"the key of this footage of {day} was destroyed{when}: it was erased on purpose",
        shred_key=key,
        day=day.isoformat(),
    )
