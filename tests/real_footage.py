"""Real footage as a camera sends it."""

from pathlib import Path

from watchkeep.runtime.system import SystemFs
from watchkeep.sources.simulator.preparation import ClipPlan, prepare_clips


def footage_clip(source: Path, target: Path, *, divisor: int = 1) -> Path:
    """The video as a clip with a key picture each second."""
    prepare_clips(source, [ClipPlan(target=target, divisor=divisor)], fs=SystemFs(), progress=lambda _: None)
    return target
