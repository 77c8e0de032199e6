"""`watchkeep policy`: how long things are kept, where, and who says so."""

from datetime import timedelta
from typing import Annotated

import typer

from watchkeep.application import policies
from watchkeep.application.policies import CameraPolicies, ClassChange, PlaceChange
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output
from watchkeep.domain.category import DataClass, DataClassPolicy
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import CameraId
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine
from watchkeep.runtime.units import format_size, parse_reserve

app = typer.Typer(help="How long things are kept, where, and who says so.", no_args_is_help=True)

ClassArgument = Annotated[DataClass, typer.Argument(help="Which data class.")]
CameraArgument = Annotated[str, typer.Argument(help="The camera's id.")]
DaysOption = Annotated[int | None, typer.Option("--days", min=1, max=36_500, help="Days to keep.")]
CopiesOption = Annotated[int | None, typer.Option("--copies", min=1, max=9, help="On different volumes.")]
TierOption = Annotated[
    list[str] | None, typer.Option("--tier", help="It may lie on this tier only; may be given several times.")
]
InheritOption = Annotated[
    list[str] | None, typer.Option("--inherit", help="keep, replicas or residency: say it no more.")
]


@app.command("list")
def list_(data: DataOption = None, json: JsonOption = False) -> None:
    """List what each data class says."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = policies.list_classes(opened.house, opened.asking)
    columns = ("class", "keep_days", "longest_days", "sensitivity", "copies", "tiers", "quota")
    output.show_rows([_facts(name, each) for name, each in found.items()], columns, "")


@app.command()
def show(camera: CameraArgument, data: DataOption = None, json: JsonOption = False) -> None:
    """Show what holds for a camera, and who says each number."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = policies.read_camera(opened.house, opened.asking, CameraId(camera))
    _show(output, found)


@app.command("set")
def set_(  # noqa: PLR0917  # typer reads them by name
    data_class: ClassArgument,
    days: DaysOption = None,
    longest: Annotated[
        int | None, typer.Option(min=0, max=36_500, help="Legal maximum, days; 0: none.")
    ] = None,
    quota: Annotated[str | None, typer.Option(help="Like 500 GB; 0 B: none. Footage only.")] = None,
    copies: CopiesOption = None,
    tier: TierOption = None,
    before: Annotated[int | None, typer.Option(min=0, max=3600, help="Seconds kept before an event.")] = None,
    after: Annotated[int | None, typer.Option(min=0, max=3600, help="Seconds kept after an event.")] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Change what a data class says, for all who inherit it."""
    output = Output(json)
    change = ClassChange(
        keep=_days(days),
        longest=_days(longest),
        quota_bytes=None if quota is None else _size(quota),
        replicas=copies,
        residency=tuple(tier) if tier else None,
        before=None if before is None else timedelta(seconds=before),
        after=None if after is None else timedelta(seconds=after),
    )
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        changed = policies.change_class(opened.house, opened.asking, data_class, change)
    output.show_facts(_facts(data_class, changed))


@app.command("set-camera")
def set_camera(  # noqa: PLR0917  # typer reads them by name
    camera: CameraArgument,
    data_class: ClassArgument,
    days: DaysOption = None,
    copies: CopiesOption = None,
    tier: TierOption = None,
    inherit: InheritOption = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Change what a camera says of a class of footage."""
    output = Output(json)
    change = _place_change(days, copies, tier, inherit)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        changed = policies.change_camera(opened.house, opened.asking, CameraId(camera), data_class, change)
    _show(output, changed)


@app.command("set-site")
def set_site(
    data_class: ClassArgument,
    days: DaysOption = None,
    copies: CopiesOption = None,
    tier: TierOption = None,
    inherit: InheritOption = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Change what the site says of a class of footage."""
    output = Output(json)
    change = _place_change(days, copies, tier, inherit)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        policies.change_site(opened.house, opened.asking, data_class, change)
    output.show({"changed": data_class.value}, f"The site's policy of {data_class.value} is changed.")


@app.command()
def quota(
    camera: CameraArgument,
    size: Annotated[str, typer.Argument(help="Like 500 GB, or none.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Say what all footage of a camera may take; the oldest goes first."""
    output = Output(json)
    wanted = None if size == "none" else _size(size)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        changed = policies.change_quota(opened.house, opened.asking, CameraId(camera), wanted or None)
    _show(output, changed)


def _place_change(
    days: int | None, copies: int | None, tier: list[str] | None, inherit: list[str] | None
) -> PlaceChange:
    unknown = sorted(set(inherit or ()) - {"keep", "replicas", "residency"})
    if unknown:
        raise Invalid(f"--inherit takes keep, replicas or residency, not {unknown[0]}", word=unknown[0])
    said = {"keep": days, "replicas": copies, "residency": tier}
    both = sorted(word for word in set(inherit or ()) if said[word] is not None)
    if both:
        raise Invalid(f"{both[0]} is said and inherited at once; give one of the two", word=both[0])
    return PlaceChange(
        keep=_days(days),
        replicas=copies,
        residency=tuple(tier) if tier else None,
        resets=frozenset(inherit or ()),
    )


def _show(output: Output, found: CameraPolicies) -> None:
    rows: list[dict[str, Fact]] = [
        {
            "class": each.data_class.value,
            "keep_days": each.keep.value.days,
            "said_by": each.keep.origin.value,
            "copies": each.replicas.value,
            "copies_by": each.replicas.origin.value,
            "tiers": list(each.residency.value) or "any",
            "tiers_by": each.residency.origin.value,
            "camera_quota": None if found.quota_bytes is None else format_size(found.quota_bytes),
        }
        for each in found.policies
    ]
    columns = ("class", "keep_days", "said_by", "copies", "tiers", "camera_quota")
    output.show_rows(rows, columns, "")


def _facts(data_class: DataClass, policy: DataClassPolicy) -> dict[str, Fact]:
    return {
        "class": data_class.value,
        "keep_days": policy.keep.days,
        "longest_days": None if policy.longest is None else policy.longest.days,
        "sensitivity": policy.sensitivity.value,
        "copies": policy.replicas,
        "tiers": list(policy.residency) or "any",
        "quota": None if policy.quota_bytes is None else format_size(policy.quota_bytes),
        "before_s": int(policy.before.total_seconds()),
        "after_s": int(policy.after.total_seconds()),
        "seen_with": data_class.seen_with.value,
    }


def _days(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def _size(text: str) -> int:
    try:
        reserve = parse_reserve(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no size: {error}", size=text) from None
    if reserve.share:
        raise Invalid(f"{text!r} is no size; say it in bytes, like 500 GB", size=text)
    return reserve.size_bytes
