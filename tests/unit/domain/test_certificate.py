"""Proofs of deletion: one encoding, a chain, and what breaks it."""

import json
from dataclasses import replace

import pytest

from unit.domain.words import a_segment, at
from watchkeep.domain.certificate import (
    NO_CERTIFICATE,
    Deleted,
    SignedCertificate,
    count,
    digest,
    encode,
    require_next,
)
from watchkeep.domain.errors import Tampered


def a_certificate(number: int = 1, previous: bytes = NO_CERTIFICATE) -> SignedCertificate:
    deleted = [Deleted(a_segment(0, 60), "older than 30 d"), Deleted(a_segment(60, 120), "older than 30 d")]
    body = encode(number, previous, made_at=at(0), public_key=bytes(32), deleted=deleted)
    return SignedCertificate(
        number=number, made_at=at(0), body=body, digest=digest(body), signature=bytes(64)
    )


def test_a_certificate_names_each_segment_and_why_it_went() -> None:
    made = a_certificate()
    facts = json.loads(made.body)

    assert count(made) == 2
    assert facts["deleted"][0]["reason"] == "older than 30 d"
    assert facts["deleted"][0]["start"] == "2026-03-01T12:00:00.000000Z"
    assert facts["previous"] == "00" * 32
    assert made.body == json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()


def test_certificates_follow_one_another() -> None:
    first = a_certificate()
    require_next(first, number=1, previous=NO_CERTIFICATE)
    require_next(a_certificate(2, first.digest), number=2, previous=first.digest)


@pytest.mark.parametrize(
    "changed",
    [
        replace(a_certificate(), body=a_certificate().body.replace(b"30 d", b"31 d")),
        replace(a_certificate(), body=b"{}", digest=digest(b"{}")),
        replace(a_certificate(), body=b"[", digest=digest(b"[")),
        replace(a_certificate(), number=2),
        replace(a_certificate(), made_at=at(1)),
        a_certificate(1, bytes([1] * 32)),
    ],
)
def test_a_change_is_noticed(changed: SignedCertificate) -> None:
    with pytest.raises(Tampered, match="Deletion certificate 1 is not what was written"):
        require_next(changed, number=1, previous=NO_CERTIFICATE)
