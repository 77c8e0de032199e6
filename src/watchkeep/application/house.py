"""What the application works on: made once by the runtime, handed to every function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import UUID

from watchkeep.application.adopted import AdoptedFootage
from watchkeep.application.recent import Recent, Remembered
from watchkeep.application.shelf import Shelf
from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.errors import NotFound
from watchkeep.domain.fs import Fs
from watchkeep.domain.ids import CameraId
from watchkeep.domain.tier import DEFAULT_TIER, Tier
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.volumes import Volumes, only
from watchkeep.storage.catalog import placements
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.catalog.footage import GapTotal
from watchkeep.storage.catalog.recorder_rows import StoredSegment
from watchkeep.storage.catalog.storage_figures import CameraStorage
from watchkeep.storage.catalog.volumes import list_volumes
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.media.volume import Volume

SAME_VIEW = timedelta(minutes=10)
"""Asking again for the same footage within this time is one view: a player asks every few seconds."""
STORAGE_AGE = timedelta(seconds=10)
StorageFigures = tuple[list[CameraStorage], list[GapTotal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a camera's address answered to a short try.

    Attributes:
        picture: A JPEG of the first picture.
    """

    codec: str
    width_px: int
    height_px: int
    frames_per_second: float
    is_clear_text: bool
    picture: bytes = field(repr=False)


class Prober(Protocol):
    """Tries an address; decodes one picture, so the runtime does it in a child process."""

    def probe(self, address: StreamAddress) -> Probe:
        """Try an address for a few seconds.

        Raises:
            CameraUnreachable: No answer.
            CameraRefused: The user name or the password is not accepted.
            NoVideo: It answers, but with no H.264 or H.265 video.
        """
        ...


class Spooled(Protocol):
    """The rows that wait for the database."""

    def depth(self) -> int:
        """How many rows wait now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The place this installation stands at."""

    id: UUID
    name: str
    zone: str
    """An IANA zone name; only for display and local days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageVolume:
    """A volume with what the settings say of it.

    Attributes:
        label: How a person knows it, e.g. "/var/lib/watchkeep/footage".
        root: Its folder.
        reserve_bytes: Free space that recording never uses.
    """

    volume: Volume
    label: str
    root: Path
    reserve_bytes: int


class ClockTrust(StrEnum):
    """What the system says of its clock."""

    SYNCHRONISED = "synchronised"
    FREE_RUNNING = "free_running"
    UNKNOWN = "unknown"


class DemoPhase(StrEnum):
    """How far the demonstration is."""

    OFF = "off"
    PREPARING = "preparing"
    ON = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoState:
    """What the runtime says of the demonstration.

    Attributes:
        progress: Share of the preparation that is done, in [0, 1].
        detail: What is being done or what is in the way, for a person; may be empty.
    """

    phase: DemoPhase
    progress: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """How long a sign-in lasts."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything one installation's application needs; no global state beside it.

    Attributes:
        catalog: With the role that may write; one pool for all requests.
        volumes: Folders that are recorded to, at least one; the first is the default.
        tiered: All volumes of all tiers; None if there are no others.
        tiers: Their limits, in order.
        simulator_ports: Loopback ports that camera addresses may name: our own simulator's.
        recorder_socket: Where the recorder offers a camera's live fragments; to be asked anew before each
            connection, for a camera may go to another recorder process.
        webui: The built page's folder (with index.html), or None when it was not built.
        default_retention_days: What a new camera says of its raw footage; None: nothing, it inherits.
        is_detecting: Whether the settings want an analyst.
        clock_trust: Asks the system about its clock.
        demo_state: Asks how far the demonstration is; the runtime prepares and serves it.
    """

    catalog: Catalog
    keystore: Keystore
    volumes: Sequence[FootageVolume]
    spool: Spooled
    clock: Clock
    rng: Rng
    fs: Fs
    site: Site
    prober: Prober
    recorder_socket: Callable[[CameraId], Path]
    simulator_ports: frozenset[int] = frozenset()
    tiered: Volumes | None = None
    tiers: Sequence[Tier] = (Tier(name=DEFAULT_TIER),)
    webui: Path | None = None
    session_rules: SessionRules = SessionRules()
    default_retention_days: int | None = None
    allows_audio: bool = True
    is_detecting: bool = True
    clock_trust: Callable[[], ClockTrust] = lambda: ClockTrust.UNKNOWN
    demo_state: Callable[[], DemoState] = lambda: DemoState(phase=DemoPhase.OFF)
    adopted: AdoptedFootage = field(init=False, repr=False)
    """Footage that lies in somebody else's files."""
    shelf: Shelf = field(init=False, repr=False)
    """The sealed segments that are open for reading."""
    recent_views: Recent = field(init=False, repr=False)
    """Views written into the audit not long ago."""
    remembered_storage: Remembered[StorageFigures] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        adopted = AdoptedFootage(fs=self.fs, rng=self.rng, root_of=self._adopted_root)
        keys = self.keystore.find_shred_key
        shelf = Shelf(self.all_volumes(), keys=keys, whereabouts=self._whereabouts, adopted=adopted)
        object.__setattr__(self, "adopted", adopted)
        object.__setattr__(self, "shelf", shelf)
        object.__setattr__(self, "recent_views", Recent(self.clock, SAME_VIEW))
        object.__setattr__(self, "remembered_storage", Remembered(self.clock, STORAGE_AGE))

    def _adopted_root(self, volume: UUID) -> Path:
        with self.catalog.transaction() as conn:
            known = {each.id: each.location for each in list_volumes(conn)}
        if volume not in known:
            raise NotFound(f"the adopted volume {volume} is not in use any more", volume=volume)
        return Path(known[volume])

    def all_volumes(self) -> Volumes:
        """Every volume that may hold footage."""
        if self.tiered is not None:
            return self.tiered
        blobs = [DiskBlobs(each.volume, fs=self.fs) for each in self.volumes]
        return Volumes([only(each, tier=DEFAULT_TIER, clock=self.clock) for each in blobs])

    def _whereabouts(self, segment: StoredSegment) -> Sequence[tuple[UUID, str]]:
        with self.catalog.transaction() as connection:
            return placements.whereabouts(connection, segment)

    def close(self) -> None:
        """Let go of open files and connections."""
        self.shelf.close()
        self.catalog.close()
