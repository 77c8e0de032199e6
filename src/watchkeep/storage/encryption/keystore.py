"""The keys of an installation: KEK versions, shred keys, and small secrets. Source: docs/formats/keystore.md.

Several processes use one keystore at once: every change is made under its lock, on files read again under it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from watchkeep.domain.category import DataClass
from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.errors import Conflict, DataLoss, KeystoreLocked, NotFound, Tampered
from watchkeep.domain.fs import Fs, read_whole, replace_file
from watchkeep.domain.ids import CameraId, ShredKeyId
from watchkeep.storage.encryption.day_files import DayFiles
from watchkeep.storage.encryption.envelope import KEY_SIZE, expand, seal, unseal
from watchkeep.storage.encryption.files import (
    DayFile,
    KekRow,
    KeyRow,
    KeystoreFile,
    Replaced,
    Tombstone,
    decode_keystore,
    encode_keystore,
)
from watchkeep.storage.encryption.providers import KeyProvider
from watchkeep.storage.encryption.shred_keys import SealedKey, ShredKey, identity, moved, shredded
from watchkeep.storage.encryption.small_secrets import seal_secret, unseal_secret

__all__ = ["KEK_LIFETIME", "REMEMBERED_KEYS", "Erased", "Keystore", "ShredKey"]

KEK_LIFETIME = timedelta(days=90)
"""Age at which a KEK version should be followed by the next."""
REMEMBERED_KEYS = 256
REMEMBERED_FOR = timedelta(seconds=5)
"""How long an erasure by another process may go unnoticed by a reader."""

_SECRETS_KEY = b"watchkeep secrets key 1"
_DERIVED = b"watchkeep derived secret 1"

Erased = Callable[[ShredKeyId], frozenset[UUID] | None]
"""What of a shred key's things the erasure ledger names; None: all of them."""


class Keystore:
    """The open keystore. Threads may share it."""

    def __init__(self, root: Path, *, fs: Fs, clock: Clock, rng: Rng, provider: KeyProvider) -> None:
        """Use `create` or `open`."""
        self._root = root
        self._fs = fs
        self._days = DayFiles(root / "shred", fs)
        self._clock = clock
        self._rng = rng
        self._provider = provider
        self._file = KeystoreFile(provider="", keks=(), secrets_kek=0, secrets_wrapped=b"")
        self._keks: dict[int, bytes] = {}
        self._secrets_key = b""
        self._remembered: OrderedDict[tuple[ShredKeyId, date], tuple[ShredKey, int]] = OrderedDict()
        self._durable: set[ShredKeyId] = set()
        self._thread_lock = threading.RLock()
        self._erased: Erased = lambda _: frozenset()

    @classmethod
    def create(cls, root: Path, *, fs: Fs, clock: Clock, rng: Rng, provider: KeyProvider) -> "Keystore":
        """Make a keystore; durable on return. Conflict if there is one: nothing is overwritten."""
        fs.make_directories(root / "shred")
        keystore = cls(root, fs=fs, clock=clock, rng=rng, provider=provider)
        with keystore._locked():
            names = {entry.name for entry in fs.entries(root)}
            if "keystore.json" in names or any(True for _ in fs.entries(root / "shred")):
                raise Conflict(
                    f"{root} already holds a keystore; open it, or choose another folder", path=str(root)
                )
            kek, secrets_key = rng.token(KEY_SIZE), rng.token(KEY_SIZE)
            content = KeystoreFile(
                provider=provider.name,
                keks=(keystore._new_kek(1, kek),),
                secrets_kek=1,
                secrets_wrapped=seal(kek, secrets_key, bound_to=_SECRETS_KEY, rng=rng),
            )
            replace_file(fs, keystore._path, encode_keystore(content))
            keystore._load()
        return keystore

    @classmethod
    def open(cls, root: Path, *, fs: Fs, clock: Clock, rng: Rng, provider: KeyProvider) -> "Keystore":
        """Open a keystore; reads only.

        Raises:
            NotFound: There is none.
            KeystoreLocked: The provider is not the right one. Nothing was changed.
            DataLoss: keystore.json is damaged.
        """
        keystore = cls(root, fs=fs, clock=clock, rng=rng, provider=provider)
        keystore._load()
        return keystore

    def shred_key(self, *, camera: CameraId, day: date, data_class: DataClass) -> ShredKey:
        """The key for new segments of a camera, UTC day and class; made when missing, durable on return."""
        row = _current(self._days.read(day), camera, data_class)
        if row is None:
            with self._locked():
                self._load()
                content = self._days.read(day)
                row = _current(content, camera, data_class)
                if row is None:
                    self._sync_names()
                    row = self._new_row(camera, day, data_class)
                    self._days.write(replace(content, keys=(*content.keys, row)))
                    self._durable.add(row.id)
        if row.id not in self._durable:
            self._sync_names()
            self._durable.add(row.id)
        return self._open_row(row, day)

    def find_shred_key(self, id: ShredKeyId, day: date) -> ShredKey:  # noqa: A002  # the contract's word
        """A key by the id in a segment's header.

        Raises:
            KeyShredded: It was destroyed on purpose. Other processes notice within 5 s.
            NotFound: This keystore never had it.
        """
        with self._thread_lock:
            remembered = self._remembered.get((id, day))
        if remembered is not None and self._clock.monotonic_ns() < remembered[1]:
            return remembered[0]
        erased = self._erased(id)
        match self._days.read(day).find(id):
            case (KeyRow() | Replaced()) as row if erased is not None:
                key = replace(self._open_living(row, day), erased=erased)
                self._remember(key, day)
                return key
            case Tombstone(destroyed_at=destroyed_at):
                self._forget(id, day)
                raise shredded(id, day, destroyed_at)
            case KeyRow() | Replaced():
                # A keystore from before the erasure was restored; the ledger was not.
                self._forget(id, day)
                raise shredded(id, day, None)
            case _:
                raise NotFound(
                    f"this keystore has no shred key {id} of {day}; restore the one that made the footage",
                    shred_key=id,
                    day=day.isoformat(),
                )

    def destroy_shred_key(self, id: ShredKeyId, day: date) -> None:  # noqa: A002  # the contract's word
        """Destroy a key; what it sealed is unreadable for ever. Durable on return; twice is harmless."""
        with self._locked():
            content = self._days.read(day)
            match content.find(id):
                case (KeyRow() | Replaced()) as row:
                    self._days.write(self._destroyed(content, row))
                case None:
                    raise NotFound(f"this keystore has no shred key {id} of {day}", shred_key=id)
                case _:
                    pass
        self._forget(id, day)

    def heed(self, erased: Erased) -> None:
        """Open nothing that the erasure ledger names, whatever keys are there."""
        self._erased = erased

    def day(self, day: date) -> DayFile:
        """What the keystore holds of a UTC day; keys are wrapped."""
        return self._days.read(day)

    def renew_shred_key(self, key: ShredKeyId, day: date) -> None:
        """Let no new segment begin under a key: the next one of its camera, day and class gets another.

        Durable on return; a key that is not the current one any more is left alone.
        """
        with self._locked():
            self._load()
            content = self._days.read(day)
            row = content.find(key)
            if isinstance(row, KeyRow) and _current(content, row.camera, row.data_class) == row:
                fresh = self._new_row(row.camera, day, row.data_class)
                # In front of it, for the first of its kind is the current one.
                self._days.write(replace(content, keys=(fresh, *content.keys)))

    def rekey(self, key: ShredKeyId, day: date, survivors: Mapping[UUID, SealedKey]) -> int:
        """Destroy a key, but wrap the data keys of what survives anew: here, not in their files.

        One write: before it everything opens, after it only the survivors that open now; returns how many.
        Durable on return. A key that is destroyed already is left alone.
        """
        with self._locked():
            self._load()
            content = self._days.read(day)
            row = content.find(key)
            if not isinstance(row, KeyRow | Replaced):
                return 0
            fresh = self._rng.token(KEY_SIZE)
            wraps = moved(self._open_living(row, day), fresh, survivors, rng=self._rng)
            if not wraps:
                self._days.write(self._destroyed(content, row))
            else:
                old = row.row if isinstance(row, Replaced) else row
                name = ShredKeyId(self._rng.token(16).hex())
                by = self._wrap(replace(old, id=name), day, fresh)
                made = Replaced(id=key, row=by, replaced_at=self._clock.now(), wraps=wraps)
                rest = content.without(key)
                self._days.write(replace(rest, replaced=(*rest.replaced, made)))
        self._forget(key, day)
        return len(wraps)

    def rotate(self) -> int:
        """Make the next KEK version and wrap every key anew under it; no segment is touched.

        Durable on return. Killed in between, every key still opens and the next rotation takes up the rest.

        Returns:
            The new version.
        """
        with self._locked():
            self._load()
            version = self._current_version + 1
            kek = self._rng.token(KEY_SIZE)
            self._save(replace(self._file, keks=(*self._file.keks, self._new_kek(version, kek))))
            for day in self._days.days():
                content = self._days.read(day)
                keys = tuple(self._rewrap(row, day) for row in content.keys)
                replaced = tuple(replace(each, row=self._rewrap(each.row, day)) for each in content.replaced)
                self._days.write(replace(content, keys=keys, replaced=replaced))
            wrapped = seal(kek, self._secrets_key, bound_to=_SECRETS_KEY, rng=self._rng)
            # Every file names the new version now, so the older ones open nothing any more.
            self._save(
                replace(
                    self._file,
                    keks=self._file.keks[-1:],
                    secrets_kek=version,
                    secrets_wrapped=wrapped,
                )
            )
            return version

    def kek_age(self) -> timedelta:
        """How long ago the current KEK version was made."""
        return self._clock.now() - self._file.keks[-1].made_at

    def seal(self, purpose: str, data: bytes) -> bytes:
        """Seal a small secret for one purpose, a word like "camera password front-door"."""
        return seal_secret(self._secrets_key, purpose, data, rng=self._rng)

    def unseal(self, purpose: str, sealed: bytes) -> bytes:
        """Open what `seal` made for the same purpose, or Tampered."""
        return unseal_secret(self._secrets_key, purpose, sealed)

    def derive(self, purpose: str) -> bytes:
        """32 bytes that only this keystore can make, the same for one purpose for ever."""
        return expand(self._secrets_key, _DERIVED + purpose.encode(), KEY_SIZE)

    @property
    def _path(self) -> Path:
        return self._root / "keystore.json"

    @property
    def _current_version(self) -> int:
        return self._file.keks[-1].version

    def _locked(self) -> AbstractContextManager[None]:
        return self._fs.locked(self._root / "lock")

    def _load(self) -> None:
        """Read keystore.json and open the KEKs that are new to this process."""
        try:
            content = decode_keystore(self._path, read_whole(self._fs, self._path))
        except FileNotFoundError:
            raise NotFound(
                f"{self._root} holds no keystore; make one with setup", path=str(self._root)
            ) from None
        if content.provider != self._provider.name:
            raise KeystoreLocked(
                f"the keystore in {self._root} opens with {content.provider}, not with {self._provider.name}",
                path=str(self._root),
            )
        if not content.keks:
            raise DataLoss(f"{self._path} holds no KEK; restore the keystore from its backup")
        with self._thread_lock:
            keks: dict[int, bytes] = {}
            for row in content.keks:
                keks[row.version] = self._keks.get(row.version) or self._open_kek(row)
            if content.secrets_kek not in keks:
                raise DataLoss(f"{self._path} lacks KEK {content.secrets_kek}; restore it from the backup")
            self._secrets_key = unseal(
                keks[content.secrets_kek], content.secrets_wrapped, bound_to=_SECRETS_KEY
            )
            self._keks, self._file = keks, content

    def _save(self, content: KeystoreFile) -> None:
        replace_file(self._fs, self._path, encode_keystore(content))
        self._load()

    def _new_kek(self, version: int, kek: bytes) -> KekRow:
        wrapped = self._provider.wrap(version.to_bytes(4, "big") + kek)
        return KekRow(version=version, made_at=self._clock.now(), wrapped=wrapped)

    def _open_kek(self, row: KekRow) -> bytes:
        secret = self._provider.unwrap(row.wrapped)
        if len(secret) != 4 + KEY_SIZE or int.from_bytes(secret[:4], "big") != row.version:
            raise Tampered(f"KEK {row.version} in {self._path} is another one; restore it from the backup")
        return secret[4:]

    def _sync_names(self) -> None:
        """What is there may not be durable: whoever wrote it may have failed or died before the sync."""
        self._fs.sync_directory(self._root)
        self._fs.sync_directory(self._root / "shred")

    def _new_row(self, camera: CameraId, day: date, data_class: DataClass) -> KeyRow:
        row = KeyRow(
            id=ShredKeyId(self._rng.token(16).hex()),
            camera=camera,
            data_class=data_class,
            kek=self._current_version,
            wrapped=b"",
        )
        return self._wrap(row, day, self._rng.token(KEY_SIZE))

    def _wrap(self, row: KeyRow, day: date, key: bytes) -> KeyRow:
        kek = self._keks[self._current_version]
        sealed = seal(kek, key, bound_to=identity(row, day), rng=self._rng)
        return replace(row, kek=self._current_version, wrapped=sealed)

    def _destroyed(self, content: DayFile, row: KeyRow | Replaced) -> DayFile:
        key = row.row if isinstance(row, Replaced) else row
        tombstone = Tombstone(
            id=row.id, camera=key.camera, data_class=key.data_class, destroyed_at=self._clock.now()
        )
        rest = content.without(row.id)
        return replace(rest, destroyed=(*rest.destroyed, tombstone))

    def _open_living(self, row: KeyRow | Replaced, day: date) -> ShredKey:
        if isinstance(row, Replaced):
            return ShredKey(row.id, self._open_row(row.row, day).key, wraps=row.wraps)
        return self._open_row(row, day)

    def _rewrap(self, row: KeyRow, day: date) -> KeyRow:
        return self._wrap(row, day, self._open_row(row, day).key)

    def _open_row(self, row: KeyRow, day: date) -> ShredKey:
        if row.kek not in self._keks:
            self._load()  # another process has rotated
        if row.kek not in self._keks:
            row = self._row_after_rotation(row, day)
        try:
            return ShredKey(row.id, unseal(self._keks[row.kek], row.wrapped, bound_to=identity(row, day)))
        except Tampered:
            raise Tampered(
                f"shred key {row.id} in {self._days.path(day)} was changed; restore it from the backup",
                shred_key=row.id,
            ) from None

    def _row_after_rotation(self, row: KeyRow, day: date) -> KeyRow:
        """The row again: a rotation has ended between reading the day's file and keystore.json."""
        content = self._days.read(day)
        rows = (*content.keys, *(each.row for each in content.replaced))
        found = next((each for each in rows if each.id == row.id), None)
        if found is None or found.kek not in self._keks:
            raise DataLoss(
                f"shred key {row.id} names KEK {row.kek}, which {self._path} lacks; restore the keystore",
                shred_key=row.id,
            )
        return found

    def _remember(self, key: ShredKey, day: date) -> None:
        until = self._clock.monotonic_ns() + int(REMEMBERED_FOR.total_seconds() * 1e9)
        with self._thread_lock:
            self._remembered[key.id, day] = (key, until)
            self._remembered.move_to_end((key.id, day))
            while len(self._remembered) > REMEMBERED_KEYS:
                self._remembered.popitem(last=False)

    def _forget(self, id: ShredKeyId, day: date) -> None:  # noqa: A002  # the contract's word
        with self._thread_lock:
            self._remembered.pop((id, day), None)


def _current(content: DayFile, camera: CameraId, data_class: DataClass) -> KeyRow | None:
    return next((row for row in content.keys if row.camera == camera and row.data_class is data_class), None)
