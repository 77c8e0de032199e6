"""The worked example of docs/formats/deletion-certificate.md, and a real chain, in both readers."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog_rows import a_segment
from formats.independent_certificates import read_chain
from watchkeep.domain.certificate import NO_CERTIFICATE, Deleted, digest, encode
from watchkeep.storage.encryption.signing import Signer, require_signed

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "deletion-certificate.md").read_text()
SEED = bytes(range(32))


def from_page(kind: str, name: str) -> str:
    found = re.search(rf"```{kind} {name}\n(.*?)\n```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


BODY = from_page("json", "body").encode()
SIGNATURE = bytes.fromhex(from_page("hex", "signature"))


def test_the_example_is_what_we_write() -> None:
    segment = a_segment(1)
    signer = Signer(SEED)
    body = encode(
        1,
        NO_CERTIFICATE,
        made_at=segment.when.end + timedelta(days=30, seconds=3),
        public_key=signer.public_key,
        deleted=[Deleted(segment, "older than 30 d")],
    )

    assert body == BODY
    assert digest(body).hex() == from_page("hex", "digest")
    assert signer.sign(body) == SIGNATURE
    require_signed(BODY, SIGNATURE, public_key=signer.public_key)


def test_the_example_is_right_for_the_independent_reader() -> None:
    key = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()

    assert read_chain([(BODY, SIGNATURE)], key) == [json.loads(BODY)["deleted"][0]["segment"]]
    with pytest.raises(InvalidSignature):
        read_chain([(BODY.replace(b"30 d", b"31 d"), SIGNATURE)], key)


def test_a_chain_is_read_whole_and_in_its_order_only() -> None:
    signer = Signer(SEED)
    previous, chain = NO_CERTIFICATE, []
    for number in (1, 2, 3):
        segment = replace(a_segment(number))
        body = encode(
            number,
            previous,
            made_at=segment.when.end,
            public_key=signer.public_key,
            deleted=[Deleted(segment, "a test")],
        )
        chain.append((body, signer.sign(body)))
        previous = digest(body)

    assert read_chain(chain, signer.public_key) == [str(a_segment(number).id) for number in (1, 2, 3)]
    with pytest.raises(AssertionError):
        read_chain([chain[0], chain[2]], signer.public_key)


def test_the_independent_reader_knows_nothing_of_watchkeep() -> None:
    text = (Path(__file__).parent / "independent_certificates.py").read_text()

    assert not re.search(r"^(from|import) +(watchkeep|builders)", text, re.MULTILINE)
