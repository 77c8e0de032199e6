"""How it goes: one sentence and the facts behind it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeep.application import detector
from watchkeep.application.asking import INSTALLATION, Asking, require
from watchkeep.application.detector import DetectorView
from watchkeep.application.house import ClockTrust, DemoState, House
from watchkeep.application.upkeep import damage_noted
from watchkeep.domain.access import Action, visible_cameras
from watchkeep.domain.camera import StreamCondition, StreamRole, StreamState
from watchkeep.domain.ids import StreamId
from watchkeep.domain.pressure import KeeperState, Rung
from watchkeep.domain.tier import Condition
from watchkeep.lifecycle.index_trust import doubt_noted
from watchkeep.storage.catalog import cameras, keeping, states, volumes
from watchkeep.storage.catalog.cameras import SealedCamera
from watchkeep.storage.catalog.connection import Connection

STALE = timedelta(seconds=30)
"""A recorder says every few seconds what its streams do; an older word says nothing of now."""
_WELL = (StreamCondition.RECORDING, StreamCondition.STANDBY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How it goes, of the asker's cameras.

    Attributes:
        alarms: What somebody should do something about, one sentence each with its cure.
        recording: Cameras that record, or that wait for something to record.
        total: Cameras that are switched on.
        database: "ok", or "behind" while rows wait for it.
    """

    sentence: str
    alarms: Sequence[str]
    recording: int
    total: int
    database: str
    now: datetime
    clock_trust: ClockTrust
    demo: DemoState
    detector: DetectorView


def read_health(house: House, asking: Asking) -> Health:
    """Say how it goes."""
    require(house, asking, Action.SEE_STATUS, INSTALLATION)
    now = house.clock.now()
    with house.catalog.transaction(asking.subject.name) as conn:
        scope = visible_cameras(asking.subject, Action.SEE_STATUS)
        known = [camera for camera in cameras.list_cameras(conn, scope=scope) if camera.is_enabled]
        seen = states.stream_states(conn)
        keeper = keeping.state(conn)
        detecting = detector.look_at(house, asking, conn)
        alarms = [doubt_noted(conn), damage_noted(conn), *_away(conn)]
    recording = sum(1 for camera in known if _is(camera, _WELL, seen, now))
    waiting_for_sign = recording - sum(1 for camera in known if _is(camera, _WELL[:1], seen, now))
    waiting = house.spool.depth()
    return Health(
        sentence=_sentence(recording, len(known), waiting, waiting_for_sign) + _alarm(keeper),
        alarms=tuple(filter(None, alarms)),
        recording=recording,
        total=len(known),
        database="behind" if waiting else "ok",
        now=now,
        clock_trust=house.clock_trust(),
        demo=house.demo_state(),
        detector=detecting,
    )


def _away(conn: Connection) -> Iterator[str]:
    """A sentence for each volume whose footage cannot be seen now."""
    for state in volumes.volume_states(conn):
        if state.condition in (Condition.AWAY, Condition.WRONG):
            what = "is away" if state.condition is Condition.AWAY else "is not the right one"
            yield (
                f"The volume {state.volume.location} {what}; what lies on it can be seen again once it is"
                " back. Storage says more."
            )


def _is(
    camera: SealedCamera,
    conditions: Sequence[StreamCondition],
    seen: dict[StreamId, StreamState],
    now: datetime,
) -> bool:
    main: Sequence[StreamState] = [
        seen[stream.id] for stream in camera.streams if stream.role is StreamRole.MAIN and stream.id in seen
    ]
    return any(state.condition in conditions and now - state.seen_at < STALE for state in main)


def _alarm(keeper: KeeperState | None) -> str:
    """What people should do something about: a doubted clock, a disk that is or will be full."""
    if keeper is None:
        return ""
    if keeper.doubt:
        return f" Nothing is deleted, for {keeper.doubt}; set it right, or say that it is right."
    if keeper.pressure is Rung.WARNED and keeper.full_on is not None:
        return f" {keeper.detail} By today's rate that is on {keeper.full_on:%Y-%m-%d}."
    return f" {keeper.detail}" if keeper.detail else ""


def _sentence(recording: int, total: int, waiting: int, waiting_for_sign: int) -> str:
    if total == 0:
        said = "No camera is set up yet."
    elif recording == total:
        said = "The camera is recording." if total == 1 else f"All {total} cameras are recording."
    else:
        said = f"{recording} of {total} cameras {'is' if recording == 1 else 'are'} recording."
    if waiting_for_sign and total == 1:
        said = "The camera is not recording now, as it is set."
    elif waiting_for_sign:
        verb = "is" if waiting_for_sign == 1 else "are"
        said = said.replace("recording.", f"well, {waiting_for_sign} {verb} not recording now, as it is set.")
    if waiting:
        said += f" {waiting} notes wait for the database; footage is safe."
    return said
