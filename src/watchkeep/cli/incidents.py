"""`watchkeep incidents`: list, mark."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from watchkeep.application import incidents
from watchkeep.application.incidents import Marks
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
from watchkeep.domain.ids import IncidentId
from watchkeep.domain.incident import Incident, IncidentFilter
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine

app = typer.Typer(help="Events that people review as one.", no_args_is_help=True)

COLUMNS = ("started_at", "camera", "kinds", "objects", "severity", "event_count", "seen_by", "verdict", "id")


class VerdictWord(StrEnum):
    """What a person says of an incident."""

    TRUE = "true"
    FALSE = "false"
    NONE = "none"

    @property
    def verdict(self) -> bool | None:
        """The same, as the application takes it."""
        return None if self is VerdictWord.NONE else self is VerdictWord.TRUE


@app.command("list")
def list_(  # noqa: PLR0917  # typer reads them by name
    camera: CamerasOption = None,
    kind: KindsOption = None,
    objects: ObjectsOption = None,
    severity: SeverityOption = SeverityWord.INFO,
    verdict: Annotated[VerdictWord | None, typer.Option(help="Only those of which this was said.")] = None,
    seen: Annotated[bool | None, typer.Option("--seen/--unseen", help="Only those.")] = None,
    start: StartOption = None,
    end: EndOption = None,
    limit: LimitOption = 50,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """List incidents, newest first; those that touch the span when one is given."""
    output = Output(json)
    since, until = checked_span(start, end)
    wanted = IncidentFilter(
        cameras=cameras_of(camera),
        kinds=words_of(kind),
        objects=words_of(objects),
        least_severity=int(severity.severity),
        is_seen=seen,
        has_verdict=None if verdict is None else verdict is not VerdictWord.NONE,
        verdict=None if verdict is None else verdict.verdict,
        since=since,
        until=until,
    )
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        page = incidents.list_incidents(opened.house, opened.asking, wanted, cursor=None, limit=limit)
    output.show_rows([_facts(view.incident) for view in page.items], COLUMNS, "No incidents.")
    tell_of_more(page.next, json=json)


@app.command()
def mark(
    incident: Annotated[UUID, typer.Argument(help="Its id, as `watchkeep incidents list` shows it.")],
    seen: Annotated[bool | None, typer.Option("--seen/--unseen", help="Somebody has looked at it.")] = None,
    verdict: Annotated[
        VerdictWord | None, typer.Option(help="Whether it was true; none takes a verdict back.")
    ] = None,
    archived: Annotated[
        bool | None,
        typer.Option("--archived/--unarchived", help="Keep it and its footage as an archived event."),
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Mark an incident seen, true or a false alarm, or archived."""
    output = Output(json)
    marks = Marks(
        is_seen=seen,
        is_archived=archived,
        sets_verdict=verdict is not None,
        verdict=None if verdict is None else verdict.verdict,
    )
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        marked = incidents.mark_incident(opened.house, opened.asking, IncidentId(incident), marks).incident
    is_seen = "seen" if marked.seen_at is not None else "not seen"
    output.show(_facts(marked), f"It is {is_seen}; verdict: {_verdict(marked) or 'none'}.")


def _facts(incident: Incident) -> dict[str, Fact]:
    return {
        "id": str(incident.id),
        "camera": incident.camera,
        "started_at": instant(incident.started_at),
        "ended_at": instant(incident.ended_at),
        "severity": incident.severity.name.lower(),
        "kinds": list(incident.kinds),
        "objects": list(incident.objects),
        "event_count": incident.event_count,
        "best_event": str(incident.best_event),
        "has_picture": incident.has_picture,
        "seen_at": instant(incident.seen_at),
        "seen_by": incident.seen_by,
        "verdict": _verdict(incident),
        "verdict_by": incident.verdict_by,
        "archived_by": incident.archived_by,
    }


def _verdict(incident: Incident) -> str | None:
    return None if incident.verdict is None else "true" if incident.verdict else "false"
