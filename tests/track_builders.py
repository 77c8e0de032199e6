"""Tracks that walk as a test says, as the tracker would tell them; seconds count from NOON."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from builders import NOON
from watchkeep.analysis.engine import RuleEngine
from watchkeep.domain.event import Event
from watchkeep.domain.geometry import Box, Point
from watchkeep.domain.ids import CameraId, EventId, RuleId, StreamId, TrackId
from watchkeep.domain.rule import EventKind, Rule, RuleText
from watchkeep.domain.track import Tracked, TrackView

YARD = CameraId("yard")
YARD_STREAM = StreamId(UUID(int=0x57))
WIDTH, HEIGHT = 0.1, 0.2
"""Of all boxes here."""
ALERT_FROM = 0.5
LOOK_S = 0.2
Place = tuple[float, float] | None
"""Of the foot; None where it was not seen."""
Way = Callable[[float], Place]
"""Seconds to place."""


def at(seconds: float) -> datetime:
    """So long after NOON."""
    return NOON + timedelta(seconds=round(seconds, 6))


def box_at(x: float, y: float, *, height: float = HEIGHT) -> Box:
    """A box whose foot is there."""
    return Box(x - WIDTH / 2, y - height, x + WIDTH / 2, y)


def a_view(
    seconds: float,
    place: tuple[float, float] = (0.5, 0.5),
    *,
    track: int = 1,
    observed_s: float | None = None,
    **changes: object,
) -> TrackView:
    """A person that has moved, there and then; seen many times since NOON, last at `observed_s`."""
    view = TrackView(
        id=TrackId(UUID(int=track)),
        started_at=NOON,
        at=at(seconds),
        observed_at=at(seconds if observed_s is None else observed_s),
        object_type="person",
        box=box_at(*place),
        confidence=0.7,
        peak_confidence=0.8,
        observations=2 + round(seconds / LOOK_S),
        is_stationary=False,
        has_moved=True,
    )
    return replace(view, **changes)  # type: ignore[arg-type]


def walk(*stations: tuple[float, Place]) -> Way:
    """From station to station, each (seconds, place), in straight lines; None is not seen from then on."""

    def way(seconds: float) -> Place:
        before = max((each for each in stations if each[0] <= seconds + 1e-9), key=lambda each: each[0])
        later = [each for each in stations if each[0] > seconds + 1e-9]
        if before[1] is None or not later or later[0][1] is None:
            return before[1]
        share = (seconds - before[0]) / (later[0][0] - before[0])
        (x, y), (x2, y2) = before[1], later[0][1]
        return x + share * (x2 - x), y + share * (y2 - y)

    return way


def stands(x: float, y: float) -> Way:
    """Always there."""
    return lambda _: (x, y)


def a_rule(
    kind: EventKind = EventKind.OBJECT, *, number: int = 1, version: int = 1, **changes: object
) -> Rule:
    """A rule about persons."""
    text = RuleText(name="Rule", kind=kind, objects=("person",))
    return Rule(
        id=RuleId(UUID(int=number)),
        version=version,
        camera=YARD,
        text=replace(text, **changes),  # type: ignore[arg-type]
    )


def a_zone(
    left: float = 0.3, top: float = 0.3, right: float = 0.7, bottom: float = 0.7, **how: object
) -> Rule:
    """A rule about an upright rectangle."""
    corners = (Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom))
    return a_rule(EventKind.ZONE_VISIT, **{"points": corners, **how})  # type: ignore[arg-type]


def a_line(*points: tuple[float, float], **how: object) -> Rule:
    """A rule about a line; without points, down the middle: left is at the right of the picture."""
    line = tuple(Point(*each) for each in points) or (Point(0.5, 0.1), Point(0.5, 0.9))
    return a_rule(EventKind.LINE_CROSS, **{"points": line, **how})  # type: ignore[arg-type]


@dataclass
class Yard:
    """An engine, and all that it told.

    Attributes:
        told: As it came.
        aspect: Width of the picture divided by its height.
    """

    rules: Sequence[Rule]
    opens: Sequence[Event] = ()
    aspect: float = 1.0
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = RuleEngine(YARD, YARD_STREAM, self.rules, alert_from=ALERT_FROM, opens=self.opens)

    @property
    def events(self) -> list[Event]:
        """Each at its last revision, in the order in which they were told first."""
        newest: dict[EventId, Event] = {}
        for event in self.told:
            newest[event.id] = event
        return list(newest.values())

    @property
    def event(self) -> Event:
        """The only one."""
        (only,) = self.events
        return only

    def look(
        self, *views: TrackView, ended: Sequence[TrackView] = (), seconds: float | None = None
    ) -> list[Event]:
        """One look; all that is alive."""
        known_at = views[0].at if seconds is None and views else at(seconds or 0)
        told = self.engine.update(
            Tracked(alive=views, ended=tuple(ended)), aspect=self.aspect, known_at=known_at
        )
        self.told += told
        return told

    def watch(
        self,
        way: Way,
        end: float,
        *,
        start: float = 0.0,
        every: float = LOOK_S,
        track: int = 1,
        **changes: object,
    ) -> "Yard":
        """Looks from start to end, both inclusive; where it is not seen it is predicted at its last place."""
        seen: TrackView | None = None
        for seconds in steps(start, end, every):
            place = way(seconds)
            if place is not None:
                began = {"started_at": at(start), "observations": 2 + round((seconds - start) / every)}
                seen = a_view(seconds, place, track=track, **{**began, **changes})
            if seen is not None:
                self.look(replace(seen, at=at(seconds)))
        return self


def steps(start: float, end: float, every: float = LOOK_S) -> Iterator[float]:
    """Instants of looks."""
    return (start + number * every for number in range(round((end - start) / every) + 1))


def seconds_of(instants: Iterable[datetime | None]) -> list[float | None]:
    """Since NOON."""
    return [None if each is None else round((each - NOON).total_seconds(), 3) for each in instants]


def span_of(event: Event) -> tuple[float | None, ...]:
    """Its start and end, seconds since NOON."""
    return tuple(seconds_of([event.started_at, event.ended_at]))
