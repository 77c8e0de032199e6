"""Erases a span for good: in files, in backups of files, and in what was found out about it.

Order: what stays of segments at the edges is sealed anew → one line in the ledger, with which it is decided
→ rows doomed → shred keys destroyed, survivors' data keys wrapped anew → events, pictures and tracks
removed. The sweeper removes the files. Killed anywhere, it is begun anew before the ledger's line, and
finished after it.
"""

import logging
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.erasure import (
    ErasedKey,
    Erasure,
    ErasureId,
    ErasureState,
    LedgerEntry,
    days_of,
)
from watchkeep.domain.errors import DataLoss, NotFound, Unavailable
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import CameraId, SegmentId, uuid8
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import Hold
from watchkeep.domain.segment import SegmentState
from watchkeep.lifecycle.erasure_plan import Planner, Touched, is_young
from watchkeep.lifecycle.erasure_receipt import Erased, make_receipt
from watchkeep.lifecycle.sealed_things import SealedPlaces
from watchkeep.lifecycle.summary_rows import row_of
from watchkeep.storage.blobs.volumes import Volumes
from watchkeep.storage.catalog import erasures, event_upkeep, recordings
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment
from watchkeep.storage.encryption.erasure_ledger import ErasureLedger
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.media.reader import open_reader
from watchkeep.storage.media.resealing import Sealing, reseal_remainders
from watchkeep.storage.media.volume import Volume

log = logging.getLogger(__name__)

SUBJECT = "eraser"
BEGUN_WITHIN_S = 5.0
"""How long after it asked for a key a recorder has its segment's file made."""


class Holds(Protocol):
    """Says which spans are held."""

    def standing(self, connection: Connection, *, at: datetime) -> Collection[Hold]:
        """All orders that stand at an instant; none begins or changes until the transaction ends."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """What an erasure works on.

    Attributes:
        volume: The recorded one: remainders are sealed there.
        volumes: All of them.
    """

    catalog: Catalog
    volume: Volume
    volumes: Volumes
    fs: Fs
    clock: Clock
    rng: Rng
    keystore: Keystore
    ledger: ErasureLedger
    holds: Holds

    def carry_out(self, erasure: Erasure) -> Erasure:
        """Erase; nothing of the span can be read any more on return, and the receipt is in the catalog.

        May be called again after a kill, and by two at once.

        Returns:
            The erasure with its receipt; or REFUSED, when a hold stands in its way, or somebody else's file.

        Raises:
            Unavailable: A segment of the span is still being written, or a survivor cannot be reached.
            Conflict: The volume is not there, or another one is.
            CatalogUnavailable: The database does not answer.
        """
        with self.ledger.alone():
            self.volume.require_same()
            entry = self.ledger.find(erasure.id) or self._decide(erasure)
            if isinstance(entry, str):
                return self._settle(replace(erasure, state=ErasureState.REFUSED, told=entry))
            events = self._apply(entry, erasure.cameras)
            return self._finish(erasure, entry, events)

    def replay(self) -> int:
        """Erase again what a restored keystore or catalog has brought back; returns how many times.

        Raises:
            Unavailable: A survivor cannot be reached; what was erased does not open all the same.
        """
        count = 0
        for entry in self.ledger.entries():
            opens = any(self.keystore.day(key.day).still_opens(key.id, key.things) for key in entry.keys)
            if opens or self._living_rows(entry):
                log.warning("what was erased had come back", extra={"erasure": str(entry.erasure)})
                with self.ledger.alone():
                    self._apply(entry, ())
                count += 1
        return count

    def _decide(self, erasure: Erasure) -> LedgerEntry | str:
        """What is erased, in the ledger on return; or the sentence that names what is in its way."""
        now = self.clock.now()
        with self.catalog.transaction(SUBJECT) as connection:
            held = _held(erasure, self.holds.standing(connection, at=now))
        if held:
            return held
        touched = [self._touched(camera, erasure.when) for camera in erasure.cameras]
        rows = [row for each in touched for row in each.rows]
        if foreign := _foreign(rows):
            return foreign
        for row in rows:
            if row.state is SegmentState.OPEN:
                raise Unavailable(
                    f"Camera {row.camera} is still writing a segment of the span; it is erased once that is"
                    " closed, within a minute or so.",
                    camera=row.camera,
                )
        self._renew_young(erasure, now)
        for row in rows:
            if row.state in (SegmentState.CLOSED, SegmentState.RECOVERED):
                self._reseal(erasure, row)
        planner = Planner(keystore=self.keystore, places=self._places())
        keys = [key for each in touched for key in planner.keys(erasure, each, now)]
        entry = LedgerEntry(erasure=erasure.id, at=now, when=erasure.when, keys=tuple(keys))
        with self.catalog.transaction(SUBJECT) as connection:
            # Held spans are asked for again: until this ends, none can begin to be.
            held = _held(erasure, self.holds.standing(connection, at=now))
            if not held:
                self._doom(connection, entry)
                _require_known(connection, erasure, entry, rows)
                self.ledger.append(entry)
        return held or entry

    def _touched(self, camera: CameraId, when: Interval) -> Touched:
        with self.catalog.transaction(SUBJECT) as connection:
            return Touched(
                camera=camera,
                rows=erasures.touched(connection, camera, when),
                events=[event.id for event in erasures.touched_events(connection, camera, when)],
            )

    def _renew_young(self, erasure: Erasure, now: datetime) -> None:
        """Let nothing new begin under keys that are about to be destroyed."""
        young = [
            (key, day)
            for camera in erasure.cameras
            for day in days_of(erasure.when)
            if is_young(day, now)
            for key in self.keystore.day(day).keys_of(camera)
        ]
        for key, day in young:
            self.keystore.renew_shred_key(key, day)
        if young:
            self.clock.sleep(BEGUN_WITHIN_S)

    def _reseal(self, erasure: Erasure, row: StoredSegment) -> None:
        if erasure.when.start <= row.when.start and row.when.end <= erasure.when.end:
            return

        def new_id(number: int) -> SegmentId:
            facts = f"{erasure.id} {row.id} {number}".encode()
            return SegmentId(uuid8(row.when.start, sha256(facts).digest()))

        try:
            file = self._places().open(row)
            with closing(open_reader(file, row.path, self.keystore.find_shred_key)) as reader:
                summaries = reseal_remainders(reader, erasure.when, self._sealing(), new_id=new_id)
        except (DataLoss, NotFound) as error:
            # Nobody could have played it, so nothing that can be seen is lost beside the span.
            log.warning("a damaged segment goes whole", extra={"segment": str(row.id), "why": str(error)})
            return
        made = [SegmentClosed(row_of(summary, self.volume)) for summary in summaries]
        with self.catalog.transaction(SUBJECT) as connection:
            recordings.apply(connection, made)
            erasures.inherit(connection, row, [summary.header.segment for summary in summaries])

    def _places(self) -> SealedPlaces:
        return SealedPlaces(catalog=self.catalog, volume=self.volume, volumes=self.volumes, fs=self.fs)

    def _sealing(self) -> Sealing:
        return Sealing(
            volume=self.volume,
            new_key=lambda header: self.keystore.shred_key(
                camera=header.camera, day=header.shred_day, data_class=header.data_class
            ),
            keys=self.keystore.find_shred_key,
            fs=self.fs,
            rng=self.rng,
        )

    def _apply(self, entry: LedgerEntry, cameras: Collection[CameraId]) -> int:
        with self.catalog.transaction(SUBJECT) as connection:
            self._doom(connection, entry)
        names = set(cameras)
        for key in entry.keys:
            camera = self.keystore.day(key.day).camera_of(key.id)
            if camera is None:
                continue
            names.add(camera)
            survivors = {}
            if key.things is not None:
                survivors = {
                    thing.id: thing.sealed
                    for thing in self._places().things(camera, key.day)
                    if thing.key == key.id
                    and thing.id not in key.things
                    and not entry.when.start <= thing.at < entry.when.end
                }
                self._require_all(key, survivors.keys())
            self.volume.require_same()  # what seems to be no survivor may have gone with its disk
            if self.keystore.day(key.day).still_opens(key.id, key.things):
                self.keystore.rekey(key.id, key.day, survivors)
        return sum(self._forget_events(camera, entry.when) for camera in sorted(names))

    def _require_all(self, key: ErasedKey, found: Collection[UUID]) -> None:
        with self.catalog.transaction(SUBJECT) as connection:
            rows = erasures.under_keys(connection, [key.id], [key.day])
        for row in rows:
            is_living = row.state in (SegmentState.OPEN, SegmentState.CLOSED, SegmentState.RECOVERED)
            if is_living and row.id not in (key.things or ()) and row.id not in found:
                raise Unavailable(
                    f"Segment {row.id} stays, but its file {row.path} cannot be reached, so its key cannot be"
                    " saved; mount its volume, and the erasure goes on.",
                    segment=str(row.id),
                )

    def _living_rows(self, entry: LedgerEntry) -> list[StoredSegment]:
        named = {thing for key in entry.keys for thing in key.things or ()}
        whole = [key for key in entry.keys if key.things is None]
        with self.catalog.transaction(SUBJECT) as connection:
            rows = erasures.named(connection, named, entry.when) if named else []
            rows += erasures.under_keys(connection, [key.id for key in whole], [key.day for key in whole])
        living = (SegmentState.CLOSED, SegmentState.RECOVERED, SegmentState.LOST)
        return [row for row in rows if row.state in living]

    def _doom(self, connection: Connection, entry: LedgerEntry) -> None:
        named = {thing for key in entry.keys for thing in key.things or ()}
        whole = [key for key in entry.keys if key.things is None]
        rows = erasures.named(connection, named, entry.when) if named else []
        rows += erasures.under_keys(connection, [key.id for key in whole], [key.day for key in whole])
        erasures.doom(connection, rows, reason=reason_of(entry.erasure))

    def _forget_events(self, camera: CameraId, when: Interval) -> int:
        with self.catalog.transaction(SUBJECT) as connection:
            found = erasures.touched_events(connection, camera, when)
        folders = set()
        for event in found:
            if event.picture is not None:
                path = self.volume.within(event.picture)
                self.fs.unlink(path)
                folders.add(path.parent)
        for folder in folders:
            try:
                self.fs.sync_directory(folder)
            except FileNotFoundError:
                continue  # no folder, no name in it
        with self.catalog.transaction(SUBJECT) as connection:
            event_upkeep.forget_events(connection, found)
            erasures.forget_tracks(connection, camera, when)
        return len(found)

    def _finish(self, erasure: Erasure, entry: LedgerEntry, events: int) -> Erasure:
        with self.catalog.transaction(SUBJECT) as connection:
            count, seconds = erasures.erased(connection, reason_of(erasure.id), erasure.cameras, erasure.when)
        now = self.clock.now()
        keys = [self.keystore.day(key.day).still_opens(key.id, None) for key in entry.keys]
        erased = Erased(
            segments=count,
            seconds=seconds,
            events=events,
            keys_destroyed=keys.count(False),
            keys_replaced=keys.count(True),
        )
        return self._settle(
            replace(
                erasure,
                state=ErasureState.DONE,
                done_at=now,
                told=erased.sentence(),
                receipt=make_receipt(erasure, erased, at=now, keystore=self.keystore),
            )
        )

    def _settle(self, erasure: Erasure) -> Erasure:
        with self.catalog.transaction(SUBJECT) as connection:
            erasures.settle(connection, erasure)
        return erasure


def _foreign(rows: Collection[StoredSegment]) -> str:
    """The sentence that names footage which no key of ours seals; empty if there is none."""
    for row in rows:
        if not row.shred_key and row.state in (SegmentState.CLOSED, SegmentState.RECOVERED):
            return (
                f"Footage of camera {row.camera} from {row.when.start:%Y-%m-%d %H:%M} UTC on lies in a file"
                " of another recorder, which Watchkeep never changes; take it over with `watchkeep adopt"
                " seal`, remove the file, and order it again."
            )
    return ""


def _require_known(
    connection: Connection, erasure: Erasure, entry: LedgerEntry, seen: Collection[StoredSegment]
) -> None:
    """Refuse to decide while footage of the span has come that nobody has looked at, as by thinning."""
    named = {thing for key in entry.keys for thing in key.things or ()}
    known = {(row.id, row.shred_key) for row in seen}
    for camera in erasure.cameras:
        for row in erasures.touched(connection, camera, erasure.when):
            is_going = row.state is SegmentState.DOOMED or row.id in named
            if not is_going and (row.id, row.shred_key) not in known:
                raise Unavailable(
                    f"Footage of camera {camera} was written anew while it was to be erased; it is erased"
                    " with the next try.",
                    camera=camera,
                )


def reason_of(erasure: ErasureId) -> str:
    """What is told for ever of a segment that was erased; nothing of who or why."""
    return f"erased on purpose (erasure {erasure})"


def _held(erasure: Erasure, holds: Collection[Hold]) -> str:
    """The sentence that names a hold in the way; empty if there is none."""
    for hold in holds:
        if hold.camera in erasure.cameras and hold.when.overlaps(erasure.when):
            return (
                f"Camera {hold.camera} is held from {hold.when.start:%Y-%m-%d %H:%M} to"
                f" {hold.when.end:%Y-%m-%d %H:%M} UTC ({hold.reason}); release the hold first, or leave that"
                " span out."
            )
    return ""
