"""A simulated camera that films into a recording rig, both on the rig's clock: minutes pass in a second."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from builders import CountingRng
from recording_rig import Rig
from watchkeep.domain.camera import StreamAddress
from watchkeep.sources.choosing import open_address
from watchkeep.sources.rtsp.framing import ReadBuffer
from watchkeep.sources.simulator.faults import Fault
from watchkeep.sources.simulator.server import CameraSimulator, SimulatorOptions
from watchkeep.sources.simulator.stream import StreamFiles

TURN_S = 0.04


@contextmanager
def filming(
    rig: Rig, door: Path | StreamFiles, *, faults: Sequence[Fault] = (), report_every_s: float = 5.0
) -> Iterator[CameraSimulator]:
    """The rig's stream comes from a simulated camera on the same clock."""
    options = SimulatorOptions(joins_at_key=True, report_every_s=report_every_s)
    simulator = CameraSimulator(
        {"door": door}, options, faults=faults, clock=rig.clock, rng=CountingRng(seed=9)
    )
    simulator._wait_s = lambda: 0.0  # type: ignore[method-assign]  # the clock is ours, nothing is waited for
    source = open_address(
        StreamAddress(url=simulator.url("door")),
        clock=rig.clock,
        rng=CountingRng(),
        buffer=ReadBuffer(),
        with_metadata=True,
    )
    rig.worker._source = source
    try:
        with closing(source):
            yield simulator
    finally:
        simulator.close()


def film(rig: Rig, simulator: CameraSimulator, seconds: float) -> None:
    for _ in range(round(seconds / TURN_S)):
        rig.clock.advance(TURN_S)
        simulator.turn()
        rig.tick()
