"""Notices of what changed, for the page and for hooks: written in the transaction that changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from watchkeep.domain.ids import CameraId
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("outbox")


class NoticeKind(StrEnum):
    """What changed."""

    CAMERA = "camera"
    SEGMENT = "segment"
    GAP = "gap"
    STATE = "state"
    USER = "user"
    SETTINGS = "settings"
    EVENT = "event"
    INCIDENT = "incident"
    STORAGE = "storage"
    JOB = "job"


Notices = list[tuple[NoticeKind, CameraId, dict[str, str]]]
"""Kind, camera and facts of what is to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One change.

    Attributes:
        id: Grows in the order of commits.
        camera: Whose it is; None for what belongs to no camera. Readers are filtered by it.
        facts: Texts only; never a secret.
    """

    id: int
    made_at: datetime
    kind: NoticeKind
    camera: CameraId | None
    facts: dict[str, str]


def publish(
    connection: Connection,
    kind: NoticeKind,
    *,
    camera: CameraId | None = None,
    facts: Mapping[str, str] | None = None,
) -> int:
    """Add a notice; seen by others when the transaction is committed. Returns its number.

    Holds up others who publish until this transaction ends: to be called late in it.
    """
    connection.execute(_QUERIES["lock"])
    row = connection.execute(
        _QUERIES["publish"], {"kind": kind, "camera": camera, "facts": Jsonb(dict(facts or {}))}
    ).fetchone()
    return 0 if row is None else int(row[0])


def publish_all(connection: Connection, notices: Notices) -> None:
    """Add notices, in their order; see `publish`."""
    if not notices:
        return
    connection.execute(_QUERIES["lock"])
    kinds, cameras, facts = zip(*notices, strict=True)
    connection.execute(
        _QUERIES["publish_all"],
        {
            "kinds": [str(kind) for kind in kinds],
            "cameras": list(cameras),
            "facts": [Jsonb(each) for each in facts],
        },
    )


def since(connection: Connection, after: int, *, limit: int = 500) -> list[Notice]:
    """Notices with a higher number, oldest first. One that was read can never be followed by a lower one."""
    with connection.cursor(row_factory=class_row(_NoticeRow)) as cursor:
        return [row.notice() for row in cursor.execute(_QUERIES["since"], {"after": after, "limit": limit})]


def newest(connection: Connection) -> int:
    """The number of the newest notice; 0 if there is none."""
    row = connection.execute(_QUERIES["newest"]).fetchone()
    return 0 if row is None else int(row[0])


def oldest(connection: Connection) -> int:
    """The number of the oldest notice still kept; 0 if there is none. Who is further behind loads anew."""
    row = connection.execute(_QUERIES["oldest"]).fetchone()
    return 0 if row is None else int(row[0])


def forget(connection: Connection, *, before: datetime) -> int:
    """Remove notices older than an instant; returns how many."""
    return connection.execute(_QUERIES["forget"], {"before": before}).rowcount


@dataclass(frozen=True, slots=True)
class _NoticeRow:
    notice_id: int
    made_at: datetime
    kind: str
    camera_id: str | None
    facts: dict[str, str]

    def notice(self) -> Notice:
        return Notice(
            id=self.notice_id,
            made_at=self.made_at.astimezone(UTC),
            kind=NoticeKind(self.kind),
            camera=None if self.camera_id is None else CameraId(self.camera_id),
            facts=self.facts,
        )
