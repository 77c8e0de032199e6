"""The audit: one thing done or refused, chained to the one before."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from watchkeep.domain.ids import CameraId


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit.

    Attributes:
        subject: The user's name, or "system", or "nobody" before sign-in.
        action: What was asked, a word of `Action` or of the application.
        target: What it was asked of: "camera front-door", "user ada", "installation".
        outcome: "allowed", "refused" or "failed".
        facts: Strings only, sorted by key in the encoding; never a secret.
    """

    id: UUID
    at: datetime
    subject: str
    address: str
    action: str
    target: str
    outcome: str
    reason: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are wanted; None lets everything through. Times are half-open."""

    subject: str | None = None
    camera: CameraId | None = None
    start: datetime | None = None
    end: datetime | None = None


def canonical(entry: AuditEntry) -> bytes:
    """The one encoding of an entry: JSON, keys sorted, no spaces, UTF-8, time in microseconds UTC."""
    return json.dumps(
        {
            "action": entry.action,
            "address": entry.address,
            "at": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "facts": entry.facts,
            "id": str(entry.id),
            "outcome": entry.outcome,
            "reason": entry.reason,
            "subject": entry.subject,
            "target": entry.target,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def chain(previous: bytes, entry: AuditEntry) -> bytes:
    """The digest of an entry: SHA-256 over the digest before it (32 bytes, first zeros) and its encoding."""
    return hashlib.sha256(previous + canonical(entry)).digest()
