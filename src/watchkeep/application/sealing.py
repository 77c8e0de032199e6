"""Seals adopted footage: copies it, part by part, from somebody's files into segments of ours.

The files stay as they are. A part is then footage like any other: encrypted, moved, scrubbed, deleted.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from watchkeep.application.adopted import header_of, write_part
from watchkeep.application.asking import INSTALLATION, Asking, asked, require
from watchkeep.application.house import FootageVolume, House
from watchkeep.domain.access import Action
from watchkeep.domain.errors import DataLoss, Exhausted
from watchkeep.lifecycle.examination import examine
from watchkeep.storage.catalog import adopting
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.media.volume import PART
from watchkeep.storage.media.writer import SealedWriter

log = logging.getLogger(__name__)

BATCH = 50
LONGEST_NAP_S = 1.0


def seal_adopted(
    house: House,
    asking: Asking,
    *,
    bytes_per_s: int,
    progress: Callable[[float, str], None] = lambda *_: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> str:
    """Seal all adopted footage, oldest first; goes on where it was interrupted.

    Each part is durable and verified on our volume before its row says so.

    Returns:
        One sentence.

    Raises:
        Forbidden: The asker may not.
        Exhausted: The reserve of the volume would be touched; what was sealed stays sealed.
    """
    require(house, asking, Action.CONFIGURE, INSTALLATION)
    place = house.volumes[0]
    sealed = size_bytes = failed = 0
    after: StoredSegment | None = None
    try:
        while not is_cancelled():
            with house.catalog.transaction() as conn:
                batch = adopting.adopted_segments(conn, BATCH, after=after)
            if not batch:
                break
            for segment in batch:
                if is_cancelled():
                    break
                after = segment
                began_ns = house.clock.monotonic_ns()
                _require_room(place, segment)
                try:
                    _seal(house, place, segment)
                except DataLoss as error:
                    failed += 1
                    log.warning(
                        "adopted footage not sealed", extra={"path": segment.path, "error": str(error)}
                    )
                    continue
                sealed += 1
                size_bytes += segment.size_bytes
                _nap(house, began_ns, segment.size_bytes, bytes_per_s, is_cancelled)
                progress(0.0, f"{sealed} segments sealed")
    finally:
        if sealed or failed:
            with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="seal adopted footage") as (
                _,
                deed,
            ):
                deed.facts.update(segments=str(sealed), failed=str(failed), bytes=str(size_bytes))
    return f"{sealed} segments sealed" + (f", {failed} cannot be read any more" if failed else "")


def _seal(house: House, place: FootageVolume, segment: StoredSegment) -> None:
    part = house.adopted.read(segment)
    volume = place.volume
    volume.require_same()
    day = segment.when.start.date()
    key = house.keystore.shred_key(camera=segment.camera, day=day, data_class=segment.data_class)
    path = volume.final_path(camera=segment.camera, day=day, segment=segment.id)
    begun = path.with_name(f"{path.name}{PART}")
    house.fs.make_directories(path.parent)
    house.fs.unlink(begun)
    header = header_of(segment, part, key.id)
    writer = SealedWriter.create(begun, header, part.init_section, shred_key=key, fs=house.fs, rng=house.rng)
    summary = write_part(writer, part)
    row = replace(
        segment,
        when=summary.when,
        volume=volume.id,
        path=volume.relative(path),
        size_bytes=summary.size_bytes,
        fragment_count=summary.fragment_count,
        root_digest=summary.root_digest,
        shred_key=key.id,
    )
    with closing(house.fs.open(begun)) as file:
        found = examine(file, str(begun), row, house.keystore.find_shred_key)
    if not found.is_whole:
        raise DataLoss(f"what was sealed of {segment.path} is not what was read", path=segment.path)
    house.fs.rename(begun, path)
    house.fs.sync_directory(path.parent)
    with house.catalog.transaction() as conn:
        is_taken = adopting.seal(conn, row)
    if not is_taken:
        house.fs.unlink(path)  # its time was up meanwhile
        house.fs.sync_directory(path.parent)


def _require_room(place: FootageVolume, segment: StoredSegment) -> None:
    if place.volume.space().free_bytes - segment.size_bytes < place.reserve_bytes:
        raise Exhausted(
            f"{place.label} has no room for more adopted footage; make room, or leave it where it is",
            path=place.label,
        )


def _nap(
    house: House, began_ns: int, size_bytes: int, bytes_per_s: int, is_cancelled: Callable[[], bool]
) -> None:
    until_ns = began_ns + size_bytes * 1_000_000_000 // max(bytes_per_s, 1)
    while (left_ns := until_ns - house.clock.monotonic_ns()) > 0 and not is_cancelled():
        house.clock.sleep(min(left_ns / 1e9, LONGEST_NAP_S))
