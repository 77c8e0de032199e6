"""AES-256-GCM in the three forms that Watchkeep uses. Source: NIST SP 800-38D, RFC 5869, docs/formats/."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import Exhausted, Tampered

KEY_SIZE = 32
NONCE_SIZE = 12
TAG_SIZE = 16
SEAL_OVERHEAD = NONCE_SIZE + TAG_SIZE
COUNTER_LIMIT = 1 << 31
"""No record takes this counter or one beyond it; far below what one key may seal (SP 800-38D section 8.3)."""


def seal(key: bytes, plaintext: bytes, *, bound_to: bytes, rng: Rng) -> bytes:
    """Seal a small thing: random nonce ‖ ciphertext ‖ tag; it opens only together with `bound_to`."""
    nonce = rng.token(NONCE_SIZE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to)


def unseal(key: bytes, sealed: bytes, *, bound_to: bytes) -> bytes:
    """Open what `seal` made; Tampered if key, bytes or `bound_to` are not those of then."""
    if len(sealed) < SEAL_OVERHEAD:
        raise Tampered("a sealed value is too short; restore it from the backup", size_bytes=len(sealed))
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], bound_to)
    except InvalidTag:
        raise Tampered("a sealed value was changed, or another key sealed it") from None


def expand(key: bytes, info: bytes, size_bytes: int) -> bytes:
    """HKDF-Expand with SHA-512; key must be uniformly random."""
    return HKDFExpand(algorithm=SHA512(), length=size_bytes, info=info).derive(key)


class RecordCipher:
    """Seals and opens the records of one segment; a counter names the nonce, so none may be sealed twice."""

    __slots__ = ("_aead", "_base_nonce")

    def __init__(self, key: bytes, base_nonce: bytes) -> None:
        self._aead = AESGCM(key)
        self._base_nonce = int.from_bytes(base_nonce, "big")

    def seal(self, counter: int, plaintext: bytes | memoryview, bound_to: bytes) -> bytes:
        """Ciphertext ‖ tag; Exhausted at 2^31."""
        return self._aead.encrypt(self._fresh_nonce(counter), plaintext, bound_to)

    def seal_into(
        self, sealed: memoryview, counter: int, plaintext: bytes | memoryview, bound_to: bytes
    ) -> None:
        """The same, into the caller's memory of exactly that size."""
        self._aead.encrypt_into(self._fresh_nonce(counter), plaintext, bound_to, sealed)

    def open(self, counter: int, sealed: bytes, bound_to: bytes) -> bytes:
        """The plaintext, or Tampered."""
        try:
            return self._aead.decrypt(self._nonce(counter), sealed, bound_to)
        except InvalidTag:
            raise Tampered(
                "a record's tag does not match: its bytes were changed or belong elsewhere"
            ) from None

    def _fresh_nonce(self, counter: int) -> bytes:
        if counter >= COUNTER_LIMIT:
            raise Exhausted("this segment has too many records; start another", counter=counter)
        return self._nonce(counter)

    def _nonce(self, counter: int) -> bytes:
        return (self._base_nonce ^ counter).to_bytes(NONCE_SIZE, "big")
