"""Small true things for tests: a clock and a chance that can be driven, a header, fragments, a keystore."""

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.errors import NotFound
from watchkeep.domain.ids import CameraId, NodeId, RunId, SegmentId, ShredKeyId, StreamId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND, CameraClock, Codec, Fragment, VideoParameters
from watchkeep.domain.segment import SegmentHeader
from watchkeep.runtime.system import SystemClock, SystemFs, SystemRng
from watchkeep.storage.encryption.keystore import Keystore, ShredKey
from watchkeep.storage.encryption.providers import MachineProvider
from watchkeep.storage.media.writer import SealedWriter

NOON = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
CAMERA = CameraId("front-door")
STREAM = StreamId(UUID("0197291a-0000-7000-8000-00000000000b"))
RUN = RunId(UUID("0197291a-0000-7000-8000-00000000000c"))
SEGMENT = SegmentId(UUID("0197291a-0000-7000-8000-00000000000d"))
NODE = NodeId(UUID("0197291a-0000-7000-8000-00000000000e"))
INSTALLATION = UUID("0197291a-0000-7000-8000-00000000000f")


class FixedClock:
    """A clock that stands until it is told: `clock.advance(seconds)`. Sleeping advances it."""

    def __init__(self, start: datetime = NOON) -> None:
        self.instant = start
        self.monotonic = 1_000_000_000

    def now(self) -> datetime:
        return self.instant

    def monotonic_ns(self) -> int:
        return self.monotonic

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
        self.monotonic += round(seconds * 1e9)


class CountingRng:
    """Bytes that look like chance, are never the same twice, and are the same in every run of a seed."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.calls = 0

    def token(self, size_bytes: int) -> bytes:
        self.calls += 1
        parts = [
            hashlib.sha256(struct.pack(">QQQ", self.seed, self.calls, block)).digest()
            for block in range((size_bytes + 31) // 32)
        ]
        return b"".join(parts)[:size_bytes]


def a_box(kind: bytes, body: bytes) -> bytes:
    """An ISO 14496-12 box."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def an_init_section() -> bytes:
    """ftyp + moov in form only: no decoder reads it."""
    return a_box(b"ftyp", b"iso6\0\0\0\1iso6cmfc") + a_box(b"moov", a_box(b"mvhd", bytes(100)))


def a_header(**changes: object) -> SegmentHeader:
    """The header of a segment of camera "front-door" that begins at NOON."""
    header = SegmentHeader(
        segment=SEGMENT,
        node=NODE,
        camera=CAMERA,
        stream=STREAM,
        role=StreamRole.MAIN,
        run=RUN,
        epoch=0,
        sequence=0,
        data_class=DataClass.RAW_FOOTAGE,
        started_at=NOON,
        start_ticks=0,
        monotonic_ns=1_000_000_000,
        clock_is_synchronised=True,
        parameters=VideoParameters(
            codec=Codec.H264,
            parameter_sets=(
                bytes.fromhex("6764001facd9405005bb011000000300100000030320f183196000"),
                bytes.fromhex("68ebe3cb22c0"),
            ),
            width_px=1280,
            height_px=720,
        ),
        shred_key=ShredKeyId("a-test-shred-key"),
        shred_day=date(2025, 6, 1),
    )
    return replace(header, **changes)  # type: ignore[arg-type]


def a_fragment(number: int = 0, *, media_bytes: int = 400, **changes: object) -> Fragment:
    """Half a second of a run that began at NOON; every fourth starts with a key picture.

    Its moof + mdat are right in form only: no decoder reads it.
    """
    moof = a_box(b"moof", a_box(b"mfhd", struct.pack(">II", 0, number + 1)))
    nal = CountingRng(seed=1000 + number).token(max(media_bytes - 4, 0))
    payload = moof + a_box(b"mdat", struct.pack(">I", len(nal)) + nal)
    start = NOON + number * timedelta(seconds=0.5)
    fragment = Fragment(
        run=RUN,
        sequence=number,
        when=Interval(start, start + timedelta(seconds=0.5)),
        start_ticks=number * TICKS_PER_SECOND // 2,
        duration_ticks=TICKS_PER_SECOND // 2,
        packet_count=12,
        starts_with_key=number % 4 == 0,
        payload=payload,
        media_offset=len(moof) + 8,
        audio_offset=len(payload),
    )
    if "payload" in changes:
        changes = {"audio_offset": len(changes["payload"]), **changes}  # type: ignore[arg-type]
    return replace(fragment, **changes)  # type: ignore[arg-type]


def fragments(sizes: Iterable[int]) -> list[Fragment]:
    """Fragments that follow one another, with as many media bytes as asked."""
    return [a_fragment(number, media_bytes=size) for number, size in enumerate(sizes)]


A_SHRED_KEY = ShredKey(ShredKeyId("a-test-shred-key"), bytes(range(32)))
"""The key that `a_header` names."""


def its_key(id: ShredKeyId, day: date) -> ShredKey:  # noqa: A002  # the contract's word
    """What a reader of files made with `a_header` is given as its keys."""
    if id != A_SHRED_KEY.id:
        raise NotFound(f"there is no shred key {id} of {day}")
    return A_SHRED_KEY


def a_keystore(root: Path, *, clock: Clock | None = None, rng: Rng | None = None) -> Keystore:
    """A new keystore of provider "machine" in root, or the one that is there."""
    clock, rng = clock or SystemClock(), rng or SystemRng()
    provider = MachineProvider(root / "machine.key", fs=SystemFs(), rng=rng)
    is_there = (root / "keystore.json").exists()
    make = Keystore.open if is_there else Keystore.create
    return make(root, fs=SystemFs(), clock=clock, rng=rng, provider=provider)


A_CAMERA_CLOCK = CameraClock(
    offset=timedelta(seconds=-3600.25), drift_ppm=-297.5, reports=13, measured_at=NOON + timedelta(seconds=2)
)
"""An hour behind, and losing."""


def a_segment_file(
    path: Path,
    sizes: Iterable[int] = (400, 300, 500),
    *,
    finish: bool = True,
    header: SegmentHeader | None = None,
    rng: Rng | None = None,
    shred_key: ShredKey = A_SHRED_KEY,
    camera_clock: CameraClock | None = None,
) -> bytes:
    """Write a segment file with `a_header`'s key; the video stream in it."""
    init = an_init_section()
    writer = SealedWriter.create(
        path, header or a_header(), init, shred_key=shred_key, fs=SystemFs(), rng=rng or CountingRng()
    )
    written = fragments(sizes)
    for fragment in written:
        writer.append(fragment)
    if finish:
        writer.finish(camera_clock=camera_clock)
    else:
        writer.abandon()
    return init + b"".join(fragment.payload for fragment in written)
