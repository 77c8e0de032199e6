"""Signs documents that leave the house. Source: RFC 8032 (Ed25519); docs/formats/erasure-receipt.md."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def sign(seed: bytes, message: bytes) -> tuple[bytes, bytes]:
    """The public key (32 bytes) that belongs to a seed of 32 bytes, and the signature (64 bytes)."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.public_key().public_bytes_raw(), key.sign(message)


def is_signed(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is that of the key on that message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
