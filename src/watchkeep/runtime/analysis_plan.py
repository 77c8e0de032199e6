"""What to look at: one stream of each enabled camera that has rules, or is recorded by what is seen."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.ids import CameraId
from watchkeep.domain.rule import Rule
from watchkeep.runtime.watch import Remembered, WatchPlan
from watchkeep.storage.catalog import analysis_states, cameras, events, rules
from watchkeep.storage.catalog.cameras import SealedStream
from watchkeep.storage.catalog.connection import Catalog


def read_analysis_plan(catalog: Catalog, *, unless: int | None) -> tuple[int, list[WatchPlan]] | None:
    """The revision and what to look at; None if the catalog still has the revision `unless`.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    with catalog.transaction("analyst") as connection:
        revision = cameras.revision(connection)
        if revision == unless:
            return None
        enabled = [camera for camera in cameras.list_cameras(connection) if camera.is_enabled]
        by_camera: dict[CameraId, list[Rule]] = defaultdict(list)
        for rule in rules.list_rules(connection, frozenset(camera.id for camera in enabled)):
            if rule.text.is_enabled:
                by_camera[rule.camera].append(rule)
    plans: list[WatchPlan] = []
    for camera in enabled:
        stream, its_rules = _lightest(camera.streams), tuple(by_camera[camera.id])
        tells_recorder = any(each.modes.asks_analyst for each in camera.streams)
        if stream is not None and (its_rules or tells_recorder):
            plans.append(
                WatchPlan(camera=camera.id, stream=stream.id, rules=its_rules, tells_recorder=tells_recorder)
            )
    return revision, plans


def remember(catalog: Catalog, plan: WatchPlan, *, now: datetime) -> Remembered:
    """What the catalog remembers of a stream.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    with catalog.transaction("analyst") as connection:
        state = analysis_states.tracker_state(connection, plan.stream)
        opens = events.open_events(connection, [plan.stream], now=now)
    if state is None:
        return Remembered(tracker=b"", until=None, opens=tuple(opens))
    return Remembered(tracker=state.saved, until=state.at, opens=tuple(opens))


def _lightest(streams: Sequence[SealedStream]) -> SealedStream | None:
    """The sub stream if there is one: fewer pixels to decode, and more than the detector needs."""
    by_role = {stream.role: stream for stream in streams}
    return by_role.get(StreamRole.SUB) or by_role.get(StreamRole.MAIN)
