"""The gaps of one stream, as its worker finds them: one at a time, each with its cause."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from watchkeep.domain.camera import Stream
from watchkeep.domain.ids import GapId, uuid7
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import Gap
from watchkeep.runtime.system import Machine
from watchkeep.storage.catalog.recorder_rows import GapClosed, GapOpened, RecorderRow


class GapLedger:
    """Writes gaps down as they open and close.

    Attributes:
        gap: The one that lasts now.
        ends_at: Where footage went on in it; it is closed there once that footage is on the disk.
    """

    def __init__(
        self, stream: Stream, *, machine: Machine, submit: Callable[[RecorderRow], None], gap: Gap | None
    ) -> None:
        self._stream = stream
        self._machine = machine
        self._submit = submit
        self.gap = gap
        self.ends_at: datetime | None = None

    def open(self, start: datetime, cause: GapCause, detail: str) -> None:
        """A gap begins; the one that lasts ends there, and goes on if it has the same cause."""
        if self.gap is not None:
            if self.gap.cause is cause:
                return
            start = max(start, self.gap.started_at)
            self.close(start)
        self.gap = self._new(start, cause, detail)
        self._submit(GapOpened(self.gap))

    def explain(self, start: datetime, end: datetime, cause: GapCause, detail: str) -> None:
        """Write down a gap that is over already."""
        self._submit(GapClosed(replace(self._new(start, cause, detail), ended_at=end)))

    def end_in_hand(self) -> None:
        """Close the gap where footage went on, if it did."""
        if self.ends_at is not None:
            self.close(self.ends_at)

    def close(self, end: datetime) -> None:
        """The gap that lasts ends."""
        gap, self.gap, self.ends_at = self.gap, None, None
        if gap is not None:
            self._submit(GapClosed(replace(gap, ended_at=max(end, gap.started_at))))

    def _new(self, start: datetime, cause: GapCause, detail: str) -> Gap:
        return Gap(
            id=GapId(uuid7(self._machine.clock, self._machine.rng)),
            camera=self._stream.camera,
            stream=self._stream.id,
            started_at=start,
            ended_at=None,
            cause=cause,
            detail=detail,
        )
