"""Why footage is here, when it goes, and what another rule would do: asked before anything is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from watchkeep.application import cameras as camera_list
from watchkeep.application.asking import INSTALLATION, Asking, require
from watchkeep.application.footage_rules import Fate, Rule, RuleBook, read_rules
from watchkeep.application.forecast import Outlook, read_outlook, seen_by
from watchkeep.application.going import Going, going_between
from watchkeep.application.house import House
from watchkeep.domain.access import Action, CameraObject, visible_cameras
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import Invalid
from watchkeep.domain.forecast import Forecast
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import FOOTAGE_CLASSES, claimed
from watchkeep.storage.catalog import cameras, footage, retention
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.recorder_rows import StoredSegment

INSTANT = timedelta(microseconds=1)
DAY = timedelta(days=1)
LONGEST_DAYS = 3650
GIVEN_UP = "its limit is reached and no event claims it; the rest of its segment stays"
MOST_DAYS_AHEAD = 31


class Here(StrEnum):
    """What became of the footage of an instant."""

    STORED = "stored"
    DELETED = "deleted"
    GAP = "gap"
    NOTHING = "nothing"
    """It lies ahead, or before the camera was known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What is known of one stream at an instant.

    Attributes:
        reason: Why it is kept, went, or never was; one phrase.
        segment: The one that holds it, or held it.
        when: The span of that, or of the gap; None when there is nothing.
        fate: Of what is stored.
        deleted_at: Of what was deleted.
    """

    role: StreamRole
    here: Here
    reason: str
    segment: SegmentId | None = None
    when: Interval | None = None
    size_bytes: int = 0
    data_class: str = ""
    place: str = ""
    fate: Fate | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRules:
    """The rules of a camera, by class."""

    camera: CameraId
    name: str
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What other rules would do.

    Attributes:
        going: What would go at once that stays as things stand.
        before, after: The forecasts, as things stand and by the other rules.
    """

    names: Mapping[CameraId, str]
    going: Sequence[Going]
    before: Forecast
    after: Forecast


def explain(house: House, asking: Asking, camera: CameraId, at: datetime) -> list[Why]:
    """Say of every stream of a camera what became of an instant, and why.

    Raises:
        NotFound: The camera is missing or foreign.
    """
    require(house, asking, Action.VIEW_RECORDED, CameraObject(camera))
    now = house.clock.now()
    places = {each.id: each.label for each in house.all_volumes()}
    places |= {each.volume.id: each.label for each in house.volumes}
    with house.catalog.transaction(asking.subject.name) as conn:
        known = camera_list.load(conn, camera)
        rules = read_rules(conn, house.clock.now())
        found: list[Why] = []
        for stream in known.streams:
            segments = footage.segments_between(conn, stream.id, Interval(at, at + INSTANT))
            if segments:
                place = places.get(segments[-1].volume, "")
                found.append(_stored(conn, segments[-1], rules, at, place=place, now=now))
            else:
                found.append(_missing(conn, stream, at, known_since=known.created_at, now=now))
    return found


def _stored(
    conn: Connection, segment: StoredSegment, rules: RuleBook, at: datetime, *, place: str, now: datetime
) -> Why:
    claims = retention.claims(conn, [segment], {segment.camera: rules.keeps(segment.camera)})
    # Of the events only those that claim this instant keep it; the rest of its segment may stay longer.
    own = [claim for claim in claims.get(segment.camera, ()) if claim.when.start <= at < claim.when.end]
    is_left = any(span.start <= at < span.end for span in claimed(segment))
    fate = rules.fate(segment, now, own) if is_left else None
    return Why(
        role=segment.role,
        here=Here.STORED if is_left else Here.DELETED,
        reason=GIVEN_UP if fate is None else fate.reason,
        segment=segment.id,
        when=segment.when,
        size_bytes=segment.size_bytes,
        data_class=segment.data_class.value,
        place=place,
        fate=fate,
    )


def _missing(
    conn: Connection, stream: cameras.SealedStream, at: datetime, *, known_since: datetime, now: datetime
) -> Why:
    span = Interval(at, at + INSTANT)
    for gone in footage.deletions(conn, stream.camera, span):
        if gone.stream == stream.id:
            return Why(
                role=stream.role,
                here=Here.DELETED,
                reason=gone.reason,
                segment=gone.segment,
                when=gone.when,
                deleted_at=gone.dropped_at,
            )
    for gap in footage.gaps_between(conn, stream.id, span):
        reason = gap.detail or gap.cause.value.replace("_", " ")
        when = Interval(gap.started_at, gap.ended_at or max(now, gap.started_at))
        return Why(role=stream.role, here=Here.GAP, reason=reason, when=when)
    if at >= now:
        reason = "it has not happened yet"
    elif at < known_since:
        reason = "the camera was not known yet"
    else:
        reason = "nothing was recorded, and no cause is known"
    return Why(role=stream.role, here=Here.NOTHING, reason=reason)


def list_rules(house: House, asking: Asking) -> list[CameraRules]:
    """The rules of each of the asker's cameras, with who says each."""
    require(house, asking, Action.SEE_STATUS, INSTALLATION)
    scope = visible_cameras(asking.subject, Action.SEE_STATUS)
    with house.catalog.transaction(asking.subject.name) as conn:
        book = read_rules(conn, house.clock.now())
        known = cameras.list_cameras(conn, scope=scope)
    return [
        CameraRules(
            camera=camera.id, name=camera.name, rules=[book.of(camera.id)[each] for each in FOOTAGE_CLASSES]
        )
        for camera in known
    ]


def list_deletions(house: House, asking: Asking, *, days: int) -> list[Going]:
    """What goes by its age in each of the next days, to the hour, by camera and class; of the asker's.

    What is due already and not gone yet counts to the first day. What is held is left out.

    Raises:
        Invalid: More days than a month, or none.
    """
    require(house, asking, Action.SEE_STATUS, INSTALLATION)
    if not 1 <= days <= MOST_DAYS_AHEAD:
        raise Invalid(f"Ask for 1 to {MOST_DAYS_AHEAD} days.", field="days")
    outlook = read_outlook(house, asking)
    scope = visible_cameras(asking.subject, Action.SEE_STATUS)
    now = house.clock.now()
    found: list[Going] = []
    with house.catalog.transaction(asking.subject.name) as conn:
        for number in range(days):
            since = datetime.min.replace(tzinfo=UTC) if number == 0 else now + number * DAY
            when = Interval(since, now + (number + 1) * DAY)
            day = Interval(now + number * DAY, when.end)
            going = going_between(conn, outlook.stored, outlook.rules, when, scope=scope, to_the_hour=True)
            found += [replace(each, when=day) for each in going]
    return found


def what_if(house: House, asking: Asking, days: Mapping[CameraId, int]) -> WhatIf:
    """Say what other days of raw footage would do, for some cameras; nothing is saved.

    Raises:
        NotFound: A camera is missing or foreign.
        Forbidden: The asker may not configure one of them.
        Invalid: Days that nothing can be kept for.
    """
    require(house, asking, Action.SEE_STATUS, INSTALLATION)
    for camera, count in days.items():
        require(house, asking, Action.CONFIGURE, CameraObject(camera))
        if not 1 <= count <= LONGEST_DAYS:
            raise Invalid(f"Footage is kept for 1 to {LONGEST_DAYS} days.", field="days")
    outlook = read_outlook(house, asking)
    now = house.clock.now()
    with house.catalog.transaction(asking.subject.name) as conn:
        for camera in days:
            camera_list.load(conn, camera)
        going = _freed(conn, outlook, days, now)
    return WhatIf(
        names=outlook.names,
        going=going,
        before=seen_by(asking, outlook.forecast()),
        after=seen_by(asking, outlook.forecast(outlook.rules.changed(days))),
    )


def _freed(conn: Connection, outlook: Outlook, days: Mapping[CameraId, int], now: datetime) -> list[Going]:
    """What is due by the other rules and is not by those that stand."""
    everything = Interval(datetime.min.replace(tzinfo=UTC), now + INSTANT)
    scope = frozenset(days)
    other = outlook.rules.changed(days)
    found = going_between(conn, outlook.stored, other, everything, scope=scope)
    due = {
        (each.camera, each.data_class): each
        for each in going_between(conn, outlook.stored, outlook.rules, everything, scope=scope)
    }
    freed = [each.without(due.get((each.camera, each.data_class))) for each in found]
    return [each for each in freed if each.segments > 0]
