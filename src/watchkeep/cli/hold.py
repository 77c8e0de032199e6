"""`watchkeep hold`: add, list, release, confirm, withdraw, extend."""

from typing import Annotated
from uuid import UUID

import typer

from watchkeep.application import hold_changes, holds
from watchkeep.application.hold_views import HoldView
from watchkeep.application.holds import HoldWish
from watchkeep.cli.filters import (
    EndOption,
    LimitOption,
    StartOption,
    checked_instant,
    checked_span,
    tell_of_more,
)
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output, instant
from watchkeep.domain.errors import Invalid
from watchkeep.domain.hold import Because, HoldFilter
from watchkeep.domain.ids import CameraId, EventId, HoldId, IncidentId
from watchkeep.domain.interval import Interval
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine
from watchkeep.runtime.units import format_size

app = typer.Typer(help="Footage that is kept whatever the policies say.", no_args_is_help=True)

COLUMNS = ("from", "to", "cameras", "reason", "owner", "size_bytes", "expires_at", "state", "id")
HoldArgument = Annotated[UUID, typer.Argument(help="Its id, as `watchkeep hold list` shows it.")]
ReasonOption = Annotated[str, typer.Option(help="Why.")]
UntilOption = Annotated[str | None, typer.Option("--until", help="When the hold ends by itself.")]


@app.command()
def add(  # noqa: PLR0917  # typer reads them by name
    reason: ReasonOption,
    camera: Annotated[list[str] | None, typer.Option(help="Its id; may be given several times.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every camera, those added later too.")] = False,
    start: StartOption = None,
    end: EndOption = None,
    incident: Annotated[
        UUID | None, typer.Option(help="Hold this incident, with half a minute around it.")
    ] = None,
    event: Annotated[UUID | None, typer.Option(help="Hold this event, with half a minute around it.")] = None,
    case: Annotated[str, typer.Option(help="A name of your own.")] = "",
    until: UntilOption = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Hold footage of a span, an incident or an event."""
    output = Output(json)
    if camera and every:
        raise Invalid("Name cameras, or all of them by --all, not both", field="--all")
    wish = HoldWish(
        reason=reason,
        cameras=frozenset(CameraId(each) for each in camera or ()),
        is_for_all=every,
        when=_span(start, end),
        because=Because(
            incident=None if incident is None else IncidentId(incident),
            event=None if event is None else EventId(event),
            case=case,
        ),
        expires_at=None if until is None else checked_instant(until, "--until"),
    )
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        placed = holds.place_hold(opened.house, opened.asking, wish)
    size = "what is there" if placed.kept is None else format_size(placed.kept.size_bytes)
    going = f" {placed.going} segments of it were doomed before and go." if placed.going else ""
    output.show(_facts(placed), f"Hold {placed.hold.id} keeps {size}, {_until(placed)}.{going}")


@app.command("list")
def list_(  # typer reads them by name
    camera: Annotated[str | None, typer.Option(help="Only those that hold this camera.")] = None,
    start: StartOption = None,
    end: EndOption = None,
    ended: Annotated[bool, typer.Option("--ended", help="Released and expired ones, too.")] = False,
    limit: LimitOption = 50,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """List holds, newest first; those that touch the span when one is given."""
    output = Output(json)
    since, until = checked_span(start, end)
    wanted = HoldFilter(
        camera=None if camera is None else CameraId(camera), since=since, until=until, with_ended=ended
    )
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        house, asking = opened.house, opened.asking
        page = holds.list_holds(house, asking, wanted, cursor=None, limit=limit)
        shown = [holds.read_hold(house, asking, view.hold.id) for view in page.items]
    output.show_rows([_facts(view) for view in shown], COLUMNS, "No holds.")
    tell_of_more(page.next, json=json)


@app.command()
def release(
    hold: HoldArgument,
    reason: ReasonOption,
    until: Annotated[str | None, typer.Option("--until", help="Let it end then instead of at once.")] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Ask for the release of a hold, or for an earlier end; another person confirms it."""
    output = Output(json)
    ends_at = None if until is None else checked_instant(until, "--until")
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        asked = hold_changes.ask_release(
            opened.house, opened.asking, HoldId(hold), reason=reason, ends_at=ends_at
        )
    output.show(_facts(asked), "The release is asked for; the hold stands until another person confirms it.")


@app.command()
def confirm(hold: HoldArgument, data: DataOption = None, json: JsonOption = False) -> None:
    """Confirm a release that another person asked for."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        view = hold_changes.confirm_release(opened.house, opened.asking, HoldId(hold))
    output.show(_facts(view), f"Hold {hold}: {view.state}, {_until(view)}.")


@app.command()
def withdraw(hold: HoldArgument, data: DataOption = None, json: JsonOption = False) -> None:
    """Take back that a release was asked for; the hold stays."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        view = hold_changes.withdraw_release(opened.house, opened.asking, HoldId(hold))
    output.show(_facts(view), f"The hold stays, {_until(view)}.")


@app.command()
def extend(
    hold: HoldArgument,
    until: UntilOption = None,
    never: Annotated[bool, typer.Option("--never", help="Let it never end by itself.")] = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Let a hold end later, or never."""
    output = Output(json)
    if (until is None) is not never:
        raise Invalid("give either --until or --never")
    expires_at = None if until is None else checked_instant(until, "--until")
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        view = hold_changes.extend_hold(opened.house, opened.asking, HoldId(hold), expires_at)
    output.show(_facts(view), f"The hold stays, {_until(view)}.")


def _span(start: str | None, end: str | None) -> Interval | None:
    first, last = checked_span(start, end)
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise Invalid("give both --from and --to, or neither")
    return Interval(first, last)


def _until(view: HoldView) -> str:
    placed = view.hold
    if placed.released_at is not None:
        return f"ended {instant(placed.released_at)}"
    return "without an end" if placed.expires_at is None else f"until {instant(placed.expires_at)}"


def _facts(view: HoldView) -> dict[str, Fact]:
    placed, wish = view.hold, view.hold.release
    return {
        "id": str(placed.id),
        "state": view.state.value,
        "cameras": ["all"] if placed.cameras is None else sorted(placed.cameras),
        "from": instant(placed.when.start),
        "to": instant(placed.when.end),
        "reason": placed.reason,
        "case": placed.because.case,
        "incident": None if placed.because.incident is None else str(placed.because.incident),
        "event": None if placed.because.event is None else str(placed.because.event),
        "owner": placed.owner.name,
        "created_at": instant(placed.created_at),
        "expires_at": instant(placed.expires_at),
        "release_asked_by": None if wish is None else wish.asked_by.name,
        "release_reason": None if wish is None else wish.reason,
        "released_at": instant(placed.released_at),
        "released_by": None if placed.released_by is None else placed.released_by.name,
        "size_bytes": None if view.kept is None else view.kept.size_bytes,
        "going_segments": view.going,
    }
