"""The keystore's two kinds of file as types. Source: docs/formats/keystore.md."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import DataLoss, Invalid
from watchkeep.domain.ids import CameraId, ShredKeyId

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_FORMAT = 1


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
class DayFile:
    """shred/<day>.json."""

    day: date
    keys: tuple[KeyRow, ...] = ()
    destroyed: tuple[Tombstone, ...] = ()

    def find(self, id: ShredKeyId) -> KeyRow | Tombstone | None:  # noqa: A002  # the contract's word
        """The key with that id, or its tombstone."""
        rows: tuple[KeyRow | Tombstone, ...] = self.keys + self.destroyed
        return next((row for row in rows if row.id == id), None)


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
        _check_format(path, content["format"])
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
    return _encode(
        {
            "format": _FORMAT,
            "day": content.day.isoformat(),
            "keys": [
                {
                    "id": row.id,
                    "camera": row.camera,
                    "data_class": row.data_class.value,
                    "kek": row.kek,
                    "wrapped": row.wrapped.hex(),
                }
                for row in content.keys
            ],
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
        _check_format(path, content["format"])
        return DayFile(
            day=date.fromisoformat(content["day"]),
            keys=tuple(
                KeyRow(
                    id=ShredKeyId(row["id"]),
                    camera=CameraId(row["camera"]),
                    data_class=DataClass(row["data_class"]),
                    kek=row["kek"],
                    wrapped=bytes.fromhex(row["wrapped"]),
                )
                for row in content["keys"]
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


def _encode(content: object) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _check_format(path: Path, found: object) -> None:
    if found != _FORMAT:
        raise Invalid(
            f"{path} has format {found}, this version reads {_FORMAT}; use a newer Watchkeep", path=str(path)
        )


def _damaged(path: Path) -> DataLoss:
    return DataLoss(f"{path} is damaged; restore the keystore from its backup", path=str(path))
