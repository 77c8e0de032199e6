"""Exit codes: one table from kinds of error to codes. Documented in docs/reference/cli.md."""

from collections.abc import Mapping

from watchkeep.domain import errors

DONE = 0
FAULT = 1
"""Our own fault: a traceback follows."""
USAGE = 2
INTERRUPTED = 130

CODES: Mapping[type[errors.WatchkeepError], int] = {
    errors.WatchkeepError: FAULT,
    errors.NotFound: 3,
    errors.Invalid: 4,
    errors.Forbidden: 5,
    errors.Conflict: 6,
    errors.Unavailable: 7,
    errors.Exhausted: 8,
    errors.DataLoss: 9,
}


def code_of(kind: type[errors.WatchkeepError]) -> int:
    """The code of a kind of error: its own, or that of its nearest ancestor."""
    return next(CODES[ancestor] for ancestor in kind.__mro__ if ancestor in CODES)
