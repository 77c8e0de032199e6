"""Holds what a driven recorder left, rows, files and ledger, against what truly happened on its clock."""

import contextlib
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from clock_drive import Drive
from clock_world import DELAY_S, FPS, GOP, SECOND_NS, SentRun, Step, TrueCamera
from watchkeep.application.asking import system_asking
from watchkeep.application.timeline import read_timeline
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.coverage import Coverage, Span
from watchkeep.domain.ids import CameraId, RunId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import GapCause
from watchkeep.lifecycle.findings import Depth
from watchkeep.runtime.doctor import examine
from watchkeep.runtime.house_wiring import build_house
from watchkeep.runtime.opening import OpenHouse
from watchkeep.runtime.read_beat import TURN_S
from watchkeep.storage.catalog import footage
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.media.format import FragmentMark
from watchkeep.storage.media.reader import SealedReader

ZONE = ZoneInfo("Europe/Berlin")
SETTLED_S = 120
"""After a step, and after the hour that is laid twice is used up, the minute's window fills anew."""
NEW_RUN_S = 60
"""Until then a run has not met an undelayed packet for sure."""
MOST_OFF_S = 0.025
"""What 300 ppm make of the window of a minute is 18 ms, and of five pictures a second none is undelayed."""
EDGE_S = 5
"""A probe so near to where something changes may see either."""
PROBES = 1000


@dataclass(slots=True)
class Judgement:
    """What was found.

    Attributes:
        faults: Sentences; none is how it should be.
        figures: To be printed.
    """

    faults: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def require(self, is_so: bool, sentence: str) -> None:
        """Note a fault."""
        if not is_so:
            self.faults.append(sentence)


@dataclass(slots=True)
class _Kept:
    """A segment and what its file says."""

    row: StoredSegment
    monotonic_ns: int
    marks: Sequence[FragmentMark]


def judge(drive: Drive, steps: Sequence[Step], days: Iterable[date]) -> Judgement:
    """Look at all that a drive left.

    Args:
        drive: Stopped; its clock goes on to the day after, so that nothing lies ahead.
        steps: Of its clock.
        days: Local days whose sum is looked at, whole or not.
    """
    found = Judgement()
    drive.clock.advance(timedelta(days=2).total_seconds())
    unsettled = _unsettled(steps)
    kept = {name: list(_kept(drive, name)) for name in drive.cameras}
    for name, camera in drive.cameras.items():
        _look_at_overlaps(found, name, kept[name])
        _look_at_times(found, camera, kept[name], unsettled)
        _look_at_pictures(found, drive, camera, kept[name], steps)
        spans = _ledger(found, drive, name, days)
        _probe(found, drive, camera, spans, unsettled)
        _look_at_skipped_hours(found, drive, camera, spans, steps)
    _look_at_gaps(found, drive)
    _look_at_files(found, drive)
    return found


def _kept(drive: Drive, name: str) -> Iterator[_Kept]:
    with drive.node.catalog.transaction() as connection:
        rows = [row for row in footage.all_segments(connection) if row.camera == name]
    for row in rows:
        path = drive.node.volume.locate(row.path, row.id)
        reader = SealedReader.open(path, fs=drive.node.machine.fs, keys=drive.node.keystore.find_shred_key)
        with contextlib.closing(reader):
            yield _Kept(row, reader.header.monotonic_ns, reader.marks)


def _unsettled(steps: Sequence[Step]) -> list[tuple[float, float]]:
    """True instants at which times may be wrong, from-until: a step back is used up at half its pace."""
    made: list[tuple[float, float]] = []
    ahead_s, last_ns = 0.0, 0.0
    for step in sorted(steps, key=lambda each: each.at_ns):
        ahead_s = max(0.0, ahead_s - (step.at_ns - last_ns) / SECOND_NS / 2)
        ahead_s, last_ns = max(0.0, ahead_s - step.by_s), step.at_ns
        made.append((step.at_ns - SECOND_NS, step.at_ns + (2 * ahead_s + SETTLED_S) * SECOND_NS))
    return made


def _is_settled(at_ns: float, unsettled: Sequence[tuple[float, float]]) -> bool:
    return not any(begins <= at_ns <= ends for begins, ends in unsettled)


def _look_at_overlaps(found: Judgement, name: str, kept: Sequence[_Kept]) -> None:
    fragments = 0
    by_start = sorted(kept, key=lambda each: each.row.when.start)
    for one, two in pairwise(by_start):
        found.require(one.row.when.end <= two.row.when.start, f"{name}: segments overlap at {two.row.when}")
    runs: defaultdict[RunId, list[_Kept]] = defaultdict(list)
    for each in kept:
        runs[each.row.run].append(each)
        length = each.row.when.end - each.row.when.start
        found.require(length > timedelta(), f"{name}: a segment of {length} at {each.row.when.start}")
        told = Interval(each.marks[0].when.start, each.marks[-1].when.end)
        found.require(told == each.row.when, f"{name}: the row says {each.row.when}, the file {told}")
    for segments in runs.values():
        segments.sort(key=lambda each: each.row.sequence)
        marks = [mark for each in segments for mark in each.marks]
        fragments += len(marks)
        for mark in marks:
            length = mark.when.end - mark.when.start
            found.require(length > timedelta(), f"{name}: a fragment of {length} at {mark.when.start}")
        for before, after in pairwise(marks):
            is_apart = before.when.end <= after.when.start
            found.require(is_apart, f"{name}: fragments of a run overlap at {after.when.start}")
    found.figures |= {
        f"{name}.segments": len(kept),
        f"{name}.runs": len(runs),
        f"{name}.fragments": fragments,
    }


def _run_of(camera: TrueCamera, each: _Kept) -> SentRun:
    return camera.runs[bisect_right(camera.runs, each.monotonic_ns, key=lambda run: run.begins_ns) - 1]


def _look_at_times(
    found: Judgement, camera: TrueCamera, kept: Sequence[_Kept], unsettled: Sequence[tuple[float, float]]
) -> None:
    """Footage says when it was taken: near the truth, but for a step's minutes and a run's first."""
    off_s, young_s = [0.0], [0.0]
    for each in kept:
        run = _run_of(camera, each)
        for mark in each.marks:
            taken_ns = camera.taken_ns(run, mark.start_ticks)
            if not _is_settled(taken_ns, unsettled):
                continue
            is_young = taken_ns - run.begins_ns < NEW_RUN_S * SECOND_NS
            truth = camera.clock.wall(round(taken_ns))
            (young_s if is_young else off_s).append((mark.when.start - truth).total_seconds())
    worst_s = max(map(abs, off_s))
    late_s = DELAY_S + TURN_S + MOST_OFF_S
    found.figures |= {
        f"{camera.name}.fragments held against the truth": len(off_s) - 1,
        f"{camera.name}.most early, ms": round(-min(off_s) * 1000, 2),
        f"{camera.name}.most late, ms": round(max(off_s) * 1000, 2),
        f"{camera.name}.most off in a run's first minute, ms": round(max(map(abs, young_s)) * 1000, 2),
    }
    found.require(
        len(off_s) + len(young_s) > 2 * FPS, f"{camera.name}: nothing could be held against the truth"
    )
    found.require(worst_s <= MOST_OFF_S, f"{camera.name}: footage is {worst_s * 1000:.1f} ms off")
    young = max(map(abs, young_s))
    found.require(young <= late_s, f"{camera.name}: a new run is {young * 1000:.1f} ms off")


def _look_at_pictures(
    found: Judgement, drive: Drive, camera: TrueCamera, kept: Sequence[_Kept], steps: Sequence[Step]
) -> None:
    """Lost is what a step forwards and a kill may cost, and no more."""
    sent = sum(run.pictures for run in camera.runs)
    lost = sent - sum(mark.packet_count for each in kept for mark in each.marks)
    most = sum(GOP + FPS for step in steps if step.by_s > 0) + FPS * drive.kills
    found.figures |= {f"{camera.name}.pictures sent": sent, f"{camera.name}.pictures lost": lost}
    found.require(0 <= lost <= most, f"{camera.name}: {lost} of {sent} pictures lost, {most} may be")


def _ledger(found: Judgement, drive: Drive, name: str, days: Iterable[date]) -> list[Span]:
    """The sum of each local day is its length; the spans of the whole drive."""
    whole: list[Span] = []
    for day in days:
        start = datetime.combine(day, time(), ZONE).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), ZONE).astimezone(UTC)
        spans = read_timeline(
            build_house(drive.node),
            system_asking(),
            CameraId(name),
            Interval(start, end),
            role=StreamRole.MAIN,
            buckets=1,
        ).spans
        told = sum((span.when.end - span.when.start for span in spans), timedelta())
        found.require(told == end - start, f"{name}: {day} has {end - start}, its ledger {told}")
        found.figures[f"{name}.{day}, h in the ledger"] = told / timedelta(hours=1)
        is_whole = all(one.when.end == two.when.start for one, two in pairwise(spans))
        found.require(is_whole, f"{name}: {day} has a hole in its ledger")
        for span in spans:
            is_explained = span.coverage is not Coverage.GAP or span.cause in set(GapCause) - {
                GapCause.UNKNOWN
            }
            found.require(is_explained, f"{name}: nothing says what happened in {span.when}")
        whole += spans
    share: Counter[str] = Counter()
    for span in whole:
        share[span.cause or span.coverage] += (span.when.end - span.when.start).total_seconds()  # type: ignore[assignment]
    found.figures |= {f"{name}.{kind}, s": round(seconds, 3) for kind, seconds in share.items()}
    return whole


def _says(spans: Sequence[Span], at: datetime) -> str:
    span = spans[bisect_right(spans, at, key=lambda each: each.when.start) - 1]
    return str(span.cause or span.coverage)


def _probe(
    found: Judgement,
    drive: Drive,
    camera: TrueCamera,
    spans: Sequence[Span],
    unsettled: Sequence[tuple[float, float]],
) -> None:
    """At any settled instant the ledger says what was true."""
    chance = random.Random(camera.name)
    edges = [edge for each in camera.dropouts for edge in (each.begins_ns, each.ends_ns)]
    edges += [edge for down in drive.downs for edge in down]
    edges.append(drive.clock.start_ns)
    probes = 0
    for _ in range(PROBES):
        at_ns = chance.randrange(drive.clock.start_ns, drive.ended_ns)
        is_near = any(abs(at_ns - edge) < EDGE_S * SECOND_NS for edge in edges)
        at = camera.clock.wall(at_ns)
        if is_near or not _is_settled(at_ns, unsettled) or not spans[0].when.start <= at < spans[-1].when.end:
            continue
        probes += 1
        away = camera.dropout(at_ns)
        expected = Coverage.RECORDED if away is None else away.cause
        if any(begins <= at_ns < ends for begins, ends in drive.downs):
            expected = GapCause.RECORDER_STOPPED
        said = _says(spans, at)
        found.require(said == expected, f"{camera.name}: at {at} it says {said}, it was {expected}")
    found.figures[f"{camera.name}.probes"] = probes


def _look_at_skipped_hours(
    found: Judgement, drive: Drive, camera: TrueCamera, spans: Sequence[Span], steps: Sequence[Step]
) -> None:
    """The hour that a step forwards left out is a gap that says so."""
    for step in steps:
        others = _unsettled([each for each in steps if each is not step])
        around = [step.at_ns - EDGE_S * SECOND_NS, step.at_ns + EDGE_S * SECOND_NS]
        is_sending = all(camera.dropout(at) is None for at in around) and not any(
            begins - EDGE_S * SECOND_NS <= step.at_ns < ends + EDGE_S * SECOND_NS
            for begins, ends in drive.downs
        )
        if step.by_s < 0 or not is_sending or not _is_settled(step.at_ns, others):
            continue
        middle = camera.clock.wall(step.at_ns - 1) + timedelta(seconds=step.by_s / 2)
        if spans[0].when.start <= middle < spans[-1].when.end:
            said = _says(spans, middle)
            found.require(said == GapCause.CLOCK_STEP, f"{camera.name}: the hour that was left out is {said}")


def _look_at_gaps(found: Judgement, drive: Drive) -> None:
    with drive.node.catalog.transaction() as connection:
        rows = connection.execute("select stream_id, started_at, ended_at, cause from gaps").fetchall()
        refused = connection.execute("select count(*) from refused_rows").fetchone()
    open_gaps: Counter[object] = Counter()
    for stream, started_at, ended_at, cause in rows:
        open_gaps[stream] += ended_at is None
        found.require(cause in set(GapCause), f"a gap of {stream} has the cause {cause}")
        is_forward = ended_at is None or started_at <= ended_at
        found.require(is_forward, f"a gap of {stream} ends at {ended_at}, before {started_at}")
    found.figures["gaps"] = len(rows)
    for stream, count in open_gaps.items():
        found.require(count == 1, f"{count} gaps of {stream} are open; the recorder's end is one")
    found.require(refused == (0,), f"the catalog refused {refused} rows")


def _look_at_files(found: Judgement, drive: Drive) -> None:
    house = build_house(drive.node)
    opened = OpenHouse(node=drive.node, house=house, asking=system_asking())
    seen = examine(opened, Depth.FULL, advance=lambda _: None)
    found.figures |= {"rows": seen.comparison.row_count, "files": seen.comparison.file_count}
    for each in seen.comparison.findings:
        found.require(False, f"doctor: {each.sentence}")
    found.require(seen.is_clean, "doctor finds a fault")
    found.require(seen.comparison.row_count == seen.comparison.file_count, "rows and files are not as many")
