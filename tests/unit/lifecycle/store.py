"""A small store for lifecycle tests: real sealed files on a real volume, rows as the recorder writes them."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid5

from builders import INSTALLATION, NOON, FixedClock, a_header, a_keystore, an_init_section, fragments
from watchkeep.domain.ids import CameraId, SegmentId, StreamId, uuid7
from watchkeep.domain.interval import Interval
from watchkeep.lifecycle.comparison import Store
from watchkeep.runtime.segment_rows import closed_row, final_path
from watchkeep.runtime.system import SystemFs, SystemRng
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.media.volume import Volume
from watchkeep.storage.media.writer import SealedWriter


@dataclass
class SmallStore:
    """Two cameras' worth of sealed segments; rows are kept here instead of in a database."""

    volume: Volume
    keystore: Keystore
    clock: FixedClock
    rows: dict[SegmentId, StoredSegment] = field(default_factory=dict)

    def compared(self) -> Store:
        def row(identifier: SegmentId) -> StoredSegment | None:
            return self.rows.get(identifier)

        return Store(
            volume=self.volume,
            fs=SystemFs(),
            clock=self.clock,
            keys=self.keystore.find_shred_key,
            rows=lambda: list(self.rows.values()),
            row=row,
        )

    def path(self, segment: SegmentId) -> Path:
        return self.volume.root / self.rows[segment].path

    def record(
        self,
        camera: CameraId,
        at: datetime = NOON,
        *,
        sizes: tuple[int, ...] = (400, 300, 500),
        is_settled: bool = True,
    ) -> SegmentId:
        """Seal one segment of a camera."""
        rng = SystemRng()
        key = self.keystore.shred_key(camera=camera, day=at.date(), data_class=a_header().data_class)
        header = a_header(
            segment=SegmentId(uuid7(FixedClock(at), rng)),
            camera=camera,
            stream=StreamId(uuid5(INSTALLATION, camera)),
            started_at=at,
            shred_key=key.id,
            shred_day=at.date(),
        )
        path = self.volume.open_path(header.segment)
        writer = SealedWriter.create(path, header, an_init_section(), shred_key=key, fs=SystemFs(), rng=rng)
        for fragment in fragments(sizes):
            when = Interval(fragment.when.start + (at - NOON), fragment.when.end + (at - NOON))
            writer.append(replace(fragment, when=when))
        closed = closed_row(writer.finish(), self.volume)
        if is_settled:
            self.volume.settle(path, final_path(header, self.volume))
        self.rows[header.segment] = closed.segment
        return header.segment


def a_small_store(root: Path) -> SmallStore:
    volume = Volume.open(root / "footage", fs=SystemFs(), rng=SystemRng(), installation=INSTALLATION)
    clock = FixedClock(NOON + timedelta(hours=1))
    return SmallStore(volume, a_keystore(root / "keys", clock=clock), clock)


def day_folder(store: SmallStore, camera: CameraId, day: date | None = None) -> Path:
    return store.volume.root / camera / (day or NOON.date()).isoformat()
