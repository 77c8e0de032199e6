"""Small secrets, each sealed for one purpose. Source: docs/formats/keystore.md."""

from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import Tampered
from watchkeep.storage.encryption.envelope import KEY_SIZE, expand, seal, unseal

_SECRET = b"watchkeep secret 1"


def seal_secret(secrets_key: bytes, purpose: str, plaintext: bytes, *, rng: Rng) -> bytes:
    """Seal a small thing for one purpose."""
    key = expand(secrets_key, _SECRET + purpose.encode(), KEY_SIZE)
    return b"\x01" + seal(key, plaintext, bound_to=purpose.encode(), rng=rng)


def unseal_secret(secrets_key: bytes, purpose: str, sealed: bytes) -> bytes:
    """Open what `seal_secret` made for the same purpose, or Tampered."""
    if sealed[:1] != b"\x01":
        raise Tampered(f"the sealed {purpose} has an unknown form; enter it again", purpose=purpose)
    key = expand(secrets_key, _SECRET + purpose.encode(), KEY_SIZE)
    try:
        return unseal(key, sealed[1:], bound_to=purpose.encode())
    except Tampered:
        raise Tampered(
            f"the sealed {purpose} was changed or belongs to another keystore; enter it again",
            purpose=purpose,
        ) from None
