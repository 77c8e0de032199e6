"""Every fault of the simulator at once, each on a camera of its own, in one loop with one healthy camera.

make test-cameras          the same, and hostile bytes for ten minutes
"""

import resource
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import pytest

from simulator_process import simulated_cameras
from time_code import make_clip
from watchkeep.domain.camera import Secret, StreamAddress
from watchkeep.domain.media import Document, Fragment, GapCause, Packet, RunEnded, RunStarted, SourceNotice
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.system import SystemClock, SystemRng
from watchkeep.sources.choosing import CameraSource
from watchkeep.sources.rtsp.framing import ReadBuffer
from watchkeep.sources.simulator.faults import (
    FAULTS,
    ClockDrift,
    ClockOffset,
    CutFragments,
    Description,
    Drop,
    Duplicates,
    Fault,
    GarbageFraming,
    GarbagePayloads,
    HalfOpen,
    KeyPicturesOnly,
    Loss,
    LostPictures,
    MetadataForm,
    MissingMarkers,
    NoMoreKeys,
    OfferedSignIn,
    PictureSize,
    PicturesOf,
    Redirect,
    Refusal,
    RefuseSignIn,
    Reorder,
    Reset,
    SequenceWrap,
    SessionTimeout,
    SignInScheme,
    SlowAnswers,
    SsrcChange,
    StaleNonce,
    Stall,
    TimestampJump,
    TimestampWrap,
    WrongDescription,
    WrongMetadata,
)
from watchkeep.sources.simulator.stream import StreamFiles

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

RUNS_S = 30
MEMORY_LIMIT_BYTES = 300 << 20
"""What the process may grow by, with 42 cameras of which one is sent 256 MiB of description."""
ENDS = GapCause.STREAM_ENDED
NONE = frozenset[GapCause]()
ANY = frozenset(GapCause)
SENSELESS = frozenset({GapCause.NO_VIDEO, GapCause.STALLED, GapCause.STREAM_ENDED, GapCause.UNREACHABLE})
"""How a camera that sends nonsense may be told; that it is told, and costs no other, counts."""


@dataclass(frozen=True, slots=True)
class Case:
    """A fault, what may be told, and whether pictures come after all."""

    fault: Fault
    causes: frozenset[GapCause]
    has_pictures: bool = True
    must_be_told: bool = True


def case(fault: Fault, *causes: GapCause, has_pictures: bool = True) -> Case:
    return Case(fault, frozenset(causes), has_pictures, must_be_told=bool(causes))


def senseless(fault: Fault, *, has_pictures: bool = False) -> Case:
    return Case(fault, SENSELESS, has_pictures)


CASES = {
    "stall": case(Stall(start_s=4, length_s=7), GapCause.STALLED),
    "half-open": case(HalfOpen(start_s=4), GapCause.STALLED),
    "drop": case(Drop(start_s=4), ENDS),
    "reset": case(Reset(start_s=4), ENDS),
    "session": case(SessionTimeout(timeout_s=4)),
    "no-sets": case(WrongDescription(form=Description.WITHOUT_PARAMETER_SETS)),
    # Told after half a minute without a key picture, which this test does not wait for.
    "other-codec": case(WrongDescription(form=Description.OTHER_CODEC), has_pictures=False),
    "huge": senseless(WrongDescription(form=Description.HUGE)),
    "binary": senseless(WrongDescription(form=Description.BINARY)),
    "cut-off": senseless(WrongDescription(form=Description.CUT_OFF)),
    "endless": senseless(WrongDescription(form=Description.ENDLESS_HEADERS)),
    "redirect": case(Redirect(to="SELF"), GapCause.UNREACHABLE, has_pictures=False),
    "slow": case(SlowAnswers(), GapCause.STALLED, has_pictures=False),
    "full": case(Refusal(method="SETUP", status=453), GapCause.UNREACHABLE, has_pictures=False),
    "busy": case(Refusal(method="DESCRIBE", status=503), GapCause.UNREACHABLE, has_pictures=False),
    "udp-only": senseless(Refusal(method="SETUP", status=461)),
    "sha256": case(OfferedSignIn(schemes=(SignInScheme.DIGEST_SHA256,))),
    "basic": case(OfferedSignIn(schemes=(SignInScheme.BASIC,))),
    "refused": case(RefuseSignIn(), GapCause.AUTHENTICATION, has_pictures=False),
    "stale": case(StaleNonce(times=2)),
    "other-size": case(PicturesOf(other="large", start_s=4), GapCause.PARAMETERS_CHANGED),
    "other-kind": case(PicturesOf(other="hevc", start_s=4), GapCause.PARAMETERS_CHANGED, *SENSELESS),
    "one-lost": case(LostPictures(start_s=4)),
    "keys-only": case(KeyPicturesOnly(start_s=4)),
    "no-keys": case(NoMoreKeys(start_s=0)),
    "no-size": senseless(PictureSize(width_px=0, height_px=0)),
    "16k": Case(PictureSize(width_px=16384, height_px=16384), SENSELESS, True, must_be_told=False),
    "payloads": Case(GarbagePayloads(start_s=4), ANY, True, must_be_told=False),
    "framing": senseless(GarbageFraming(start_s=4), has_pictures=True),
    "loss": Case(Loss(share=0.05, start_s=4), frozenset({GapCause.PACKETS_LOST}), True, must_be_told=False),
    "reorder": case(Reorder(share=0.2, start_s=4)),
    "duplicates": case(Duplicates(share=0.3, start_s=4)),
    "no-markers": case(MissingMarkers(start_s=4)),
    "cut-parts": Case(CutFragments(start_s=4), frozenset({GapCause.STALLED}), True, must_be_told=False),
    "sequence": case(SequenceWrap(start_s=4)),
    "wrap": case(TimestampWrap(start_s=4), GapCause.CLOCK_STEP),
    "jump": case(TimestampJump(seconds=100, start_s=4), GapCause.CLOCK_STEP),
    "ssrc": Case(SsrcChange(start_s=4), frozenset({GapCause.CLOCK_STEP}), True, must_be_told=False),
    "no-documents": case(WrongMetadata(form=MetadataForm.GARBAGE, times=50, start_s=4)),
    "endless-document": case(WrongMetadata(form=MetadataForm.WITHOUT_END, times=20, start_s=4)),
    "offset": case(ClockOffset(seconds=-3600, start_s=4)),
    "drift": case(ClockDrift(parts_per_million=300)),
}


@dataclass
class Camera:
    """A source, and what became of its packets."""

    name: str
    source: CameraSource
    clock: SystemClock
    fragmenter: Fragmenter | None = None
    fragments: list[Fragment] = field(default_factory=list)
    pictures: int = 0
    documents: int = 0
    ends: list[RunEnded] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)

    def take(self, notice: SourceNotice) -> None:
        match notice:
            case RunStarted():
                assert init_section(notice.parameters)
                self.fragmenter = Fragmenter(UUID(int=1), wall_clock=WallClock(clock=self.clock))  # type: ignore[arg-type]
            case Packet():
                assert self.fragmenter is not None
                self.pictures += 1
                self.arrivals.append(time.monotonic())
                self.fragmenter.push(notice)
            case Document():
                self.documents += 1
            case RunEnded():
                self.ends.append(notice)

    def told(self) -> frozenset[GapCause]:
        return frozenset(ended.cause for ended in self.ends)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Camera]:
    """All cameras after half a minute in one loop."""
    folder = tmp_path_factory.mktemp("clips")
    clips = {
        "small": make_clip(folder / "small.mp4", seconds=4, fps=10, gop=10, size=(256, 160)),
        "large": make_clip(folder / "large.mp4", seconds=4, fps=10, gop=10, size=(384, 256)),
        "hevc": make_clip(folder / "hevc.mp4", seconds=4, fps=10, gop=10, size=(256, 160), codec="h265"),
    }
    small = StreamFiles(video=clips["small"], has_metadata=True)
    files: dict[str, Path | StreamFiles] = dict.fromkeys(("healthy", *CASES), small) | {
        "large": clips["large"],
        "hevc": clips["hevc"],
    }
    clock, buffer = SystemClock(), ReadBuffer()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with simulated_cameras(files, user="ada", password="pass") as simulator:
        cameras: dict[str, Camera] = {}
        for name in ("healthy", *CASES):
            address = StreamAddress(url=simulator.url(name), user="ada", password=Secret("pass"))
            source = CameraSource(address, clock=clock, rng=SystemRng(), buffer=buffer, with_metadata=True)
            cameras[name] = Camera(name, source, clock)
        for name, each in CASES.items():
            changes = {"stream": name}
            if isinstance(each.fault, Redirect):
                changes["to"] = simulator.url(name)
            simulator.inject(replace(each.fault, **changes))  # type: ignore[arg-type]
        began = time.monotonic()
        while time.monotonic() < began + RUNS_S:
            for camera in cameras.values():
                for notice in camera.source.poll():
                    camera.take(notice)
            time.sleep(0.02)
        for camera in cameras.values():
            camera.source.close()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    for name, camera in cameras.items():
        told = ", ".join(sorted(camera.told())) or "-"
        print(f"{name}: {camera.pictures} pictures, {camera.source.lost_packets} lost, told: {told}")
    print(f"grown by {grown / 1e6:.0f} MB")
    assert grown < MEMORY_LIMIT_BYTES
    return cameras


def test_every_fault_of_the_simulator_has_its_case() -> None:
    assert {type(each.fault) for each in CASES.values()} == set(FAULTS)


def test_the_healthy_camera_notices_nothing(played: dict[str, Camera]) -> None:
    healthy = played["healthy"]
    pauses = [after - before for before, after in zip(healthy.arrivals, healthy.arrivals[1:], strict=False)]

    assert healthy.ends == []
    assert healthy.source.lost_packets == 0
    assert healthy.pictures > (RUNS_S - 4) * 10
    assert healthy.documents > RUNS_S - 6
    assert max(pauses) < 3


@pytest.mark.parametrize("name", ["no-documents", "endless-document"])
def test_a_metadata_track_that_is_wrong_gives_no_documents_and_is_counted(
    played: dict[str, Camera], name: str
) -> None:
    camera = played[name]

    assert camera.documents <= 6
    assert camera.source.malformed_packets > 0
    assert camera.pictures > (RUNS_S - 4) * 10


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_told_as_what_it_is_and_recording_goes_on_where_it_can(
    played: dict[str, Camera], name: str
) -> None:
    camera, each = played[name], CASES[name]

    assert camera.told() <= each.causes
    assert bool(camera.ends) or not each.must_be_told
    assert bool(camera.pictures) is each.has_pictures
    assert all("pass" not in ended.detail.replace("password", "") for ended in camera.ends)
