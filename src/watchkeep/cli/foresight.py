"""`watchkeep why`, `watchkeep forecast`: why footage is here, when it goes, how much there will be."""

from datetime import datetime
from typing import Annotated

import typer

from watchkeep.application import forecast as forecasts
from watchkeep.application import retention
from watchkeep.application.footage_rules import Rule
from watchkeep.application.retention import Why
from watchkeep.cli.filters import checked_instant
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output, instant
from watchkeep.domain.forecast import CameraForecast, Forecast, TierForecast
from watchkeep.domain.hindsight import Miss
from watchkeep.domain.ids import CameraId
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine

DAY_S = 86_400
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def why(
    camera: Annotated[str, typer.Argument(help="Its id, as `watchkeep camera list` shows it.")],
    time: Annotated[str, typer.Argument(help="ISO 8601; without an offset it is UTC.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Say why the footage of a second is here and when it goes, or when and why it went."""
    output = Output(json)
    at = checked_instant(time, "TIME")
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = retention.explain(opened.house, opened.asking, CameraId(camera), at)
    output.show(
        {"items": [_why_facts(each) for each in found]}, "\n".join(_why_words(each) for each in found)
    )


def forecast(data: DataOption = None, json: JsonOption = False) -> None:
    """Say when the tiers are full, and whether each camera reaches its retention."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        outlook, found = forecasts.read_forecast(opened.house, opened.asking)
    miss = outlook.miss()
    facts = _forecast_facts(found, miss)
    if json:
        output.show(facts, "")
        return
    for tier in found.tiers:
        print(_tier_words(tier, found))
    rows = [_camera_facts(each, found.at) for each in found.cameras]
    columns = ("camera", "retention_days", "reached", "bytes_per_day", "known_hours", "steps")
    output.show_rows([{**row, "reached": row["says"]} for row in rows], columns, "No cameras.")
    if miss is not None:
        print(_miss_words(miss))


def _why_words(why_: Why) -> str:
    head = f"{why_.role}: {why_.here.value}"
    match why_.fate:
        case None if why_.deleted_at is not None:
            return f"{head}, deleted at {instant(why_.deleted_at)}: {why_.reason}"
        case None:
            return f"{head}: {why_.reason}"
        case fate:
            when = f"goes at {instant(fate.goes_at)}" if fate.goes_at else "has no date to go"
            rule = "" if fate.rule is None else f" ({_rule_words(fate.rule)})"
            return (
                f"{head} as {why_.data_class.replace('_', ' ')} on {why_.place}; {why_.reason}; {when}{rule}"
            )


def _rule_words(rule: Rule) -> str:
    name = rule.data_class.value.replace("_", " ")
    return f"{name} is kept {rule.keep.days} d, says the {rule.origin.value}"


def _why_facts(why_: Why) -> dict[str, Fact]:
    fate = why_.fate
    return {
        "role": why_.role.value,
        "here": why_.here.value,
        "reason": why_.reason,
        "segment": None if why_.segment is None else str(why_.segment),
        "from": None if why_.when is None else instant(why_.when.start),
        "to": None if why_.when is None else instant(why_.when.end),
        "data_class": why_.data_class,
        "place": why_.place,
        "size_bytes": why_.size_bytes,
        "goes_at": None if fate is None else instant(fate.goes_at),
        "rule": None if fate is None or fate.rule is None else _rule_words(fate.rule),
        "deleted_at": instant(why_.deleted_at),
    }


def _forecast_facts(found: Forecast, miss: Miss | None) -> dict[str, Fact]:
    return {
        "at": instant(found.at),
        "days_known": 0 if found.spread is None else found.spread.days,
        "spread": None if found.spread is None else round(found.spread.share, 4),
        "tiers": [
            {
                "name": tier.limit.name,
                "capacity_bytes": tier.limit.capacity_bytes,
                "stored_bytes": round(tier.line[0].expected),
                "full_at": instant(tier.full_at),
                "full_from": instant(tier.full_from),
                "full_until": instant(tier.full_until),
            }
            for tier in found.tiers
        ],
        "cameras": [_camera_facts(each, found.at) for each in found.cameras],
        "miss": None
        if miss is None
        else {
            "made_at": instant(miss.made_at),
            "expected_bytes": round(miss.expected_bytes),
            "came_bytes": round(miss.came_bytes),
            "miss": round(miss.miss, 4),
            "of_steps": round(miss.of_steps, 4),
        },
    }


def _camera_facts(camera: CameraForecast, now: datetime) -> dict[str, Fact]:
    return {
        "camera": camera.camera,
        "retention_days": camera.keep.total_seconds() / DAY_S,
        "days": None if camera.days is None else round(camera.days, 1),
        "reached_at": instant(camera.reached_at),
        "says": _reached_words(camera, now),
        "bytes_per_day": None if camera.bytes_per_day is None else round(camera.bytes_per_day),
        "known_hours": camera.known_h,
        "steps": [f"{instant(step.at)} x{step.ratio:.2f}" for step in camera.steps],
    }


def _reached_words(camera: CameraForecast, now: datetime) -> str:
    if camera.days is None:
        return f"not enough data ({camera.known_h} h)"
    if camera.reached_at is None:
        return f"not reached: {camera.days:.1f} d"
    return "reached" if camera.reached_at <= now else f"reached on {camera.reached_at:%Y-%m-%d}"


def _tier_words(tier: TierForecast, found: Forecast) -> str:
    stored = _size_words(tier.line[0].expected)
    if found.spread is None:
        return f"{tier.limit.name}: {stored} stored; not enough data to say when it is full"
    if tier.limit.capacity_bytes is None:
        return f"{tier.limit.name}: {stored} stored, nothing bounds it"
    of = f"{stored} of {_size_words(tier.limit.capacity_bytes)}"
    if tier.full_at is None:
        most = max(point.expected for point in tier.line)
        return f"{tier.limit.name}: {of}; never full, at most {_size_words(most)} (n = {found.spread.days} d)"
    edges = [edge for edge in (tier.full_from, tier.full_until) if edge is not None]
    until = f"{edges[-1]:%Y-%m-%d}" if len(edges) == 2 else "never"  # both edges are known
    band = f"between {edges[0]:%Y-%m-%d} and {until}" if edges else ""
    return f"{tier.limit.name}: {of}; full on {tier.full_at:%Y-%m-%d}, {band} (n = {found.spread.days} d)"


def _miss_words(miss: Miss) -> str:
    return (
        f"A forecast of {miss.made_at:%Y-%m-%d} would have been off by {miss.miss:+.1%}, "
        f"{miss.of_steps:+.1%} of it for bitrate steps since."
    )


def _size_words(size_bytes: float) -> str:
    value, unit = size_bytes, 0
    while value >= 999.5 and unit < len(UNITS) - 1:  # then it would be written as 1000
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} B" if unit == 0 else f"{value:.1f} {UNITS[unit]}"
