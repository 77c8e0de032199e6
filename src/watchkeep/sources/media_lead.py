"""Whether a camera sends more time than passes: what it films would be dated into the future."""

from collections.abc import Iterable

from watchkeep.domain.media import TICKS_PER_SECOND, Packet, RunStarted, SourceNotice

LIMIT_TICKS = 15 * TICKS_PER_SECOND
"""What a relay keeps, and sends at once to who joins, is less."""
_FORGIVEN_AFTER_NS = 60_000_000_000
"""By then a lead counts no more: clocks drift, and a quarter faster than time can be placed in time."""


class MediaLead:
    """How far the pictures of one connection are ahead of the time since the first; runs change nothing."""

    def __init__(self) -> None:
        self._anchor_ticks = self._anchor_ns = 0
        self._lead_ticks = 0
        self._is_beginning = True

    def outruns(self, notices: Iterable[SourceNotice], now_ns: int) -> bool:
        """Take what one read brought; say whether that is too far ahead."""
        newest: int | None = None
        for notice in notices:
            if isinstance(notice, RunStarted):
                self._note(newest, now_ns)
                self._is_beginning = True
            elif isinstance(notice, Packet):
                newest = notice.dts
                if self._is_beginning:
                    # The lead of the run before goes on.
                    self._anchor_ticks, self._anchor_ns = newest - self._lead_ticks, now_ns
                    self._is_beginning = False
        self._note(newest, now_ns)
        return self._lead_ticks > LIMIT_TICKS

    def _note(self, newest: int | None, now_ns: int) -> None:
        if newest is None:
            return
        passed = (now_ns - self._anchor_ns) * TICKS_PER_SECOND // 1_000_000_000
        self._lead_ticks = newest - self._anchor_ticks - passed
        is_old = now_ns - self._anchor_ns > _FORGIVEN_AFTER_NS
        if self._lead_ticks <= 0 or (is_old and self._lead_ticks <= LIMIT_TICKS):
            self._anchor_ticks, self._anchor_ns, self._lead_ticks = newest, now_ns, 0
