"""A whole house for tests: real database, keystore, volume and sealed footage; only the prober is a fake."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from builders import INSTALLATION, NODE, NOON, CountingRng, FixedClock
from clip_packets import clip_packets
from watchkeep.application.asking import Asking, system_asking
from watchkeep.application.cameras import NewCamera, StreamWish, add_camera
from watchkeep.application.house import FootageVolume, House, Probe, Site
from watchkeep.domain.camera import Secret, StreamAddress, StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import CameraUnreachable
from watchkeep.domain.ids import CameraId, RunId, SegmentId, StreamId, uuid7
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import AudioPacket, AudioParameters, Document, Fragment, VideoParameters
from watchkeep.domain.segment import SegmentHeader
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.segmenter import Segmenter
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.segment_rows import closed_row, final_path, opened_row
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.catalog import cameras, recordings
from watchkeep.storage.catalog.connection import Catalog
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.encryption.providers import MachineProvider
from watchkeep.storage.media.volume import Volume
from watchkeep.storage.media.writer import SealedWriter

SITE = Site(id=UUID("0197291a-0000-7000-8000-0000000000aa"), name="Home", zone="Europe/Berlin")


class OneCameraProber:
    """Answers for one address and remembers with which sign-in it was asked."""

    def __init__(self) -> None:
        self.asked: list[StreamAddress] = []

    def probe(self, address: StreamAddress) -> Probe:
        self.asked.append(address)
        if "nobody" in address.url:
            raise CameraUnreachable("The camera does not answer; look at its cable.")
        return Probe(
            codec="h264",
            width_px=640,
            height_px=360,
            frames_per_second=25.0,
            is_clear_text=True,
            picture=b"\xff\xd8picture",
        )


class EmptySpool:
    """A spool in which nothing waits."""

    rows = 0

    def depth(self) -> int:
        return self.rows


def a_house(catalog: Catalog, root: Path, *, clock: FixedClock | None = None) -> House:
    """A house whose time stands until it is told."""
    clock, rng, fs = clock or FixedClock(), CountingRng(), SystemFs()
    fs.make_directories(root / "keys")
    provider = MachineProvider(root / "keys" / "machine.key", fs=fs, rng=rng)
    volume = Volume.open(root / "footage", fs=fs, rng=rng, installation=INSTALLATION)
    with catalog.transaction() as conn:
        cameras.put_site(conn, cameras.Site(id=SITE.id, name=SITE.name, zone=SITE.zone))
    return House(
        catalog=catalog,
        keystore=Keystore.create(root / "keys" / "store", fs=fs, clock=clock, rng=rng, provider=provider),
        volumes=[
            FootageVolume(volume=volume, label="footage", root=root / "footage", reserve_bytes=1_000_000)
        ],
        spool=EmptySpool(),
        clock=clock,
        rng=rng,
        fs=fs,
        site=SITE,
        prober=OneCameraProber(),
        recorder_socket=lambda _: root / "recorder.sock",
        simulator_ports=frozenset({8554}),
    )


def a_camera(house: House, name: str, *, password: str = "", asking: Asking | None = None) -> CameraId:
    """Add a camera with a main stream."""
    wish = StreamWish(
        role=StreamRole.MAIN,
        url=f"rtsp://192.0.2.10/{name.lower().replace(' ', '-')}",
        user="admin" if password else None,
        password=Secret(password) if password else None,
    )
    return add_camera(
        house, asking or system_asking(), NewCamera(name=name, retention_days=None, streams=(wish,))
    ).id


def stream_of(house: House, camera: CameraId) -> StreamId:
    """The camera's main stream."""
    with house.catalog.transaction() as conn:
        return cameras.get_camera(conn, camera).streams[0].id


Audio = tuple[AudioParameters, list[AudioPacket]]


def clip_fragments(
    house: House,
    clip: Path,
    *,
    at: datetime = NOON,
    audio: Audio | None = None,
    documents: Sequence[Document] = (),
) -> tuple[RunId, VideoParameters, list[Fragment]]:
    """A clip as the fragments of a run that began at an instant; what goes along from the first picture."""
    parameters, packets = clip_packets(clip)
    clock = FixedClock(at)
    run = RunId(uuid7(house.clock, house.rng))
    fragmenter = Fragmenter(run, wall_clock=WallClock(clock=clock), audio=audio[0] if audio else None)
    fragments: list[Fragment] = []
    sounds = [replace(each, pts=each.pts + packets[0].dts) for each in audio[1]] if audio else []
    papers = [replace(each, pts=each.pts + packets[0].dts) for each in documents]
    for packet in packets:
        while papers and papers[0].pts <= packet.dts:
            fragmenter.push_document(papers.pop(0))
        while sounds and sounds[0].pts <= packet.dts:
            fragmenter.push_audio(sounds.pop(0))
        arrived = packet.received_at + (at - NOON)
        clock.advance((arrived - clock.now()).total_seconds())
        fragments += fragmenter.push(packet._replace(received_at=arrived))
    for each in sounds:
        fragmenter.push_audio(each)
    return run, parameters, fragments + fragmenter.end()


def record(
    house: House,
    camera: CameraId,
    clip: Path,
    *,
    at: datetime = NOON,
    segment_length: timedelta = timedelta(seconds=10),
    leave_open: bool = False,
    audio: Audio | None = None,
    documents: Sequence[Document] = (),
) -> list[SegmentId]:
    """Seal a clip into segments and say so in the catalog, as the recorder does."""
    run, parameters, fragments = clip_fragments(house, clip, at=at, audio=audio, documents=documents)
    init = init_section(parameters, audio[0] if audio else None)
    segmenter = Segmenter(length=segment_length)
    groups: list[list[Fragment]] = []
    for fragment in fragments:
        if segmenter.place(fragment) or not groups:
            groups.append([])
        groups[-1].append(fragment)
    made: list[SegmentId] = []
    for number, group in enumerate(groups):
        header = _header(house, camera, run, parameters, group[0], number)
        is_last = number == len(groups) - 1
        _seal(house, header, init, group, leave_open=leave_open and is_last)
        made.append(header.segment)
    return made


def _header(
    house: House,
    camera: CameraId,
    run: RunId,
    parameters: VideoParameters,
    first: Fragment,
    sequence: int,
) -> SegmentHeader:
    day = first.when.start.date()
    key = house.keystore.shred_key(camera=camera, day=day, data_class=DataClass.RAW_FOOTAGE)
    return SegmentHeader(
        segment=SegmentId(uuid7(house.clock, house.rng)),
        node=NODE,
        camera=camera,
        stream=stream_of(house, camera),
        role=StreamRole.MAIN,
        run=run,
        epoch=0,
        sequence=sequence,
        data_class=DataClass.RAW_FOOTAGE,
        started_at=first.when.start,
        start_ticks=first.start_ticks,
        monotonic_ns=0,
        clock_is_synchronised=True,
        parameters=parameters,
        shred_key=key.id,
        shred_day=day,
    )


def _seal(
    house: House, header: SegmentHeader, init: bytes, group: list[Fragment], *, leave_open: bool
) -> None:
    volume = house.volumes[0].volume
    key = house.keystore.find_shred_key(header.shred_key, header.shred_day)
    path = volume.open_path(header.segment)
    writer = SealedWriter.create(path, header, init, shred_key=key, fs=house.fs, rng=house.rng)
    for fragment in group:
        writer.append(fragment)
    if leave_open:
        writer.sync()
        when = Interval(group[0].when.start, group[-1].when.end)
        row = opened_row(
            header, volume, when=when, size_bytes=writer.size_bytes, fragment_count=writer.fragment_count
        )
        writer.abandon()
        with house.catalog.transaction() as conn:
            assert recordings.apply(conn, [row]) == []
        return
    closed = closed_row(writer.finish(), volume)
    with house.catalog.transaction() as conn:
        assert recordings.apply(conn, [closed]) == []
    volume.settle(path, final_path(header, volume))
