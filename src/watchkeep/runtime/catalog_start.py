"""Brings the catalog up to date at the start and makes sure that it is this installation's."""

from collections.abc import Callable
from datetime import datetime

from watchkeep.application import demo
from watchkeep.application.setup import make_token
from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import Conflict
from watchkeep.runtime.house_wiring import build_house, site_of
from watchkeep.runtime.tiers import claim_new_volumes, plans_of
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import cameras, partitions, settings, volumes
from watchkeep.storage.catalog.cameras import Site
from watchkeep.storage.catalog.connection import CatalogRole, Connection
from watchkeep.storage.catalog.migrations import migrate, pending
from watchkeep.storage.catalog.volumes import StoredVolume, VolumeKind

INSTALLATION_SETTING = "installation"
DAYS_AHEAD = 2


def claim_catalog(node: Node, *, step: Callable[[str], None]) -> Secret:
    """Migrate, check whose catalog it is, note the site, make partitions; returns the set-up token.

    Returns:
        The single-use token for the first administrator; empty when there is one.

    Raises:
        CatalogUnavailable: The database does not answer.
        Conflict: The catalog belongs to another installation or to a newer Watchkeep.
    """
    owner = node.dsn(CatalogRole.OWNER).reveal()
    missing = len(pending(owner))
    if missing:
        step(f"bringing the catalog up to date ({missing} steps)")
        migrate(owner)
    claim_new_volumes(node.volumes, node.settings, node.paths, node.machine)
    own = str(node.installation)
    now = node.machine.clock.now()
    with node.catalog.transaction("system") as connection:
        found = settings.get(connection, INSTALLATION_SETTING)
        if found is not None and found != own:
            raise Conflict(
                f"the database belongs to another installation ({found}) than {node.paths.root}; "
                "name another with database.dsn",
                installation=found,
            )
        if found is None:
            settings.put(connection, INSTALLATION_SETTING, own)
        site = site_of(node)
        cameras.put_site(connection, Site(id=site.id, name=site.name, zone=site.zone))
        partitions.prepare(connection, today=now.date(), days_ahead=DAYS_AHEAD)
        note_volumes(connection, node, now)
    return Secret(make_token(build_house(node)) or "")


def is_demonstration_wanted(node: Node) -> bool:
    """Say whether the demonstration cameras are switched on.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    with node.catalog.transaction("system") as connection:
        return settings.get(connection, demo.WANTED) == "on"


def note_volumes(connection: Connection, node: Node, now: datetime) -> None:
    """Say in the catalog which volumes the settings name; those that they name no more are out of use."""
    named = {each.id: each for each in node.volumes if each.id is not None}
    plans = {plan.tier.name: plan for plan in plans_of(node.settings, node.volumes)}
    for identity, attached in named.items():
        margin = plans[attached.tier].margin
        # Others are looked at by the keeper: one that hangs must not hold up the start.
        space = node.volume.space() if identity == node.volume.id else None
        stored = StoredVolume(
            id=identity,
            kind=attached.kind,
            location=attached.label,
            tier=attached.tier,
            reserve_bytes=margin.size_bytes if space is None else margin.of(space.total_bytes),
            created_at=now,
        )
        volumes.put_volume(connection, stored)
    for known in volumes.list_volumes(connection):
        # An adopted tree is in no settings: a person took it in, and takes it out.
        if known.id not in named and known.kind is not VolumeKind.ADOPTED:
            volumes.retire_volume(connection, known.id, at=now)
