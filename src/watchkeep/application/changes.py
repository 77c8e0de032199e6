"""What changes, as it changes, cut to what the asker may see."""

import asyncio
from collections.abc import AsyncIterator

from watchkeep.application import sessions
from watchkeep.application.asking import INSTALLATION, Asking, knows
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject, Subject, decide
from watchkeep.domain.errors import CatalogUnavailable, Invalid
from watchkeep.storage.catalog import outbox
from watchkeep.storage.catalog.outbox import Notice, NoticeKind

LOOK_EVERY_S = 1.0
RECHECK_EVERY_S = 15.0
"""How long a stream outlives its session or grants at most."""
MOST_AT_ONCE = 200
_OF_FOOTAGE = (NoticeKind.EVENT, NoticeKind.INCIDENT)
"""What was seen there is told to those who may see it."""


def checked_id(text: str | None) -> int | None:
    """Read a Last-Event-ID.

    Raises:
        Invalid: It is none of ours.
    """
    if text is None or text == "":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid("Last-Event-ID is not one that this installation gave out; leave it away.")
    return int(text)


def may_see(subject: Subject, notice: Notice) -> bool:
    """Say whether a change is the subject's business."""
    if notice.camera is not None and notice.kind in _OF_FOOTAGE:
        return decide(subject, Action.VIEW_RECORDED, CameraObject(notice.camera)).is_allowed
    if notice.camera is not None:
        return knows(subject, notice.camera)
    if notice.kind is NoticeKind.USER:
        return decide(subject, Action.MANAGE_USERS, INSTALLATION).is_allowed
    action = Action.CONFIGURE if notice.kind is NoticeKind.JOB else Action.SEE_STATUS
    return decide(subject, action, INSTALLATION).is_allowed


async def follow(house: House, asking: Asking, *, after: int | None) -> AsyncIterator[Notice | None]:
    """Changes after an id, or from now on, until the session ends; None about every 15 s as a sign of life.

    While the database is away nothing comes; what happened then follows when it is back.
    """
    position = after
    checked_ns = house.clock.monotonic_ns()
    while True:
        try:
            if position is None:
                position = await asyncio.to_thread(_newest, house)
            found = await asyncio.to_thread(_since, house, position)
        except CatalogUnavailable:
            found = []
        for notice in found:
            position = notice.id
            if may_see(asking.subject, notice):
                yield notice
        now_ns = house.clock.monotonic_ns()
        if now_ns - checked_ns >= RECHECK_EVERY_S * 1e9:
            checked_ns = now_ns
            try:
                fresh = await asyncio.to_thread(sessions.recheck, house, asking)
            except CatalogUnavailable:
                fresh = None  # who cannot be checked is shown nothing; the page asks again
            if fresh is None:
                return
            asking = fresh
            yield None
        if len(found) < MOST_AT_ONCE:
            await asyncio.sleep(LOOK_EVERY_S)


def _newest(house: House) -> int:
    with house.catalog.transaction() as conn:
        return outbox.newest(conn)


def _since(house: House, position: int) -> list[Notice]:
    with house.catalog.transaction() as conn:
        return list(outbox.since(conn, position, limit=MOST_AT_ONCE))
