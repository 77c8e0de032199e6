"""Passwords: what is accepted, how they are kept, how they are checked."""

import functools
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import Invalid

SHORTEST = 12
LONGEST = 128
"""Argon2 would take more; a limit keeps one request from costing much. Source: ASVS 5.0, 6.2."""

_HASHER = PasswordHasher()  # argon2-cffi's defaults: Argon2id, 64 MiB, 3 passes (RFC 9106, second choice)
_TURNS = threading.BoundedSemaphore(2)
"""Each check takes 64 MiB and a fifth of a core-second; a flood of sign-ins must not take the machine."""


def hashed(password: Secret, *, name: str) -> str:
    """Make the Argon2id hash of a password that is good enough.

    Raises:
        Invalid: Too short, too long, or the user's own name.
    """
    text = password.reveal()
    if len(text) < SHORTEST:
        raise Invalid(f"A password has at least {SHORTEST} characters; this one has {len(text)}.")
    if len(text) > LONGEST:
        raise Invalid(f"A password has at most {LONGEST} characters; this one has {len(text)}.")
    if len(set(text)) < 4:
        raise Invalid(
            "A password of fewer than four different characters is guessed at once; choose another."
        )
    if name and name.lower() in text.lower() and len(name) * 2 > len(text):
        raise Invalid("A password that is mostly the user's name is guessed at once; choose another.")
    with _TURNS:
        return _HASHER.hash(text)


def fits(password: Secret, stored: str | None) -> bool:
    """Say whether the password belongs to the hash; takes as long when there is none."""
    text = password.reveal()[: LONGEST + 1]
    try:
        with _TURNS:
            _HASHER.verify(stored if stored is not None else _nobodys_hash(), text)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@functools.cache
def _nobodys_hash() -> str:
    """Checked for unknown names, so that they take as long as known ones."""
    return _HASHER.hash("nobody signs in with this")
