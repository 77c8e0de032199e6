"""What the keeper's jobs do: one function for each kind, registered in one place.

A new job is a word in `JobKind`, a line in `PLANS` and a function here.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from watchkeep.domain.job import IsCancelled, JobKind, Progress, Work
from watchkeep.lifecycle.picture_sweeper import PictureSweeper
from watchkeep.runtime.erasing import erase_ordered
from watchkeep.runtime.upkeep import upkeep_jobs
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import footage, hours, jobs, outbox, rollups, sessions

OUTBOX_AGE = timedelta(days=1)
"""A page that was away for longer loads everything anew."""
ATTEMPTS_AGE = timedelta(days=1)
TOMBSTONE_AGE = timedelta(days=400)
"""Why something was deleted can be asked for as long as the audit is kept, and a month more."""
CAME_AGE = timedelta(days=75)
"""The forecast looks ten weeks back."""
STINTS_AGE = timedelta(days=30)


def keeper_jobs(node: Node, *, doubt: Callable[[], str]) -> Mapping[JobKind, Work]:
    """The jobs of a node's keeper.

    Args:
        node: Whose.
        doubt: Why nothing may go by age now, be it for the clock or for the catalog; empty if it may.
    """

    def forget(_progress: Progress, _is_cancelled: IsCancelled) -> str:
        now = node.machine.clock.now()
        with node.catalog.transaction("keeper") as connection:
            counts = {
                "sessions": sessions.forget_sessions(connection, now=now),
                "sign-in attempts": sessions.forget_attempts(connection, before=now - ATTEMPTS_AGE),
                "notices": outbox.forget(connection, before=now - OUTBOX_AGE),
                "hours of footage": hours.forget_hours(connection, before=now - CAME_AGE),
                "stints of jobs": jobs.forget(connection, before=now - STINTS_AGE),
            }
            if not doubt():
                old = footage.forget_tombstones(connection, before=now - TOMBSTONE_AGE)
                counts["reasons of deletions"] = old
                rollups.forget(connection, now=now)
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        return f"Removed {told or 'nothing'}."

    def sweep_pictures(_progress: Progress, _is_cancelled: IsCancelled) -> str:
        if doubt():
            return f"Removed nothing: {doubt()}."
        sweeper = PictureSweeper(catalog=node.catalog, volume=node.volume, fs=node.machine.fs)
        return f"Removed {sweeper.sweep(node.machine.clock.now())} pictures without event."

    return {
        JobKind.FORGET: forget,
        JobKind.PICTURE_SWEEP: sweep_pictures,
        JobKind.ERASURE: erase_ordered(node, doubt=doubt),
        **upkeep_jobs(node, doubt=doubt),
    }
