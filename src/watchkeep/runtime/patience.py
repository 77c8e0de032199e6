"""Asks a database that may never answer: a frozen server closes no connection and raises no error."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from watchkeep.domain.errors import CatalogUnavailable, WatchkeepError

LIMIT_S = 20.0
"""Longer than a statement may take (15 s), so that a slow server says so itself."""


class Patience:
    """Runs errands one at a time, each on a thread of its own, and waits for them only so long.

    An errand that was given up may still be carried out later, so errands must be harmless when repeated.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def ask(self, errand: Callable[[], None], *, limit_s: float = LIMIT_S) -> None:
        """Return when the errand is done; its error is raised here.

        Raises:
            CatalogUnavailable: It takes longer than the limit, or the one before is still not done.
        """
        if self._thread is not None and self._thread.is_alive():
            raise CatalogUnavailable("The database has still not answered; see whether it hangs.")
        outcome: Future[None] = Future()
        # A daemon: a server that never answers must not keep the process from ending.
        self._thread = threading.Thread(
            target=_carry_out, args=(errand, outcome), name="catalog", daemon=True
        )
        self._thread.start()
        try:
            outcome.result(limit_s)
        except TimeoutError:
            raise CatalogUnavailable("The database does not answer in time; see whether it hangs.") from None
        self._thread.join()


def _carry_out(errand: Callable[[], None], outcome: Future[None]) -> None:
    try:
        errand()
    except WatchkeepError as error:
        outcome.set_exception(error)
    except BaseException as error:
        outcome.set_exception(error)
        raise
    else:
        outcome.set_result(None)
