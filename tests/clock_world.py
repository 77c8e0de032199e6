"""A day of cameras and of a clock that is set, on an injected clock: what truly happened, for the judge.

All true times here are nanoseconds of the monotonic clock, which no step moves.
"""

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from builders import FixedClock
from recording_rig import Unmeasured
from watchkeep.domain.media import (
    TICKS_PER_SECOND,
    GapCause,
    Packet,
    RunEnded,
    RunStarted,
    SourceNotice,
    VideoParameters,
)

FPS = 5
GOP = 2 * FPS
INTERVAL_TICKS = TICKS_PER_SECOND // FPS
SECOND_NS = 1_000_000_000
DELAY_S = 0.03
"""What the network takes at most; at least nothing."""
OVERSLEPT_S = 0.001
"""A loop never sleeps exactly as long as it asks; so its turns do not stay in step with a camera."""
DROPOUTS = (
    GapCause.STREAM_ENDED,
    GapCause.STALLED,
    GapCause.UNREACHABLE,
    GapCause.AUTHENTICATION,
    GapCause.PACKETS_LOST,
)
"""What a source says when it loses its camera."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Somebody set our clock."""

    at_ns: int
    by_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout:
    """A camera sent nothing from one true instant to another."""

    begins_ns: int
    ends_ns: int
    cause: GapCause


class SteppedClock(FixedClock):
    """Goes on by what is slept and a little more; its wall time is set by script."""

    def __init__(self, start: datetime, steps: Sequence[Step], *, seed: int) -> None:
        super().__init__(start)
        self.start, self.start_ns = start, self.monotonic
        self._steps = sorted(steps, key=lambda step: step.at_ns)
        self._at_ns = [step.at_ns for step in self._steps]
        self._chance = random.Random(seed)

    def sleep(self, seconds: float) -> None:
        """Sleep, and be late."""
        before = self.monotonic
        self.advance(seconds + self._chance.uniform(0, OVERSLEPT_S))
        for number in range(bisect_right(self._at_ns, before), bisect_right(self._at_ns, self.monotonic)):
            self.instant += timedelta(seconds=self._steps[number].by_s)

    def wall(self, true_ns: int) -> datetime:
        """What this clock showed, or will, at a true instant."""
        set_s = sum(step.by_s for step in self._steps[: bisect_right(self._at_ns, true_ns)])
        return self.start + timedelta(microseconds=(true_ns - self.start_ns) / 1000, seconds=set_s)


@dataclass(slots=True)
class SentRun:
    """What a camera sent on one connection: picture n was taken n intervals of its clock after the first."""

    begins_ns: int
    ends_ns: int | None = None
    pictures: int = 0


@dataclass(slots=True, kw_only=True)
class TrueCamera:
    """A camera: its clock gains `drift_ppm` on ours, and it is away at times.

    Attributes:
        runs: What it sent, for the judge.
    """

    name: str
    parameters: VideoParameters
    clip: Sequence[Packet]
    clock: SteppedClock
    drift_ppm: float = 0.0
    dropouts: Sequence[Dropout] = ()
    seed: int = 0
    runs: list[SentRun] = field(default_factory=list)

    def taken_ns(self, run: SentRun, ticks: int) -> float:
        """The true instant of a picture by its ticks since the run's first."""
        return run.begins_ns + ticks * SECOND_NS / TICKS_PER_SECOND / (1 + self.drift_ppm / 1e6)

    def dropout(self, true_ns: int) -> Dropout | None:
        """The one that lasts at a true instant."""
        return next((each for each in self.dropouts if each.begins_ns <= true_ns < each.ends_ns), None)


class CameraSource(Unmeasured):
    """Gives a camera's packets as its connection would; another connection is another run."""

    def __init__(self, camera: TrueCamera) -> None:
        self._camera = camera
        self._chance = random.Random(f"{camera.name} {camera.seed} {len(camera.runs)}")
        self._run: SentRun | None = None
        self._arrives_ns = 0.0
        self._first_ticks = 0
        self._away: Dropout | None = None
        self._step_ns = INTERVAL_TICKS * SECOND_NS / TICKS_PER_SECOND / (1 + camera.drift_ppm / 1e6)

    def poll(self) -> list[SourceNotice]:
        """What arrived since the last call."""
        now_ns = self._camera.clock.monotonic
        away = self._camera.dropout(now_ns) if self._camera.dropouts else None
        if away is not None:
            return self._lose(away, now_ns)
        if self._run is None:
            return self._connect(now_ns)
        notices: list[SourceNotice] = []
        while self._arrives_ns <= now_ns:
            notices.append(self._picture(self._run))
            self._run.pictures += 1
            self._foresee(self._run)
        return notices

    def close(self) -> None:
        """The connection is over."""
        if self._run is not None:
            self._run.ends_ns = self._camera.clock.monotonic
            self._run = None

    def _lose(self, away: Dropout, now_ns: int) -> list[SourceNotice]:
        if self._away is away and self._run is None:
            return []
        self._away = away
        if self._run is not None:
            self._run.ends_ns, self._run = now_ns, None
        return [RunEnded(cause=away.cause, detail=f"the camera is away: {away.cause}")]

    def _connect(self, now_ns: int) -> list[SourceNotice]:
        self._run = SentRun(now_ns)
        self._camera.runs.append(self._run)
        # A camera's ticks begin anywhere.
        self._first_ticks = self._chance.randrange(1 << 32)
        self._arrives_ns = 0.0
        self._foresee(self._run)
        return [RunStarted(parameters=self._camera.parameters, is_clear_text=True)]

    def _foresee(self, run: SentRun) -> None:
        delay_ns = self._chance.random() * DELAY_S * SECOND_NS
        self._arrives_ns = max(self._arrives_ns, run.begins_ns + run.pictures * self._step_ns + delay_ns)

    def _picture(self, run: SentRun) -> Packet:
        shown = self._camera.clip[run.pictures % len(self._camera.clip)]
        ticks = self._first_ticks + run.pictures * INTERVAL_TICKS
        return Packet(
            nals=shown.nals,
            pts=ticks,
            dts=ticks,
            is_key=shown.is_key,
            received_at=self._camera.clock.instant,
        )


def random_steps(chance: random.Random, *, first_ns: int, last_ns: int, pairs: int) -> list[Step]:
    """As many steps of an hour forwards as back, in any order, at any instant."""
    signs = [1.0, -1.0] * pairs
    chance.shuffle(signs)
    return [Step(at_ns=chance.randrange(first_ns, last_ns), by_s=3600 * sign) for sign in signs]


def random_dropouts(chance: random.Random, *, first_ns: int, last_ns: int, count: int) -> list[Dropout]:
    """From a second to some minutes long, apart from each other."""
    share = (last_ns - first_ns) // max(count, 1)
    made: list[Dropout] = []
    for number in range(count):
        length_ns = round(min(chance.expovariate(1 / 60) + 1, share / SECOND_NS / 3) * SECOND_NS)
        begins_ns = first_ns + number * share + chance.randrange(share - length_ns - share // 10)
        cause = chance.choice(DROPOUTS)
        made.append(Dropout(begins_ns=begins_ns, ends_ns=begins_ns + length_ns, cause=cause))
    return made
