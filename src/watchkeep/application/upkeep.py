"""What is done by the calendar: unfinished files, reading footage again, orphans, the archive's audit.

Each is one function that may run for hours: it tells how far it is, may be cancelled between parts, goes on
where it was interrupted, and ends with one sentence. What it changed is in the audit.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from watchkeep.application.asking import INSTALLATION, Deed, asked, system_asking, write
from watchkeep.application.house import House
from watchkeep.domain.access import Action
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import VolumeAway
from watchkeep.lifecycle.found_files import FilesOfDay, ReadDay, read_day
from watchkeep.lifecycle.orphans import Places, clear_quarantine, mark_missing, put_aside
from watchkeep.lifecycle.rebuild import Rebuilding, rebuild
from watchkeep.lifecycle.scrub import Scrub, Scrubbed, Store, scrub_due, scrub_sample
from watchkeep.lifecycle.temporary_files import find_parts, remove_parts
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.catalog import audit, outbox, scrubbing, settings
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind
from watchkeep.storage.media.volume import Volume

KEEPER = system_asking("keeper")
SAMPLE = 200
"""Segments of the last day that are read each night, of all cameras."""
ARCHIVED = (DataClass.EVENT_CLIP, DataClass.ARCHIVED_EVENT)
PARTS_SEEN = "unfinished files"
DAMAGE = "damage"
"""Settings of the catalog: unfinished files of the last run, and what is damaged, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What a duty works on.

    Attributes:
        bytes_per_s: How fast footage is read.
        folders: Of the data folder, in which unfinished files may lie.
        is_clock_trusted: Whether things may be deleted by age now.
        progress: Told the share that is done, and what is being done.
        is_cancelled: Asked between parts.
        count: Told what was read again.
    """

    house: House
    bytes_per_s: int
    folders: Sequence[Path] = ()
    is_clock_trusted: bool = True
    progress: Callable[[float, str], None] = lambda *_: None
    is_cancelled: Callable[[], bool] = lambda: False
    count: Callable[[Scrubbed], None] = lambda _: None


def clean_up(upkeep: Upkeep, now: datetime) -> str:
    """Remove unfinished files that a day ago were there already, and read a sample of the last day's footage.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    house = upkeep.house
    found = find_parts(upkeep.folders, fs=house.fs)
    for volume in _volumes(house):
        volume.require_same()
        found += volume.parts()
    with house.catalog.transaction(KEEPER.subject.name) as conn:
        seen = json.loads(settings.get(conn, PARTS_SEEN) or "[]")
    gone = remove_parts(found, seen=seen, fs=house.fs)
    left = [str(path) for path in found if path not in gone]
    with house.catalog.transaction(KEEPER.subject.name) as conn:
        settings.put(conn, PARTS_SEEN, json.dumps(left))
    if gone:
        _note(house, "remove unfinished files", files=str(len(gone)))
    scrubbed = scrub_sample(_scrub(upkeep), now, count=SAMPLE, is_cancelled=upkeep.is_cancelled)
    _tell(upkeep, scrubbed)
    return f"{len(gone)} unfinished files removed; {_said(scrubbed)}"


def scrub_and_put_aside(upkeep: Upkeep, now: datetime) -> str:
    """Read all footage that was not read for three weeks; settle files without rows, rows without files.

    Raises:
        CatalogUnavailable: The database does not answer.
        Conflict: A volume is not there, or so much is wrong on it that it is rather the disk.
    """
    house = upkeep.house
    scrubbed = scrub_due(_scrub(upkeep), now, progress=upkeep.progress, is_cancelled=upkeep.is_cancelled)
    _tell(upkeep, scrubbed)
    taken_in = lost = aside = gone = 0
    for volume in _volumes(house):
        if upkeep.is_cancelled():
            break
        upkeep.progress(1.0, "comparing files and catalog")
        places = Places(catalog=house.catalog, volume=volume, fs=house.fs)
        rebuilt = rebuild(_rebuilding(house, volume), applies=True)
        taken_in += rebuilt.added
        lost += len(mark_missing(places, is_cancelled=upkeep.is_cancelled))
        aside += len(put_aside(places, rebuilt))
        if upkeep.is_clock_trusted:
            gone += len(clear_quarantine(places, now))
    orphans = {"taken_in": taken_in, "lost": lost, "put_aside": aside, "cleared": gone}
    if any(orphans.values()):
        _note(house, "settle orphans", **{name: str(count) for name, count in orphans.items()})
    words = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in orphans.items() if count)
    return f"{_said(scrubbed)}; files and rows {words or 'agree'}"


def audit_archive(upkeep: Upkeep, now: datetime) -> str:
    """Check the audit's chain and all archived footage, and write a proof of what is kept into the audit.

    The proof is SHA-256 over id and root digest of each archived segment, oldest first.

    Raises:
        CatalogUnavailable: The database does not answer.
        Tampered: The audit's chain is broken.
    """
    house = upkeep.house
    with house.catalog.transaction(KEEPER.subject.name) as conn:
        entries = audit.verify(conn)
    scrubbed = scrub_due(
        _scrub(upkeep), now, progress=upkeep.progress, is_cancelled=upkeep.is_cancelled, classes=ARCHIVED
    )
    _tell(upkeep, scrubbed)
    proof, count = hashlib.sha256(), 0
    with house.catalog.transaction(KEEPER.subject.name) as conn:
        for segment, digest in scrubbing.digests_of(conn, ARCHIVED):
            proof.update(segment.bytes + digest)
            count += 1
    _note(house, "prove archive", segments=str(count), proof=proof.hexdigest(), entries=str(entries))
    return f"{entries} audit entries are whole, {count} archived segments proved; {_said(scrubbed)}"


def damage_noted(conn: Connection) -> str:
    """What is damaged, as the last scrub knew it: one sentence, empty if nothing is."""
    return settings.get(conn, DAMAGE) or ""


def _tell(upkeep: Upkeep, scrubbed: Scrubbed) -> None:
    """Each harm in the audit and to those who follow changes; all together as a sentence for the status."""
    house = upkeep.house
    upkeep.count(scrubbed)
    for harm in scrubbed.harms:
        segment = harm.segment
        word = "mend damage" if harm.is_mended else "find damage"
        deed = Deed(word, f"segment {segment.id}", harm.why, segment.camera)
        deed.facts.update(start=segment.when.start.isoformat(), end=segment.when.end.isoformat())
        lost_s = sum(span.length.total_seconds() for span in harm.damaged)
        deed.facts["lost_s"] = "0" if harm.is_mended else f"{lost_s:.3f}"
        with house.catalog.transaction(KEEPER.subject.name) as conn:
            facts = {"segment": str(segment.id), "problem": "mended" if harm.is_mended else "damaged"}
            outbox.publish(conn, NoticeKind.SEGMENT, camera=segment.camera, facts=facts)
            write(house, conn, KEEPER, deed, outcome="allowed" if harm.is_mended else "failed")
    with house.catalog.transaction(KEEPER.subject.name) as conn:
        count, seconds = scrubbing.count_damages(conn)
        if not count:
            settings.delete(conn, DAMAGE)
            return
        word = "One span of footage is" if count == 1 else f"{count} spans of footage are"
        sentence = (
            f"{word} damaged on the disk, {seconds:.1f} s together; "
            "Play shows where, `watchkeep doctor --depth full` names the files: look at the disk."
        )
        settings.put(conn, DAMAGE, sentence)


def _note(house: House, word: str, **facts: str) -> None:
    with asked(house, KEEPER, Action.CONFIGURE, INSTALLATION, word=word) as (_, deed):
        deed.facts.update(facts)


def _said(scrubbed: Scrubbed) -> str:
    said = f"{scrubbed.segments} segments read again, {len(scrubbed.harms)} damaged"
    mended = sum(harm.is_mended for harm in scrubbed.harms)
    if mended:
        said += f", {mended} of them mended"
    if scrubbed.away:
        said += f", {scrubbed.away} on volumes that are away"
    return said if scrubbed.is_over else f"{said}, not over"


def _scrub(upkeep: Upkeep) -> Scrub:
    house = upkeep.house
    return Scrub(
        catalog=house.catalog,
        stores=_stores(house),
        clock=house.clock,
        keys=house.keystore.find_shred_key,
        bytes_per_s=upkeep.bytes_per_s,
    )


def _rebuilding(house: House, volume: Volume) -> Rebuilding:
    def read(days: Iterable[FilesOfDay]) -> Iterator[ReadDay]:
        keys = house.keystore.find_shred_key
        return (read_day(each, volume=volume, fs=house.fs, keys=keys) for each in days)

    return Rebuilding(
        catalog=house.catalog,
        volume=volume,
        read=read,
        site=house.site.id,
        keep_days=house.default_retention_days,
        remembered={},
    )


def _volumes(house: House) -> list[Volume]:
    """The disks of all tiers that are there now."""
    found: list[Volume] = []
    for attached in house.all_volumes():
        with suppress(VolumeAway):
            blobs = attached.blobs()
            if isinstance(blobs, DiskBlobs):
                found.append(blobs.volume)
    return found


def _stores(house: House) -> dict[UUID, Store]:
    """The volumes that can be read now; what lies on the others waits."""
    stores: dict[UUID, Store] = {}
    for attached in house.all_volumes():
        with suppress(VolumeAway):
            blobs = attached.blobs()
            stores[blobs.id] = blobs
    return stores
