"""Erasures and their receipts."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from watchkeep.application.erasures import ErasureWish
from watchkeep.domain.erasure import Erasure
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.presentation.http.bodies.plain import Body, Instant, Text


class NewErasureBody(Body):
    """What to erase for good; `confirmation` is the word "erase", so that no slip does it."""

    cameras: Annotated[list[Annotated[Text, Field(max_length=50)]], Field(min_length=1, max_length=100)]
    start: Instant
    end: Instant
    reason: Annotated[Text, Field(min_length=1, max_length=500)]
    confirmation: Annotated[Text, Field(max_length=20)]

    def wish(self) -> ErasureWish:
        """In the application's words.

        Raises:
            Invalid: The confirmation is missing, or the span runs backwards.
        """
        if self.confirmation != "erase":
            raise Invalid('Erasing cannot be undone; send "erase" as confirmation.')
        if self.end <= self.start:
            raise Invalid("The span must end after it begins.")
        return ErasureWish(
            cameras=tuple(CameraId(camera) for camera in self.cameras),
            when=Interval(self.start, self.end),
            reason=self.reason,
        )


class ErasureBody(Body):
    """An erasure: `state` is ordered, done or refused; `receipt` is signed, see docs/formats."""

    id: UUID
    cameras: list[str]
    start: Instant
    end: Instant
    reason: str
    asked_by: str
    asked_at: Instant
    state: str
    told: str
    done_at: Instant | None
    receipt: str | None

    @classmethod
    def of(cls, erasure: Erasure) -> "ErasureBody":
        """Write down an erasure."""
        return cls(
            id=erasure.id,
            cameras=list(erasure.cameras),
            start=erasure.when.start,
            end=erasure.when.end,
            reason=erasure.reason,
            asked_by=erasure.asked_by,
            asked_at=erasure.asked_at,
            state=erasure.state.value,
            told=erasure.told,
            done_at=erasure.done_at,
            receipt=erasure.receipt.decode() or None,
        )


class ErasureList(Body):
    """Erasures, newest first."""

    items: list[ErasureBody]
    next: None = None
