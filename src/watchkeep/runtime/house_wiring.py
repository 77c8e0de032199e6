"""Builds the house that the application works on, of an opened node."""

from importlib.resources import files
from pathlib import Path

from watchkeep.application.house import ClockTrust, FootageVolume, House, Site
from watchkeep.runtime.demonstration_state import read_state
from watchkeep.runtime.probe_child import ChildProber
from watchkeep.runtime.shards import Spools, find_socket
from watchkeep.runtime.tiers import tiers_of
from watchkeep.runtime.wiring import Node


def build_house(node: Node) -> House:
    """The house of a node; nothing is connected or read before it is asked."""
    machine, recording = node.machine, node.settings.recording
    space = node.volume.space()
    return House(
        catalog=node.catalog,
        keystore=node.keystore,
        volumes=[
            FootageVolume(
                volume=node.volume,
                label=str(node.volume.root),
                root=node.volume.root,
                reserve_bytes=recording.reserve_free.of(space.total_bytes),
            )
        ],
        tiered=node.volumes,
        tiers=tiers_of(node.settings),
        spool=Spools(node.paths, fs=machine.fs),
        clock=machine.clock,
        rng=machine.rng,
        fs=machine.fs,
        site=site_of(node),
        prober=ChildProber(),
        recorder_socket=find_socket(node.paths, fs=machine.fs),
        simulator_ports=frozenset(node.settings.cameras.simulator_ports),
        webui=_page(),
        default_retention_days=recording.retention_days,
        allows_audio=recording.audio,
        is_detecting=node.settings.analysis.enabled,
        demo_state=lambda: read_state(node.paths, fs=machine.fs),
        clock_trust=lambda: _trust(node.clock_is_synchronised()),
    )


def site_of(node: Node) -> Site:
    """The one site of an installation; it has the installation's id."""
    return Site(id=node.installation, name=node.settings.site.name, zone=node.settings.site.zone)


def _trust(is_synchronised: bool | None) -> ClockTrust:
    if is_synchronised is None:
        return ClockTrust.UNKNOWN
    return ClockTrust.SYNCHRONISED if is_synchronised else ClockTrust.FREE_RUNNING


def _page() -> Path | None:
    folder = Path(str(files("watchkeep"))) / "webui"
    return folder if (folder / "index.html").is_file() else None
