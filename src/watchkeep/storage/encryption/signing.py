"""Signatures of what must be provable later. Source: RFC 8032 (Ed25519)."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from watchkeep.domain.errors import Tampered


class Signer:
    """Signs with a key that is derived from the keystore: the same for one purpose for ever."""

    def __init__(self, seed: bytes) -> None:
        """Take 32 secret bytes: what `Keystore.derive` gives."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> bytes:
        """What others check signatures with (32 bytes)."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, body: bytes) -> bytes:
        """The signature (64 bytes); the same bytes give the same one."""
        return self._key.sign(body)


def require_signed(body: bytes, signature: bytes, *, public_key: bytes) -> None:
    """Check a signature.

    Raises:
        Tampered: The body was changed, or another key signed it.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, body)
    except InvalidSignature:
        raise Tampered("the signature does not fit; the body was changed or another key signed it") from None
