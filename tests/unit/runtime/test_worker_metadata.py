"""A camera's metadata lies sealed beside its pictures at its time; a hostile track harms nobody."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders import INSTALLATION, CountingRng
from driven_camera import film, filming
from mp4_reading import documents
from recording_rig import Rig, recorded
from time_code import make_clip
from watchkeep.domain.coverage import Coverage
from watchkeep.domain.media import GapCause
from watchkeep.domain.mode import ModeSchedule, RecordingMode
from watchkeep.runtime.recorder import fetching
from watchkeep.runtime.system import Machine, SystemFs
from watchkeep.sources.choosing import CameraSource
from watchkeep.sources.simulator.faults import MetadataForm, WrongMetadata
from watchkeep.sources.simulator.stream import StreamFiles
from watchkeep.storage.media.reader import SealedReader
from watchkeep.storage.media.volume import Volume

SECONDS = 12


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "door.mp4", seconds=2, gop=25, size=(160, 90))


def kept(rig: Rig) -> list[tuple[datetime, bytes]]:
    """When each document in the sealed files is on our clock, by the fragment it is in, and its bytes."""
    volume = Volume.open(rig.footage, fs=SystemFs(), rng=CountingRng(), installation=INSTALLATION)
    found = []
    for segment in rig.book.segments():
        path = volume.locate(segment.path, segment.id)
        reader = SealedReader.open(path, fs=SystemFs(), keys=rig.keystore.find_shred_key)
        for mark in reader.marks:
            for ticks, encoding, document, _ in documents(reader.read_video(mark.offset, mark.length)):
                assert encoding == "vnd.onvif.metadata"
                at = mark.when.start + timedelta(seconds=(ticks - mark.start_ticks) / 90_000)
                found.append((at, document))
        reader.close()
    return found


def told_time(document: bytes) -> datetime:
    match = re.search(rb'UtcTime="([^"]+)"', document)
    assert match is not None
    return datetime.fromisoformat(match[1].decode())


def test_documents_lie_in_the_sealed_files_at_the_instants_that_they_tell_of(rig: Rig, door: Path) -> None:
    with filming(rig, StreamFiles(video=door, has_metadata=True)) as simulator:
        film(rig, simulator, SECONDS)
        rig.stop()

    rig.check_files()
    found = kept(rig)
    assert SECONDS - 3 <= len(found) <= SECONDS
    for at, document in found:
        assert document.startswith(b"<?xml")
        assert document.endswith(b"</tt:MetadataStream>")
        assert abs(at - told_time(document)) < timedelta(seconds=0.1)
    told = [told_time(document) for _, document in found]
    assert told == [told[0] + timedelta(seconds=number) for number in range(len(told))]
    assert len(rig.book.segments()) > 1
    for path in rig.root.rglob("*.wks"):
        assert b"MetadataStream" not in path.read_bytes()


@pytest.mark.parametrize("form", list(MetadataForm))
def test_a_hostile_metadata_track_costs_no_picture_and_is_counted(
    rig: Rig, door: Path, form: MetadataForm
) -> None:
    fault = WrongMetadata(form=form, times=30, start_s=3, length_s=5)
    with filming(rig, StreamFiles(video=door, has_metadata=True), faults=(fault,)) as simulator:
        film(rig, simulator, SECONDS)
        malformed, lost = rig.worker.source.malformed_packets, rig.worker.source.lost_packets
        rig.stop()

    rig.check_files()
    assert [kind for kind, _ in rig.spans()] == [GapCause.CONNECTING, Coverage.RECORDED]
    assert recorded(rig.spans()) >= SECONDS - 1
    assert malformed > 0
    assert lost == 0
    found = kept(rig)
    assert {document[:5] for _, document in found} == {b"<?xml"}
    ours = rig.book.segments()[0].when.start
    after = [at for at, _ in found if at > ours + timedelta(seconds=8)]
    assert len(after) >= 2  # it is heard again when it comes to its senses


@pytest.mark.parametrize("mode", [RecordingMode.CONTINUOUS, RecordingMode.OFF])
def test_metadata_is_asked_for_only_where_it_is_recorded(rig: Rig, mode: RecordingMode) -> None:
    stream = replace(rig.worker.stream, modes=ModeSchedule(default=mode))

    source = fetching()(stream, Machine(clock=rig.clock))

    assert isinstance(source, CameraSource)
    assert source._own._with_metadata is (mode is RecordingMode.CONTINUOUS)
    source.close()
