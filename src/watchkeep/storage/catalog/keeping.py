"""What the keeper says of itself, and the certificates of what it deleted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from psycopg.rows import class_row

from watchkeep.domain.certificate import SignedCertificate
from watchkeep.domain.ids import CameraId
from watchkeep.domain.pressure import KeeperState, Rung
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("keeping")
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Preview:
    """A sealed picture of an event."""

    event: UUID
    started_at: datetime
    camera: CameraId
    path: str
    size_bytes: int


def newest_ahead(connection: Connection, now: datetime) -> datetime | None:
    """The end of the newest footage that ends after now; None when there is none."""
    row = connection.execute(_QUERIES["newest_ahead"], {"now": now}).fetchone()
    return None if row is None or row[0] is None else row[0].astimezone(UTC)


def state(connection: Connection) -> KeeperState | None:
    """What the keeper last said; None before its first word."""
    row = connection.execute(_QUERIES["state"]).fetchone()
    if row is None:
        return None
    seen_at, doubt, pressure, detail, since, full_on, trusted_at = row
    return KeeperState(
        seen_at=seen_at.astimezone(UTC),
        doubt=doubt,
        pressure=Rung(pressure),
        detail=detail,
        since=since.astimezone(UTC),
        full_on=_utc(full_on),
        trusted_at=_utc(trusted_at),
    )


def put_state(  # what it says
    connection: Connection,
    now: datetime,
    *,
    doubt: str,
    pressure: Rung,
    detail: str,
    full_on: datetime | None,
) -> None:
    """Say how it goes. A person's word on the clock is used up once the clock is believed."""
    facts = {"now": now, "doubt": doubt, "pressure": pressure.value, "detail": detail, "full_on": full_on}
    connection.execute(_QUERIES["put_state"], facts)


def trust(connection: Connection, now: datetime) -> bool:
    """A person says that the clock is right; False when the keeper never said anything."""
    return connection.execute(_QUERIES["trust"], {"now": now}).rowcount == 1


def last_certificate(connection: Connection) -> tuple[int, bytes] | None:
    """Number and digest of the newest certificate; None before the first."""
    row = connection.execute(_QUERIES["last_certificate"]).fetchone()
    return None if row is None else (row[0], bytes(row[1]))


def put_certificate(connection: Connection, certificate: SignedCertificate) -> None:
    """Add a certificate; durable with the transaction."""
    connection.execute(
        _QUERIES["put_certificate"],
        {
            "number": certificate.number,
            "made_at": certificate.made_at,
            "body": certificate.body,
            "digest": certificate.digest,
            "signature": certificate.signature,
        },
    )


def certificate_page(connection: Connection, *, first: int, limit: int) -> list[SignedCertificate]:
    """Certificates in their order, from one on."""
    with connection.cursor(row_factory=class_row(_CertificateRow)) as cursor:
        rows = cursor.execute(_QUERIES["certificates"], {"first": first, "limit": limit}).fetchall()
    return [row.certificate() for row in rows]


def certificates(connection: Connection) -> Iterator[SignedCertificate]:
    """All certificates in their order, read in steps while the transaction lasts."""
    first = 1
    while page := certificate_page(connection, first=first, limit=AT_ONCE):
        yield from page
        first = page[-1].number + 1


def previews(connection: Connection, volume: UUID, *, before: datetime, most: int) -> list[Preview]:
    """The pictures of the oldest events that nobody archived."""
    facts = {"volume": volume, "before": before, "limit": most}
    return [
        Preview(event, start.astimezone(UTC), CameraId(camera), path, size_bytes or 0)
        for event, start, camera, path, size_bytes in connection.execute(_QUERIES["previews"], facts)
    ]


def drop_previews(connection: Connection, gone: Sequence[Preview]) -> None:
    """Note that pictures are gone."""
    starts = [each.started_at for each in gone]
    facts = {
        "ids": [each.event for each in gone],
        "starts": starts,
        "first": min(starts),
        "last": max(starts),
    }
    connection.execute(_QUERIES["drop_previews"], facts)


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _CertificateRow:
    number: int
    made_at: datetime
    body: bytes
    digest: bytes
    signature: bytes

    def certificate(self) -> SignedCertificate:
        return SignedCertificate(
            number=self.number,
            made_at=self.made_at.astimezone(UTC),
            body=bytes(self.body),
            digest=bytes(self.digest),
            signature=bytes(self.signature),
        )
