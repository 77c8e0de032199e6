"""A second reader of certificates of deletion, written from docs/formats/deletion-certificate.md alone."""

import hashlib
import json
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def read_chain(certificates: Iterable[tuple[bytes, bytes]], key: bytes) -> list[str]:
    """The ids of all deleted segments of (body, signature) pairs in order; fails if one does not fit."""
    found: list[str] = []
    previous = bytes(32)
    for number, (body, signature) in enumerate(certificates, 1):
        Ed25519PublicKey.from_public_bytes(key).verify(signature, body)
        facts = json.loads(body)
        assert facts["format"] == 1
        assert facts["number"] == number
        assert facts["previous"] == previous.hex()
        found += [each["segment"] for each in facts["deleted"]]
        previous = hashlib.sha256(body).digest()
    return found
