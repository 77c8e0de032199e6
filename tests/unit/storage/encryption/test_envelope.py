"""The three forms of AES-256-GCM, against an implementation-independent vector and their own promises."""

import pytest

from builders import CountingRng
from watchkeep.domain.errors import Exhausted, Tampered
from watchkeep.storage.encryption.envelope import COUNTER_LIMIT, RecordCipher, expand, seal, unseal


def test_expansion_is_that_of_rfc_5869() -> None:
    # HKDF-Expand-SHA-512's first block by hand: HMAC(key, info ‖ 1).
    import hashlib
    import hmac

    key, info = bytes(range(64)), b"watchkeep"

    assert expand(key, info, 64) == hmac.new(key, info + b"\x01", hashlib.sha512).digest()


def test_what_is_sealed_opens_only_with_its_key_and_what_it_was_bound_to() -> None:
    key = bytes(32)
    sealed = seal(key, b"secret", bound_to=b"here", rng=CountingRng())

    assert unseal(key, sealed, bound_to=b"here") == b"secret"
    for wrong_key, bound_to, wrong in (
        (bytes(31) + b"\x01", b"here", sealed),
        (key, b"there", sealed),
        (key, b"here", sealed[:-1]),
        (key, b"here", b""),
    ):
        with pytest.raises(Tampered):
            unseal(wrong_key, wrong, bound_to=bound_to)


def test_no_record_is_sealed_at_the_limit_of_counters() -> None:
    cipher = RecordCipher(bytes(32), bytes(12))
    last = COUNTER_LIMIT - 1
    assert cipher.open(last, cipher.seal(last, b"x", b""), b"") == b"x"

    with pytest.raises(Exhausted):
        cipher.seal(COUNTER_LIMIT, b"x", b"")
