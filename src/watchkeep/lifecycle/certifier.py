"""Makes and checks the certificates of deletion."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeep.domain.certificate import (
    NO_CERTIFICATE,
    Deleted,
    SignedCertificate,
    count,
    digest,
    encode,
    require_next,
)
from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import Tampered
from watchkeep.storage.catalog import keeping
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.encryption.signing import Signer, require_signed

PURPOSE = "deletion certificates"
"""What the key is derived for: `Signer(keystore.derive(PURPOSE))`."""


@dataclass(frozen=True, slots=True)
class Certifier:
    """Adds a certificate for what is dropped, in the transaction that drops it."""

    signer: Signer
    clock: Clock

    def certify(self, connection: Connection, gone: Sequence[StoredSegment]) -> None:
        """Prove that segments are gone; durable with the transaction."""
        last = keeping.last_certificate(connection)
        number, previous = (1, NO_CERTIFICATE) if last is None else (last[0] + 1, last[1])
        made_at = self.clock.now()
        body = encode(
            number,
            previous,
            made_at=made_at,
            public_key=self.signer.public_key,
            deleted=[Deleted(segment, segment.reason) for segment in gone],
        )
        keeping.put_certificate(
            connection,
            SignedCertificate(
                number=number,
                made_at=made_at,
                body=body,
                digest=digest(body),
                signature=self.signer.sign(body),
            ),
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """What the chain holds."""

    certificates: int
    segments: int


def verify(connection: Connection, *, public_key: bytes) -> Verified:
    """Check every certificate, in order.

    Raises:
        Tampered: One was changed, taken out or put in, or another key signed it.
    """
    previous, number, segments = NO_CERTIFICATE, 0, 0
    for certificate in keeping.certificates(connection):
        number += 1
        require_next(certificate, number=number, previous=previous)
        try:
            require_signed(certificate.body, certificate.signature, public_key=public_key)
        except Tampered as error:
            raise Tampered(f"Deletion certificate {number}: {error}.", number=number) from error
        previous = certificate.digest
        segments += count(certificate)
    return Verified(number, segments)
