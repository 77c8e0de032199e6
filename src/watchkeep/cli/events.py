"""`watchkeep events`: list, show."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from watchkeep.application import events
from watchkeep.cli.filters import (
    CamerasOption,
    EndOption,
    KindsOption,
    LimitOption,
    ObjectsOption,
    SeverityOption,
    SeverityWord,
    StartOption,
    cameras_of,
    checked_span,
    tell_of_more,
    words_of,
)
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output, instant
from watchkeep.domain.event_record import EventFilter, StoredEvent
from watchkeep.domain.ids import EventId, RuleId
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine

app = typer.Typer(help="What happened before the cameras.", no_args_is_help=True)

COLUMNS = ("started_at", "camera", "kind", "object", "severity", "confidence", "rule", "ended_at", "id")


@app.command("list")
def list_(  # noqa: PLR0917  # typer reads them by name
    camera: CamerasOption = None,
    kind: KindsOption = None,
    objects: ObjectsOption = None,
    severity: SeverityOption = SeverityWord.INFO,
    rule: Annotated[UUID | None, typer.Option(help="Only what this rule told.")] = None,
    start: StartOption = None,
    end: EndOption = None,
    limit: LimitOption = 50,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """List events, newest first; those that touch the span when one is given."""
    output = Output(json)
    since, until = checked_span(start, end)
    wanted = EventFilter(
        cameras=cameras_of(camera),
        kinds=words_of(kind),
        objects=words_of(objects),
        least_severity=int(severity.severity),
        rule=None if rule is None else RuleId(rule),
        begun_from=events.earliest_start(since),
        begun_to=events.last_start(until),
        lasts_until=since,
    )
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        page = events.list_events(opened.house, opened.asking, wanted, cursor=None, limit=limit)
    output.show_rows([_facts(stored) for stored in page.items], COLUMNS, "No events.")
    tell_of_more(page.next, json=json)


@app.command()
def show(
    event: Annotated[UUID, typer.Argument(help="Its id, as `watchkeep events list` shows it.")],
    picture: Annotated[Path | None, typer.Option(help="Write its picture there, as JPEG.")] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Show one event: what was seen, which rule told it, and why it is so severe."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        stored = events.read_event(opened.house, opened.asking, EventId(event))
        if picture is not None:
            picture.write_bytes(events.read_picture(opened.house, opened.asking, EventId(event)).jpeg)
    output.show_facts({**_facts(stored), **_details(stored)})


def _facts(stored: StoredEvent) -> dict[str, Fact]:
    event = stored.event
    return {
        "id": str(event.id),
        "camera": event.camera,
        "kind": event.kind.value,
        "object": event.object_type,
        "started_at": instant(event.started_at),
        "ended_at": instant(event.ended_at),
        "severity": event.severity.name.lower(),
        "confidence": round(event.confidence, 2),
        "rule": stored.rule_name,
    }


def _details(stored: StoredEvent) -> dict[str, Fact]:
    event = stored.event
    return {
        "incident": None if stored.incident is None else str(stored.incident),
        "end_reason": None if event.end_reason is None else event.end_reason.value,
        "detected_at": instant(event.detected_at),
        "severity_reasons": list(event.severity_reasons),
        "direction": None if event.direction is None else event.direction.value,
        "flags": [flag.value for flag in event.flags],
        "box": [
            round(value, 4) for value in (event.box.left, event.box.top, event.box.right, event.box.bottom)
        ],
        "has_picture": stored.picture is not None,
        "rule_id": str(event.rule),
        "rule_version": event.rule_version,
        "track": str(event.track),
        "model": f"{stored.model_name} {stored.model_version}".strip(),
        "revision": event.revision,
    }
