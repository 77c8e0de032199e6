"""Proofs of deletion: what was deleted and why, in one encoding, each naming the one before.

Source: docs/formats/deletion-certificate.md.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeep.domain.errors import Tampered
from watchkeep.domain.segment import Segment

FORMAT = 1
NO_CERTIFICATE = bytes(32)
"""What the first one names as the digest of the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCertificate:
    """A certificate as it is kept.

    Attributes:
        number: From 1 without holes.
        body: The canonical bytes.
        digest: SHA-256 of the body (32 bytes).
        signature: Ed25519 over the body (64 bytes).
    """

    number: int
    made_at: datetime
    body: bytes
    digest: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Deleted:
    """A segment that is gone, and why."""

    segment: Segment
    reason: str


def encode(
    number: int, previous: bytes, *, made_at: datetime, public_key: bytes, deleted: Sequence[Deleted]
) -> bytes:
    """The one encoding: JSON, keys sorted, no spaces, UTF-8, times in microseconds UTC, bytes in hex."""
    return json.dumps(
        {
            "deleted": [_encoded(each) for each in deleted],
            "format": FORMAT,
            "key": public_key.hex(),
            "made_at": _instant(made_at),
            "number": number,
            "previous": previous.hex(),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def digest(body: bytes) -> bytes:
    """SHA-256 of a body: what the next one names."""
    return hashlib.sha256(body).digest()


def require_next(certificate: SignedCertificate, *, number: int, previous: bytes) -> None:
    """Check that a certificate is whole and follows the one before; its signature is checked elsewhere.

    Raises:
        Tampered: It was changed, or one before it was taken out.
    """
    try:
        facts = json.loads(certificate.body)
        said = (facts["number"], facts["previous"], facts["made_at"])
    except (ValueError, KeyError, TypeError):
        said = None
    expected = (number, previous.hex(), _instant(certificate.made_at))
    if said != expected or certificate.number != number or certificate.digest != digest(certificate.body):
        raise Tampered(
            f"Deletion certificate {number} is not what was written; compare with the last good backup.",
            number=number,
        )


def count(certificate: SignedCertificate) -> int:
    """How many segments it names."""
    return len(json.loads(certificate.body)["deleted"])


def _encoded(each: Deleted) -> dict[str, object]:
    segment = each.segment
    return {
        "bytes": segment.size_bytes,
        "camera": segment.camera,
        "class": segment.data_class.value,
        "digest": segment.root_digest.hex(),
        "end": _instant(segment.when.end),
        "reason": each.reason,
        "role": segment.role.value,
        "segment": str(segment.id),
        "start": _instant(segment.when.start),
        "stream": str(segment.stream),
    }


def _instant(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
