"""Brings the catalog up to date at the start and makes sure that it is this installation's."""

from collections.abc import Callable
from datetime import datetime

from watchkeep.application import demo
from watchkeep.application.setup import make_token
from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import Conflict
from watchkeep.domain.tier import DEFAULT_TIER
from watchkeep.runtime.house_wiring import build_house, site_of
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import cameras, partitions, settings, volumes
from watchkeep.storage.catalog.cameras import Site
from watchkeep.storage.catalog.connection import CatalogRole
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
        volumes.put_volume(connection, _stored_volume(node, now))
    return Secret(make_token(build_house(node)) or "")


def is_demonstration_wanted(node: Node) -> bool:
    """Say whether the demonstration cameras are switched on.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    with node.catalog.transaction("system") as connection:
        return settings.get(connection, demo.WANTED) == "on"


def _stored_volume(node: Node, now: datetime) -> StoredVolume:
    space = node.volume.space()
    return StoredVolume(
        id=node.volume.id,
        kind=VolumeKind.DISK,
        location=str(node.volume.root),
        tier=DEFAULT_TIER,
        reserve_bytes=node.settings.recording.reserve_free.of(space.total_bytes),
        created_at=now,
    )
