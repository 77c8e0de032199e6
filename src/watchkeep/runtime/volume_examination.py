"""What `doctor` says of each volume, and what it finds when it compares it with the catalog."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from uuid import UUID

from watchkeep.domain.errors import NotFound, VolumeAway, WatchkeepError
from watchkeep.domain.ids import SegmentId
from watchkeep.domain.tier import Condition
from watchkeep.lifecycle.bucket_comparison import compare_blobs
from watchkeep.lifecycle.comparison import Store, compare
from watchkeep.lifecycle.findings import Comparison, Depth
from watchkeep.runtime.units import format_size
from watchkeep.runtime.wiring import Node
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.volumes import Attached
from watchkeep.storage.catalog import footage, placements, volumes
from watchkeep.storage.catalog.recorder_rows import StoredSegment


def compare_volumes(node: Node, depth: Depth, *, advance: Callable[[int], None]) -> Comparison:
    """Compare every volume that is there with the rows that name it; one that is away is passed over.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    whole = Comparison(depth=depth)
    for attached in node.volumes:
        if attached.id is None:
            continue
        try:
            before = whole.row_count
            found = _compare(node, attached, attached.id, depth, advance=partial(_further, advance, before))
        except VolumeAway:
            continue  # `volume_sentences` says so
        _add(whole, found, "" if attached.id == node.volume.id else f"{attached.label}: ")
    return whole


def volume_sentences(node: Node) -> Iterator[tuple[Attached, Condition, str]]:
    """How each volume is, but the one that is recorded to, of which the disk's own check speaks."""
    for attached in node.volumes:
        if attached.id == node.volume.id:
            continue
        look, name = attached.look(), f"{attached.label} ({attached.tier})"
        if look.condition is not Condition.GOOD:
            yield attached, look.condition, f"{name} is {look.condition}: {look.detail}"
        elif look.space is None:
            yield attached, look.condition, f"{name} answers."
        else:
            free, total = format_size(look.space.free_bytes), format_size(look.space.total_bytes)
            room = f"{free} of {total} free"
            yield attached, look.condition, f"{room} on {name}."


def forgotten_sentences(node: Node) -> Iterator[str]:
    """Volumes that hold footage and that the settings name no more.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    with node.catalog.transaction("doctor") as connection:
        known = volumes.volume_states(connection)
    for state in known:
        if state.is_retired:
            yield (
                f"{format_size(state.used_bytes)} lie on {state.volume.location}, which the settings "
                "name no more; name it under storage.tiers again, or let the footage expire."
            )


def _compare(
    node: Node, attached: Attached, volume: UUID, depth: Depth, *, advance: Callable[[int], None]
) -> Comparison:
    blobs = attached.blobs()
    keys = node.keystore.find_shred_key

    def rows() -> list[StoredSegment]:
        # All at once: a transaction must not stay open while files are read.
        with node.catalog.transaction("doctor") as connection:
            own = [each for each in footage.all_segments(connection) if each.volume == volume]
            return own + placements.placements_on(connection, volume)

    def row(identifier: SegmentId) -> StoredSegment | None:
        try:
            with node.catalog.transaction("doctor") as connection:
                found = footage.segment(connection, identifier)
                if found.volume == volume:
                    return found
                paths = [path for there, path in placements.whereabouts(connection, found) if there == volume]
        except NotFound:
            return None
        return replace(found, volume=volume, path=paths[0]) if paths else None

    if isinstance(blobs, DiskBlobs):
        store = Store(
            volume=blobs.volume,
            fs=node.machine.fs,
            clock=node.machine.clock,
            keys=keys,
            rows=rows,
            row=row,
        )
        return compare(store, depth, advance=advance)
    try:
        return compare_blobs(blobs, rows, row, keys=keys, depth=depth)
    except WatchkeepError as error:
        raise VolumeAway(str(error)) from error


def _further(advance: Callable[[int], None], before: int, done: int) -> None:
    advance(before + done)


def _add(whole: Comparison, part: Comparison, prefix: str) -> None:
    whole.findings += [
        replace(each, place=prefix + each.place, sentence=prefix + each.sentence) for each in part.findings
    ]
    whole.row_count += part.row_count
    whole.file_count += part.file_count
    whole.read_bytes += part.read_bytes
    whole.known_lost += part.known_lost
