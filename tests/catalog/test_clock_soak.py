"""Days that are not 24 hours long, on clocks that are set: the ledger adds up, nothing overlaps.

A whole recorder on an injected clock. A quarter of an hour about each change of daylight saving time in every
run; both days whole by `make soak-clock`.
"""

import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog_server import Database
from clip_packets import clip_packets
from clock_drive import Drive
from clock_judge import ZONE, Judgement, judge
from clock_world import (
    FPS,
    GOP,
    SECOND_NS,
    Dropout,
    Step,
    SteppedClock,
    TrueCamera,
    random_dropouts,
    random_steps,
)
from time_code import make_clip
from watchkeep.application import timeline
from watchkeep.domain.coverage import Span, account
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND, Packet, VideoParameters
from watchkeep.ingestion import wall_clock
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.camera_worker import StreamWorker

SEED = int(os.environ.get("WATCHKEEP_SEED", "20261130"))
CHANGES = {"spring": date(2025, 3, 30), "autumn": date(2025, 10, 26)}
BEFORE = timedelta(minutes=10)
"""Recorded before the whole day begins and after it ended."""
MEMORY = Path("/dev/shm")

Clip = tuple[VideoParameters, list[Packet]]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return clip_packets(make_clip(path, seconds=4, fps=FPS, gop=GOP, size=(96, 64)))


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where it can be: what this is about is time, not a disk."""
    made = Path(tempfile.mkdtemp(prefix="wk-clock-", dir=MEMORY if MEMORY.is_dir() else None))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What happens in a drive; true instants in ns after its start."""

    start: datetime
    ends_ns: int
    steps: Sequence[Step]
    dropouts: Sequence[Dropout]
    stops: Sequence[tuple[int, bool]] = ()
    """When the recorder ends, and whether it is killed."""


@contextmanager
def play(folder: Path, database: Database, clip: Clip, script: Script) -> Iterator[Drive]:
    """Four cameras, one of them steady, one fast, one slow, one that drops out."""
    clock = SteppedClock(script.start, script.steps, seed=SEED)
    parameters, packets = clip
    cameras = {
        name: TrueCamera(
            name=name,
            parameters=parameters,
            clip=packets,
            clock=clock,
            drift_ppm=drift_ppm,
            dropouts=script.dropouts if name == "loose" else (),
            seed=SEED,
        )
        for name, drift_ppm in {"steady": 0.0, "fast": 300.0, "slow": -300.0, "loose": 0.0}.items()
    }
    with closing(Drive(folder / "node", database, clock, cameras)) as drive:
        for at_ns, is_killed in sorted(script.stops):
            drive.until(at_ns)
            (drive.kill if is_killed else drive.stop)()
            drive.restart(after_s=20)
        drive.until(script.ends_ns)
        drive.stop()
        yield drive


def local(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def a_quarter(day: date, *, minutes: int = 12) -> Script:
    """Around the change, each step once; the recorder ends twice while its footage is ahead of its clock."""
    start = datetime(day.year, day.month, day.day, 0, 52, tzinfo=UTC)  # all of the EU changes at one o'clock
    start_ns = SteppedClock(start, (), seed=0).start_ns
    steps = [
        Step(at_ns=start_ns + 180 * SECOND_NS + 123_456_789, by_s=3600),
        Step(at_ns=start_ns + 420 * SECOND_NS + 7, by_s=-3600),
    ]
    dropouts = random_dropouts(
        random.Random(SEED), first_ns=start_ns, last_ns=start_ns + 170 * SECOND_NS, count=3
    )
    return Script(
        start=start,
        ends_ns=start_ns + minutes * 60 * SECOND_NS,
        steps=steps,
        dropouts=dropouts,
        stops=[(start_ns + at_s * SECOND_NS, is_killed) for at_s, is_killed in ((460, False), (560, True))],
    )


def tell(name: str, found: Judgement, began: float) -> None:
    took_s = time.monotonic() - began
    print(f"{name}: seed {SEED}, {took_s:.0f} s")
    for figure, value in found.figures.items():
        print(f"  {figure}: {value:g}")
    for sentence in found.faults[:20]:
        print(f"  FAULT {sentence}")
    print(f"  {len(found.faults)} faults")


@pytest.mark.parametrize("change", CHANGES)
def test_a_quarter_of_an_hour_with_two_steps_about_a_change_of_time_adds_up(
    change: str, folder: Path, database: Database, clip: Clip
) -> None:
    began = time.monotonic()
    day = CHANGES[change]
    script = a_quarter(day)

    with play(folder, database, clip, script) as drive:
        found = judge(drive, script.steps, [day])

    tell(change, found, began)
    assert found.faults == []


def overlap(patch: pytest.MonkeyPatch) -> None:
    """Footage begins a little before it did."""
    right = WallClock.place

    def place(self: WallClock, start_ticks: int, end_ticks: int) -> Interval:
        when = right(self, start_ticks, end_ticks)
        return Interval(when.start - timedelta(milliseconds=20), when.end)

    patch.setattr(WallClock, "place", place)


def measure_by_our_clock(patch: pytest.MonkeyPatch) -> None:
    """A fragment lasts from one look at our clock to the next, and nothing when that was set back."""
    before: dict[WallClock, datetime] = {}

    def place(self: WallClock, start_ticks: int, end_ticks: int) -> Interval:
        now = self._clock.now()
        start = before.get(self, now - timedelta(seconds=(end_ticks - start_ticks) / TICKS_PER_SECOND))
        before[self] = max(start, now)
        return Interval(min(start, before[self]), before[self])

    patch.setattr(WallClock, "place", place)


def forget_drift(patch: pytest.MonkeyPatch) -> None:
    """The first packets of a run tie the clocks together for ever."""
    patch.setattr(wall_clock, "_WINDOW_US", 1 << 60)


def hide_the_hole(patch: pytest.MonkeyPatch) -> None:
    """A step forwards is nobody's gap."""
    patch.setattr(StreamWorker, "_look_for_hole", lambda self, run, fragment: None)


def round_the_ledger(patch: pytest.MonkeyPatch) -> None:
    """Spans are told to the second."""

    def rounded(when: Interval, **known: Any) -> list[Span]:
        spans = account(when, **known)
        return [
            replace(span, when=Interval(span.when.start.replace(microsecond=0), span.when.end))
            for span in spans
        ]

    patch.setattr(timeline, "account", rounded)


PLANTS = {
    "overlap": overlap,
    "a fragment of 0:00:00": measure_by_our_clock,
    "ms off": forget_drift,
    "nothing says": hide_the_hole,
    "its ledger": round_the_ledger,
}


@pytest.mark.parametrize("word", PLANTS)
def test_a_planted_bug_is_found(
    word: str, folder: Path, database: Database, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    PLANTS[word](monkeypatch)
    day = CHANGES["autumn"]
    script = a_quarter(day, minutes=8)

    with play(folder, database, clip, script) as drive:
        found = judge(drive, script.steps, [day])

    for sentence in found.faults[:3]:
        print(sentence)
    assert any(word in sentence for sentence in found.faults)


def a_day(day: date) -> Script:
    """The whole local day with some minutes about it, steps and dropouts and two ends of the recorder."""
    chance = random.Random(f"{SEED} {day}")
    start, end = local(day) - BEFORE, local(day + timedelta(days=1)) + BEFORE
    first_ns = SteppedClock(start, (), seed=0).start_ns
    last_ns = first_ns + round((end - start).total_seconds()) * SECOND_NS
    steps = random_steps(chance, first_ns=first_ns + 600 * SECOND_NS, last_ns=last_ns, pairs=2)
    return Script(
        start=start,
        ends_ns=last_ns,
        steps=steps,
        dropouts=random_dropouts(chance, first_ns=first_ns, last_ns=last_ns, count=60),
        stops=[(chance.randrange(first_ns, last_ns), is_killed) for is_killed in (True, False, True)],
    )


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("change", CHANGES)
def test_a_day_of_23_or_25_hours_with_steps_dropouts_and_kills_adds_up(
    change: str, folder: Path, database: Database, clip: Clip
) -> None:
    began = time.monotonic()
    day = CHANGES[change]
    script = a_day(day)

    with play(folder, database, clip, script) as drive:
        found = judge(drive, script.steps, [day - timedelta(days=1), day, day + timedelta(days=1)])

    tell(change, found, began)
    assert found.faults == []
