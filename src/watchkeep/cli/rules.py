"""`watchkeep rules`: list, add, change, remove."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

import typer

from watchkeep.application import cameras, rules
from watchkeep.application.rules import RuleChange, RuleView
from watchkeep.cli.filters import SeverityWord, checked_points
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output
from watchkeep.domain.errors import Invalid
from watchkeep.domain.geometry import Point
from watchkeep.domain.ids import CameraId, RuleId
from watchkeep.domain.rule import Anchor, Direction, EventKind, RuleText
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine

app = typer.Typer(help="What is to be told of a camera.", no_args_is_help=True)

COLUMNS = ("camera", "name", "kind", "objects", "severity", "is_enabled", "lacking", "id")

CameraArgument = Annotated[str, typer.Argument(help="Its id, as `watchkeep camera list` shows it.")]
RuleArgument = Annotated[UUID, typer.Argument(help="Its id, as `watchkeep rules list` shows it.")]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        help='Corners of a zone: "0.1,0.2 0.5,0.2 0.5,0.8", shares of the picture from its top left.'
    ),
]
LineOption = Annotated[str | None, typer.Option(help='Points of a line: "0.1,0.5 0.9,0.5".')]
ObjectsOption = Annotated[str | None, typer.Option(help="What it is about, with commas: person,vehicle.")]
DirectionOption = Annotated[
    Direction | None,
    typer.Option(help="Across a line, for someone who walks from its first point to its last."),
]
SeverityOption = Annotated[SeverityWord | None, typer.Option(help="What an event of it is worth.")]
AnchorOption = Annotated[
    Anchor | None,
    typer.Option(help="Which point of a thing counts; centre if the camera looks straight down."),
]


@app.command("list")
def list_(
    camera: Annotated[str | None, typer.Argument(help="Only this camera's.")] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """List the rules of a camera, or of all."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        house, asking = opened.house, opened.asking
        every = [each.id for each in cameras.list_cameras(house, asking)] if camera is None else []
        wanted = every if camera is None else [CameraId(camera)]
        found = [view for each in wanted for view in rules.list_rules(house, asking, each)]
    output.show_rows([_facts(view) for view in found], COLUMNS, "No rules.")


@app.command()
def add(  # noqa: PLR0917  # typer reads them by name
    camera: CameraArgument,
    name: Annotated[str, typer.Argument(help="What people call it.")],
    objects: ObjectsOption = "person,vehicle",
    zone: ZoneOption = None,
    line: LineOption = None,
    direction: DirectionOption = None,
    severity: SeverityOption = None,
    anchor: AnchorOption = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Add a rule: about a zone, a line, or the whole picture when neither is given."""
    output = Output(json)
    if direction is not None and line is None:
        raise Invalid("--direction is that across a line; give --line as well")
    wish = replace(
        _change(zone, line, objects, is_whole_picture=False),
        direction=direction,
        severity=None if severity is None else severity.severity,
        anchor=anchor,
    )
    text = wish.applied(RuleText(name=name.strip(), kind=EventKind.OBJECT, objects=()))
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        made = rules.add_rule(opened.house, opened.asking, CameraId(camera), text)
    output.show(_facts(made), f"{made.rule.text.name} is added as {made.rule.id}; it is applied in seconds.")


@app.command()
def change(  # noqa: PLR0917  # typer reads them by name
    camera: CameraArgument,
    rule: RuleArgument,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    objects: ObjectsOption = None,
    zone: ZoneOption = None,
    line: LineOption = None,
    is_whole_picture: Annotated[
        bool, typer.Option("--whole-picture", help="Make it about the whole picture.")
    ] = False,
    direction: DirectionOption = None,
    severity: SeverityOption = None,
    anchor: AnchorOption = None,
    is_enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it is applied.")
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Change a rule; what is left out stays, and what it told so far keeps the old text."""
    output = Output(json)
    where = _change(zone, line, objects, is_whole_picture=is_whole_picture)
    wish = replace(
        where,
        name=None if name is None else name.strip(),
        direction=direction,
        severity=None if severity is None else severity.severity,
        anchor=anchor,
        is_enabled=is_enabled,
    )
    if wish == RuleChange():
        raise Invalid("there is nothing to change; `watchkeep rules change --help` says what can be")
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        made = rules.change_rule(opened.house, opened.asking, CameraId(camera), RuleId(rule), wish)
    output.show(_facts(made), f"{made.rule.text.name} is changed; its version is {made.rule.version}.")


@app.command()
def remove(
    camera: CameraArgument,
    rule: RuleArgument,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Remove a rule; what it told stays."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        rules.remove_rule(opened.house, opened.asking, CameraId(camera), RuleId(rule))
    output.show({"removed": str(rule)}, f"The rule {rule} is removed; what it told stays.")


def _change(zone: str | None, line: str | None, objects: str | None, *, is_whole_picture: bool) -> RuleChange:
    """What the options say of place and objects."""
    if sum((zone is not None, line is not None, is_whole_picture)) > 1:
        raise Invalid("a rule is about a zone, a line or the whole picture; give one of them")
    kind: EventKind | None = None
    points: tuple[Point, ...] | None = None
    if zone is not None:
        kind, points = EventKind.ZONE_VISIT, checked_points(zone, "--zone")
    elif line is not None:
        kind, points = EventKind.LINE_CROSS, checked_points(line, "--line")
    elif is_whole_picture:
        kind, points = EventKind.OBJECT, ()
    names = None if objects is None else [name.strip() for name in objects.split(",")]
    return RuleChange(
        kind=kind,
        points=points,
        objects=None if names is None else tuple(dict.fromkeys(name for name in names if name)),
    )


def _facts(view: RuleView) -> dict[str, Fact]:
    text = view.rule.text
    return {
        "id": str(view.rule.id),
        "camera": view.rule.camera,
        "version": view.rule.version,
        "name": text.name,
        "kind": text.kind.value,
        "objects": list(text.objects),
        "points": [[point.x, point.y] for point in text.points],
        "direction": text.direction.value,
        "severity": text.severity.name.lower(),
        "anchor": text.anchor.value,
        "is_enabled": text.is_enabled,
        "lacking": list(view.lacking),
    }
