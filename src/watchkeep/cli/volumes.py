"""`watchkeep volumes`."""

from watchkeep.application.tiers import VolumeReport, read_tiers
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output, instant
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine
from watchkeep.runtime.units import format_size

COLUMNS = ("tier", "volume", "condition", "footage", "free", "seen_at", "detail")


def volumes(data: DataOption = None, json: JsonOption = False) -> None:
    """List the volumes of all tiers: how each was when it was last seen, and how full."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        report = read_tiers(opened.house, opened.asking)
    rows = [_facts(volume, volume.tier) for tier in report.tiers for volume in tier.volumes]
    rows += [_unseen(label, each.tier.name) for each in report.tiers for label in each.waiting]
    rows += [_facts(volume, "(none)") for volume in report.forgotten]
    shown = rows if json else [{**row, **_words(row)} for row in rows]
    output.show_rows(shown, COLUMNS, "No volume was seen yet; start Watchkeep once.")


def _facts(volume: VolumeReport, tier: str) -> dict[str, Fact]:
    return {
        "id": str(volume.id),
        "tier": tier,
        "volume": volume.label,
        "condition": volume.condition.value,
        "since": instant(volume.since),
        "detail": volume.detail,
        "footage_bytes": volume.used_bytes,
        "free_bytes": volume.free_bytes,
        "total_bytes": volume.total_bytes,
        "reserve_bytes": volume.reserve_bytes,
        "seen_at": instant(volume.seen_at),
    }


def _unseen(label: str, tier: str) -> dict[str, Fact]:
    nothing = dict.fromkeys(("id", "since", "footage_bytes", "free_bytes", "total_bytes", "seen_at"))
    return {
        **nothing,
        "tier": tier,
        "volume": label,
        "condition": "away",
        "detail": "it was never reached",
        "reserve_bytes": 0,
    }


def _words(row: dict[str, Fact]) -> dict[str, Fact]:
    footage, free = row["footage_bytes"], row["free_bytes"]
    return {
        "footage": format_size(footage) if isinstance(footage, int) else None,
        "free": format_size(free) if isinstance(free, int) else "no bounds" if row["seen_at"] else None,
    }
