"""A house with footage of which something is erased: real catalog, keystore, volume, ledger and files."""

import shutil
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from builders import NOON, CountingRng, FixedClock
from house_builder import a_camera, a_house, record, stream_of
from watchkeep.application.house import House
from watchkeep.domain.erasure import Erasure, ErasureId, ErasureState
from watchkeep.domain.errors import KeyShredded
from watchkeep.domain.fs import File, Fs
from watchkeep.domain.ids import CameraId, SegmentId
from watchkeep.domain.interval import Interval
from watchkeep.domain.retention import Hold
from watchkeep.lifecycle.certifier import Certifier
from watchkeep.lifecycle.eraser import Eraser
from watchkeep.lifecycle.holds import CatalogHolds
from watchkeep.lifecycle.sweeper import Sweeper
from watchkeep.runtime.system import SystemFs, SystemRng
from watchkeep.storage.catalog import erasures, footage
from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.encryption.erasure_ledger import ErasureLedger
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.encryption.providers import MachineProvider
from watchkeep.storage.encryption.signing import Signer
from watchkeep.storage.media.reader import SealedReader

NAMES = UUID(int=0xE2A5E)


class SomeHolds:
    """Holds by list."""

    def __init__(self) -> None:
        self.held: list[Hold] = []

    def standing(self, connection: Connection, *, at: datetime) -> Collection[Hold]:
        return self.held


class FailingFs(SystemFs):
    """A disk that fails once, at one of its writes."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.has_failed = False

    def _write(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.has_failed = True
            raise OSError(5, "Input/output error")

    def create(self, path: Path) -> File:
        self._write()
        return super().create(path)

    def open_to_append(self, path: Path) -> File:
        self._write()
        return super().open_to_append(path)

    def rename(self, old: Path, new: Path) -> None:
        self._write()
        super().rename(old, new)
        self._write()

    def unlink(self, path: Path) -> None:
        self._write()
        super().unlink(path)

    def sync_directory(self, path: Path) -> None:
        self._write()
        super().sync_directory(path)


def sweep_doomed(house: House) -> None:
    """As the keeper does, every few seconds."""
    Sweeper(
        catalog=house.catalog,
        volume=house.volumes[0].volume,
        fs=SystemFs(),
        clock=house.clock,
        holds=CatalogHolds(),
        certifier=Certifier(Signer(bytes(32)), house.clock),
        reserve_bytes=0,
    ).sweep()


class Archive:
    """A house two days after it recorded."""

    def __init__(self, catalog: Catalog, root: Path) -> None:
        self.root = root
        self.ledger_path.parent.mkdir()
        self.clock = FixedClock()
        self.house = a_house(catalog, root, clock=self.clock)
        self.catalog = catalog
        self.volume = self.house.volumes[0].volume
        self.holds = SomeHolds()
        self.camera = a_camera(self.house, "Front door")

    def record(self, clip: Path, *, at: datetime = NOON, camera: CameraId | None = None) -> list[SegmentId]:
        """A clip in segments of ten seconds."""
        return record(self.house, camera or self.camera, clip, at=at)

    @property
    def ledger_path(self) -> Path:
        return self.root / "beside" / "erasures.ledger"

    def keystore(self, *, with_ledger: bool = True, fs: Fs | None = None) -> Keystore:
        """The keystore as a process opens it that has just started."""
        fs, rng = fs or SystemFs(), CountingRng(99)
        provider = MachineProvider(self.root / "keys" / "machine.key", fs=fs, rng=rng)
        made = Keystore.open(
            self.root / "keys" / "store", fs=fs, clock=self.clock, rng=rng, provider=provider
        )
        if with_ledger:
            made.heed(ErasureLedger(self.ledger_path, fs=fs).erased)
        return made

    def eraser(self, *, fs: Fs | None = None) -> Eraser:
        fs = fs or SystemFs()
        return Eraser(
            catalog=self.catalog,
            volume=self.volume,
            volumes=self.house.all_volumes(),
            fs=fs,
            clock=self.clock,
            rng=SystemRng(),
            keystore=self.keystore(fs=fs),
            ledger=ErasureLedger(self.ledger_path, fs=fs),
            holds=self.holds,
        )

    def order(self, start: datetime, end: datetime, *cameras: CameraId) -> Erasure:
        """An order in the catalog."""
        name = ErasureId(uuid5(NAMES, f"{start} {end} {cameras}"))
        erasure = Erasure(
            id=name,
            cameras=cameras or (self.camera,),
            when=Interval(start, end),
            reason="a child was filmed",
            asked_by="ada",
            asked_at=self.clock.now(),
            state=ErasureState.ORDERED,
        )
        with self.catalog.transaction() as connection:
            erasures.add(connection, erasure)
        return erasure

    def rows(self, camera: CameraId | None = None) -> list[StoredSegment]:
        """Living segments of the main stream."""
        with self.catalog.transaction() as connection:
            return footage.segments_between(
                connection,
                stream_of(self.house, camera or self.camera),
                Interval(NOON - timedelta(days=400), NOON + timedelta(days=400)),
            )

    def spans(self, camera: CameraId | None = None) -> list[tuple[float, float]]:
        """What can be read, as seconds after noon; every byte of it passes its tag."""
        keystore = self.keystore()
        found = []
        for row in self.rows(camera):
            self.read(self.volume.locate(row.path, row.id), keystore, root_digest=row.root_digest)
            found.append(
                (
                    round((row.when.start - NOON).total_seconds(), 1),
                    round((row.when.end - NOON).total_seconds(), 1),
                )
            )
        return found

    def read(self, path: Path, keystore: Keystore | None = None, *, root_digest: bytes = b"") -> bytes:
        """The video of a segment's file, checked whole."""
        keys = (keystore or self.keystore()).find_shred_key
        reader = SealedReader.open(path, fs=SystemFs(), keys=keys)
        try:
            reader.verify()
            assert reader.final is not None
            assert root_digest in (b"", reader.final.root_digest)
            return reader.read_video(0, reader.video_length)
        finally:
            reader.close()

    def is_unreadable(self, path: Path, keystore: Keystore | None = None) -> bool:
        try:
            self.read(path, keystore)
        except KeyShredded as error:
            return "erased on purpose" in str(error)
        return False

    def sweep(self) -> None:
        sweep_doomed(self.house)

    def copy(self, name: str) -> Path:
        """A backup of files and keystore."""
        backup = self.root / name
        shutil.copytree(self.root / "footage", backup / "footage")
        shutil.copytree(self.root / "keys", backup / "keys")
        return backup

    def restore(self, backup: Path, *what: str) -> None:
        """Put parts of a backup back."""
        for each in what:
            shutil.rmtree(self.root / each)
            shutil.copytree(backup / each, self.root / each)

    def settled(self, erasure: Erasure) -> Erasure:
        with self.catalog.transaction() as connection:
            found = erasures.get(connection, erasure.id)
        assert found is not None
        return found
