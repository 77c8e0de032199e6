"""How long to wait before the next try."""

from datetime import timedelta

from watchkeep.domain.clock import Rng
from watchkeep.domain.media import GapCause

_LONGEST_S = 30.0
_UNANSWERED_S = 5.0
"""Dialling costs a camera nothing, and one that is switched on again is to be recorded within seconds."""
_SPREAD = 0.2
_REFUSED_S = 30.0
GOOD_AFTER = timedelta(seconds=60)
"""After so much good video a loss counts as the first."""

_PATIENT = frozenset({GapCause.AUTHENTICATION, GapCause.NO_VIDEO})
"""Trying again soon does not help, and cameras lock out who guesses passwords."""


class Backoff:
    """At once, then after 1, 2, 4 … 30 s, each ±20 %, so that cameras behind one switch do not come at once.

    After refused credentials, and where there is no video, 30 to 60 s; while nobody answers at all, 5 s.
    """

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._tries = 0
        self._calls = 0
        """Since somebody answered."""

    def after(self, cause: GapCause, *, good: timedelta, has_answered: bool = True) -> timedelta:
        """The pause after a run that ended.

        Args:
            cause: Why it ended.
            good: How long there was video before.
            has_answered: Whether anybody took the call; where nobody does, the pauses stay below 6 s.
        """
        if good >= GOOD_AFTER:
            self._tries = 0
        chance = int.from_bytes(self._rng.token(4), "big") / 2**32
        if not has_answered:
            self._calls += 1
            return self._spread(min(2.0 ** min(self._calls - 2, 10), _UNANSWERED_S), self._calls, chance)
        self._calls = 0
        self._tries += 1
        if cause in _PATIENT:
            return timedelta(seconds=_REFUSED_S * (1 + chance))
        return self._spread(min(2.0 ** min(self._tries - 2, 10), _LONGEST_S), self._tries, chance)

    def _spread(self, pause_s: float, tries: int, chance: float) -> timedelta:
        if tries == 1:
            return timedelta(0)
        return timedelta(seconds=pause_s * (1 - _SPREAD + 2 * _SPREAD * chance))
