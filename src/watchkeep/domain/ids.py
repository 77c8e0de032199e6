"""Identifiers. Rows made by one process carry UUIDv7 (RFC 9562 section 5.7): the time is in the id."""

from datetime import UTC, datetime, timedelta
from typing import NewType
from uuid import UUID

from watchkeep.domain.clock import Clock, Rng

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = (datetime(9000, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)

CameraId = NewType("CameraId", str)
"""A short word of [a-z0-9-], 1 to 50 characters, never used twice."""
StreamId = NewType("StreamId", UUID)
RunId = NewType("RunId", UUID)
SegmentId = NewType("SegmentId", UUID)
GapId = NewType("GapId", UUID)
NodeId = NewType("NodeId", UUID)
UserId = NewType("UserId", UUID)
ShredKeyId = NewType("ShredKeyId", str)
TrackId = NewType("TrackId", UUID)
EventId = NewType("EventId", UUID)
IncidentId = NewType("IncidentId", UUID)
RuleId = NewType("RuleId", UUID)


def uuid7(clock: Clock, rng: Rng) -> UUID:
    """Make a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    return uuid7_at(clock.now(), rng)


def uuid7_at(when: datetime, rng: Rng) -> UUID:
    """Make a UUIDv7 of an instant that is over: of what takes the place of something older."""
    milliseconds = int(when.timestamp() * 1000)
    chance = int.from_bytes(rng.token(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (chance >> 62 & 0xFFF) << 64
    value |= 0b10 << 62 | chance & (1 << 62) - 1
    return UUID(int=value)


def made_at(identifier: UUID) -> datetime:
    """The instant that a UUIDv7 or UUIDv8 of ours carries, to the millisecond.

    An id that is none of ours may carry one beyond the calendar; it is taken for the last that there is.
    """
    return EPOCH + timedelta(milliseconds=min(identifier.int >> 80, _LAST_MS))


def uuid8(when: datetime, digest: bytes) -> UUID:
    """Make a UUIDv8 (RFC 9562 section 5.8): 48 bits of Unix milliseconds, then 74 bits of a digest.

    The same instant and facts make the same id, so a replay cannot duplicate; and it bounds the partition.
    """
    milliseconds = (when - EPOCH) // timedelta(milliseconds=1)
    facts = int.from_bytes(digest[:10], "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x8 << 76 | (facts >> 62 & 0xFFF) << 64
    value |= 0b10 << 62 | facts & (1 << 62) - 1
    return UUID(int=value)
