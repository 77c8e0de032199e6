"""Whether a plan without any stream is believed: a new database has none either."""

import logging
from dataclasses import replace

from watchkeep.domain.errors import WatchkeepError
from watchkeep.lifecycle.index_trust import IndexTrust
from watchkeep.runtime.recording_plan import PlanMemory, RecordingPlan
from watchkeep.runtime.wiring import Node

log = logging.getLogger(__name__)


def believed_plan(node: Node, plan: RecordingPlan, memory: PlanMemory) -> RecordingPlan:
    """The plan, or the remembered one if this is empty and the catalog is not the one that knew the footage.

    On doubt, record: who has lost the database has not asked for an end. As soon as the catalog has a camera,
    its plan counts.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    if plan.streams:
        return plan
    recalled = memory.recall()
    if recalled is None or not recalled.streams or not _is_of_another(node):
        return plan
    log.warning(
        "the catalog is new, recording by the last known plan", extra={"streams": len(recalled.streams)}
    )
    return replace(recalled, revision=plan.revision)


def _is_of_another(node: Node) -> bool:
    trust = IndexTrust(catalog=node.catalog, volumes=[node.volume], fs=node.machine.fs, rng=node.machine.rng)
    try:
        return trust.is_of_another()
    except (WatchkeepError, OSError) as error:
        log.warning("whose catalog it is cannot be told", extra={"error": str(error)})
        return False
