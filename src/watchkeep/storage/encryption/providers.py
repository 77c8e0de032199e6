"""What opens the keystore: a key file of this machine, or a passphrase. Source: docs/formats/keystore.md."""

import struct
from pathlib import Path
from typing import Protocol

from argon2.low_level import Type, hash_secret_raw

from watchkeep.domain.camera import Secret
from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import KeystoreLocked, Tampered
from watchkeep.domain.fs import Fs, read_whole, replace_file
from watchkeep.storage.encryption.envelope import KEY_SIZE, seal, unseal

_MACHINE = b"watchkeep machine 1"
_PASSPHRASE = b"watchkeep passphrase 1"
_COST = struct.Struct(">III16s")
_HIGHEST_PASSES, _HIGHEST_MEMORY_KIB, _HIGHEST_LANES = 64, 4 * 1024 * 1024, 64


class KeyProvider(Protocol):
    """Wraps the keystore's KEKs; what it needs for that is not in the keystore (or in a file of its own)."""

    @property
    def name(self) -> str:
        """The word in keystore.json."""
        ...

    def wrap(self, secret: bytes) -> bytes:
        """Seal a KEK."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Open what `wrap` made; KeystoreLocked if this is not the right machine or passphrase."""
        ...


class MachineProvider:
    """A file of 32 random bytes, mode 0600, made at the first `wrap`."""

    name = "machine"

    def __init__(self, key_file: Path, *, fs: Fs, rng: Rng) -> None:
        self._path = key_file
        self._fs = fs
        self._rng = rng
        self._key: bytes | None = None

    def wrap(self, secret: bytes) -> bytes:
        """Seal a KEK; the key file is durable on return."""
        if self._key is None:
            self._make_missing()
        return seal(self._load(), secret, bound_to=_MACHINE, rng=self._rng)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Open a KEK."""
        try:
            return unseal(self._load(), wrapped, bound_to=_MACHINE)
        except Tampered:
            raise KeystoreLocked(
                f"{self._path} is not the key that this keystore was made with; put the right one back",
                path=str(self._path),
            ) from None

    def _load(self) -> bytes:
        if self._key is None:
            try:
                key = read_whole(self._fs, self._path)
            except FileNotFoundError:
                raise KeystoreLocked(
                    f"{self._path} is missing; restore it from the backup, or footage stays unreadable",
                    path=str(self._path),
                ) from None
            if len(key) != KEY_SIZE:
                raise KeystoreLocked(
                    f"{self._path} has {len(key)} bytes instead of {KEY_SIZE}; restore it from the backup",
                    path=str(self._path),
                )
            self._key = key
        return self._key

    def _make_missing(self) -> None:
        # The keystore's lock is held here, so nobody else makes it between the two lines.
        if not any(entry.name == self._path.name for entry in self._fs.entries(self._path.parent)):
            replace_file(self._fs, self._path, self._rng.token(KEY_SIZE))


class PassphraseProvider:
    """A passphrase that a person types; Argon2id makes a key of it. Source: RFC 9106.

    Args:
        passes: Argon2id's t of new wraps; old ones carry theirs.
        memory_kib: Its m.
        lanes: Its p.
    """

    name = "passphrase"

    def __init__(
        self, passphrase: Secret, *, rng: Rng, passes: int = 3, memory_kib: int = 262_144, lanes: int = 1
    ) -> None:
        self._passphrase = passphrase
        self._rng = rng
        self._cost = _COST.pack(passes, memory_kib, lanes, rng.token(16))
        self._keys: dict[bytes, bytes] = {}

    def wrap(self, secret: bytes) -> bytes:
        """Seal a KEK; the first time takes as long as Argon2id is made to take."""
        key = self._key(self._cost)
        return self._cost + seal(key, secret, bound_to=_PASSPHRASE + self._cost, rng=self._rng)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Open a KEK."""
        cost, sealed = wrapped[: _COST.size], wrapped[_COST.size :]
        key = self._key(cost)
        try:
            plaintext = unseal(key, sealed, bound_to=_PASSPHRASE + cost)
        except Tampered:
            raise KeystoreLocked("the passphrase does not open this keystore; type it again") from None
        self._cost = cost  # new wraps share the salt, so that one derivation opens all of them
        return plaintext

    def _key(self, cost: bytes) -> bytes:
        if cost not in self._keys:
            if len(cost) != _COST.size:
                raise Tampered("a KEK in keystore.json is cut short; restore it from the backup")
            passes, memory_kib, lanes, salt = _COST.unpack(cost)
            if passes > _HIGHEST_PASSES or memory_kib > _HIGHEST_MEMORY_KIB or lanes > _HIGHEST_LANES:
                raise Tampered(
                    "keystore.json asks for more work than any ever made; restore it from the backup"
                )
            if passes < 1 or lanes < 1 or memory_kib < 8 * lanes:
                raise Tampered(
                    "keystore.json asks for less work than Argon2id allows; restore it from the backup"
                )
            self._keys[cost] = hash_secret_raw(
                secret=self._passphrase.reveal().encode(),
                salt=salt,
                time_cost=passes,
                memory_cost=memory_kib,
                parallelism=lanes,
                hash_len=KEY_SIZE,
                type=Type.ID,
            )
        return self._keys[cost]
