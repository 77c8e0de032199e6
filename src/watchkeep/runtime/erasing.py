"""Erasures of a node: carried out by the keeper's job or by a command, and done again after a restore."""

import logging
from collections.abc import Callable

from watchkeep.domain.erasure import Erasure
from watchkeep.domain.errors import CatalogUnavailable, Unavailable, WatchkeepError
from watchkeep.domain.job import IsCancelled, Progress, Work
from watchkeep.lifecycle.eraser import Eraser
from watchkeep.lifecycle.holds import CatalogHolds
from watchkeep.lifecycle.index_trust import IndexTrust
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import erasures

log = logging.getLogger(__name__)


def eraser_of(node: Node) -> Eraser:
    """The eraser of a node."""
    machine = node.machine
    return Eraser(
        catalog=node.catalog,
        volume=node.volume,
        volumes=node.volumes,
        fs=machine.fs,
        clock=machine.clock,
        rng=machine.rng,
        keystore=node.keystore,
        ledger=node.ledger,
        holds=CatalogHolds(),
    )


def erase_ordered(node: Node, *, doubt: Callable[[], str]) -> Work:
    """The job that carries out what was ordered, oldest first.

    Args:
        node: Whose.
        doubt: Why clock or catalog are doubted: holds may be missing then, and what lies on other volumes and
            stays would lose its keys. Nothing brings those back, so it waits.
    """

    def work(progress: Progress, is_cancelled: IsCancelled) -> str:
        if why := doubt():
            raise Unavailable(f"This waits: {why}.")
        eraser = eraser_of(node)
        with node.catalog.transaction("eraser") as connection:
            found = erasures.ordered(connection)
        waiting: list[str] = []
        for number, erasure in enumerate(found):
            if is_cancelled():
                return f"Carried out {number} of {len(found)} orders."
            progress(number / len(found), f"erasing of {', '.join(erasure.cameras)}")
            waiting += _carry_out(eraser, erasure)
        if waiting:
            raise Unavailable(f"{len(waiting)} of {len(found)} orders wait: {waiting[0]}")
        return f"Carried out {len(found)} orders." if found else "There was nothing to erase."

    return work


def _carry_out(eraser: Eraser, erasure: Erasure) -> list[str]:
    """Why it cannot be done yet; nothing when it is done or refused."""
    try:
        eraser.carry_out(erasure)
    except CatalogUnavailable:
        raise
    except (WatchkeepError, OSError) as error:
        log.warning("an erasure waits", extra={"erasure": str(erasure.id), "error": str(error)})
        return [str(error)]  # the others do not wait for it
    return []


def erase_again(node: Node) -> None:
    """Before service: what a restored keystore or catalog has brought back is erased again.

    What cannot be done now is told and tried again at the next start; it does not open meanwhile.
    Nothing is done while the catalog is doubted: what lies on other volumes and stays may be unknown to it,
    and would lose its keys.
    """
    machine = node.machine
    trust = IndexTrust(catalog=node.catalog, volumes=[node.volume], fs=machine.fs, rng=machine.rng)
    try:
        if why := trust.doubt():
            raise Unavailable(why)
        count = eraser_of(node).replay()
    except (WatchkeepError, OSError) as error:
        log.warning("what was erased before could not be erased again", extra={"error": str(error)})
    else:
        if count:
            log.warning("erased again after a restore", extra={"erasures": count})
