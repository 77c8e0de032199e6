"""The calendar's duties as jobs of the keeper."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from prometheus_client import Counter

from watchkeep.application.upkeep import Upkeep, audit_archive, clean_up, scrub_and_put_aside
from watchkeep.domain.errors import Unavailable
from watchkeep.domain.job import IsCancelled, JobKind, Progress, Work
from watchkeep.lifecycle.scrub import Scrubbed
from watchkeep.runtime.house_wiring import build_house
from watchkeep.runtime.wiring import Node

SCRUBBED = Counter("watchkeep_scrubbed_bytes", "Bytes of footage read again")
HARMS = Counter("watchkeep_damaged_segments", "Segments found damaged", ["outcome"])
DUTIES: Mapping[JobKind, Callable[[Upkeep, datetime], str]] = {
    JobKind.TEMPORARY_FILES: clean_up,
    JobKind.SCRUB: scrub_and_put_aside,
    JobKind.ARCHIVE_AUDIT: audit_archive,
}


def upkeep_jobs(node: Node, *, doubt: Callable[[], str]) -> Mapping[JobKind, Work]:
    """The duties; while the clock or the catalog is doubted they wait.

    Args:
        node: Whose.
        doubt: Why nothing may go by age now; empty if it may.
    """
    house = build_house(node)
    paths = node.paths
    folders: list[Path] = [paths.root, paths.keystore, paths.keystore / "shred", paths.tls, paths.plan.parent]

    def job(duty: Callable[[Upkeep, datetime], str]) -> Work:
        def work(progress: Progress, is_cancelled: IsCancelled) -> str:
            if why := doubt():
                raise Unavailable(f"This waits: {why}.")
            upkeep = Upkeep(
                house=house,
                bytes_per_s=node.settings.upkeep.scrub_mb_per_s * 1_000_000,
                folders=folders,
                progress=progress,
                is_cancelled=is_cancelled,
                count=_count,
            )
            return duty(upkeep, node.machine.clock.now())

        return work

    return {kind: job(duty) for kind, duty in DUTIES.items()}


def _count(scrubbed: Scrubbed) -> None:
    SCRUBBED.inc(scrubbed.size_bytes)
    for harm in scrubbed.harms:
        HARMS.labels("mended" if harm.is_mended else "damaged").inc()
