"""Says where a segment ends and the next begins."""

from datetime import date, datetime, timedelta

from watchkeep.domain.media import Fragment


class Segmenter:
    """Cuts a run into segments of about `length`, at key pictures only, and at UTC midnight.

    A day's footage is erased by its day's key, so no segment begun before midnight takes a key picture of the
    next day.
    """

    def __init__(self, *, length: timedelta = timedelta(seconds=60)) -> None:
        self._length = length
        self._ends_at: datetime | None = None
        self._day: date | None = None

    def place(self, fragment: Fragment) -> bool:
        """Say whether this fragment begins a new segment; every fragment of the run is placed, in order."""
        start = fragment.when.start
        if not fragment.starts_with_key:
            return False
        is_due = self._ends_at is None or start >= self._ends_at or start.date() != self._day
        if is_due:
            self._ends_at = start + self._length
            self._day = start.date()
        return is_due
