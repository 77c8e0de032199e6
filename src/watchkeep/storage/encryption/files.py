"""The keystore's two kinds of file as types. Source: docs/formats/keystore.md."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import DataLoss, Invalid
from watchkeep.domain.ids import CameraId, ShredKeyId

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_FORMAT = 1
_FORMAT_WITH_REPLACED = 2
"""Of a day's file of which something was erased; an older version must not read half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KekRow:
    """One KEK version as it lies in keystore.json."""

    version: int
    made_at: datetime
    wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeystoreFile:
    """keystore.json: the last KEK is the current one."""

    provider: str
    keks: tuple[KekRow, ...]
    secrets_kek: int
    secrets_wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One shred key, wrapped."""

    id: ShredKeyId
    camera: CameraId
    data_class: DataClass
    kek: int
    wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What is left of a destroyed shred key."""

    id: ShredKeyId
    camera: CameraId
    data_class: DataClass
    destroyed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A shred key of whose things some were erased: it is destroyed, and another holds what was left.

    Attributes:
        id: The destroyed key's, which the headers name.
        row: The other key; never used for anything new.
        wraps: The data keys that are left, by segment or event, under the other key.
    """

    id: ShredKeyId
    row: KeyRow
    replaced_at: datetime
    wraps: Mapping[UUID, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFile:
    """shred/<day>.json."""

    day: date
    keys: tuple[KeyRow, ...] = ()
    destroyed: tuple[Tombstone, ...] = ()
    replaced: tuple[Replaced, ...] = ()

    def find(self, id: ShredKeyId) -> KeyRow | Tombstone | Replaced | None:  # noqa: A002  # the contract's word
        """The key with that id, what replaced it, or its tombstone."""
        rows: tuple[KeyRow | Tombstone | Replaced, ...] = self.keys + self.replaced + self.destroyed
        return next((row for row in rows if row.id == id), None)

    def keys_of(self, camera: CameraId) -> list[ShredKeyId]:
        """The keys of a camera, of all classes, that can still open something."""
        living = [row.id for row in self.keys if row.camera == camera]
        return living + [each.id for each in self.replaced if each.row.camera == camera]

    def camera_of(self, key: ShredKeyId) -> CameraId | None:
        """Whose key it is or was; None if it was never here."""
        found = self.find(key)
        if found is None:
            return None
        return found.row.camera if isinstance(found, Replaced) else found.camera

    def still_opens(self, key: ShredKeyId, things: frozenset[UUID] | None) -> bool:
        """Whether a key can open any of these things, or anything at all for None."""
        found = self.find(key)
        if isinstance(found, Replaced) and things is not None:
            return not things.isdisjoint(found.wraps)
        return isinstance(found, KeyRow | Replaced)

    def without(self, id: ShredKeyId) -> "DayFile":  # noqa: A002  # the contract's word
        """The same without a living or replaced key."""
        return DayFile(
            day=self.day,
            keys=tuple(row for row in self.keys if row.id != id),
            destroyed=self.destroyed,
            replaced=tuple(row for row in self.replaced if row.id != id),
        )


def encode_keystore(content: KeystoreFile) -> bytes:
    """keystore.json."""
    return _encode(
        {
            "format": _FORMAT,
            "provider": content.provider,
            "keks": [
                {"version": row.version, "made_at": row.made_at.strftime(_TIME), "wrapped": row.wrapped.hex()}
                for row in content.keks
            ],
            "secrets_key": {"kek": content.secrets_kek, "wrapped": content.secrets_wrapped.hex()},
        }
    )


def decode_keystore(path: Path, text: bytes) -> KeystoreFile:
    """Read keystore.json; DataLoss if it is damaged, Invalid if it is newer."""
    try:
        content = json.loads(text)
        _check_format(path, content["format"], _FORMAT)
        return KeystoreFile(
            provider=content["provider"],
            keks=tuple(
                KekRow(
                    version=row["version"],
                    made_at=_time(row["made_at"]),
                    wrapped=bytes.fromhex(row["wrapped"]),
                )
                for row in content["keks"]
            ),
            secrets_kek=content["secrets_key"]["kek"],
            secrets_wrapped=bytes.fromhex(content["secrets_key"]["wrapped"]),
        )
    except (ValueError, KeyError, TypeError):
        raise _damaged(path) from None


def encode_day(content: DayFile) -> bytes:
    """shred/<day>.json."""
    replaced = [
        {
            "id": row.id,
            "by": _encode_row(row.row),
            "replaced_at": row.replaced_at.strftime(_TIME),
            "wraps": {str(thing): wrap.hex() for thing, wrap in row.wraps.items()},
        }
        for row in content.replaced
    ]
    return _encode(
        {
            "format": _FORMAT_WITH_REPLACED if replaced else _FORMAT,
            "day": content.day.isoformat(),
            **({"replaced": replaced} if replaced else {}),
            "keys": [_encode_row(row) for row in content.keys],
            "destroyed": [
                {
                    "id": row.id,
                    "camera": row.camera,
                    "data_class": row.data_class.value,
                    "destroyed_at": row.destroyed_at.strftime(_TIME),
                }
                for row in content.destroyed
            ],
        }
    )


def decode_day(path: Path, text: bytes) -> DayFile:
    """Read shred/<day>.json; DataLoss if it is damaged, Invalid if it is newer."""
    try:
        content = json.loads(text)
        _check_format(path, content["format"], _FORMAT, _FORMAT_WITH_REPLACED)
        return DayFile(
            day=date.fromisoformat(content["day"]),
            keys=tuple(_decode_row(row) for row in content["keys"]),
            replaced=tuple(
                Replaced(
                    id=ShredKeyId(row["id"]),
                    row=_decode_row(row["by"]),
                    replaced_at=_time(row["replaced_at"]),
                    wraps={UUID(thing): bytes.fromhex(wrap) for thing, wrap in row["wraps"].items()},
                )
                for row in content.get("replaced", ())
            ),
            destroyed=tuple(
                Tombstone(
                    id=ShredKeyId(row["id"]),
                    camera=CameraId(row["camera"]),
                    data_class=DataClass(row["data_class"]),
                    destroyed_at=_time(row["destroyed_at"]),
                )
                for row in content["destroyed"]
            ),
        )
    except (ValueError, KeyError, TypeError):
        raise _damaged(path) from None


def _encode_row(row: KeyRow) -> dict[str, str | int]:
    return {
        "id": row.id,
        "camera": row.camera,
        "data_class": row.data_class.value,
        "kek": row.kek,
        "wrapped": row.wrapped.hex(),
    }


def _decode_row(row: Mapping[str, str]) -> KeyRow:
    return KeyRow(
        id=ShredKeyId(row["id"]),
        camera=CameraId(row["camera"]),
        data_class=DataClass(row["data_class"]),
        kek=int(row["kek"]),
        wrapped=bytes.fromhex(row["wrapped"]),
    )


def _encode(content: object) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _check_format(path: Path, found: object, *known: int) -> None:
    if found not in known:
        raise Invalid(
            f"{path} has format {found}, this version reads {known[-1]}; use a newer Watchkeep",
            path=str(path),
        )


def _damaged(path: Path) -> DataLoss:
    return DataLoss(f"{path} is damaged; restore the keystore from its backup", path=str(path))
