"""A stream's audio is recorded when it is switched on, sealed with the pictures; else it goes nowhere."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from audio_packets import audio_packets
from builders import INSTALLATION, CountingRng
from mp4_reading import Sample, default_flags, samples, track_ids
from recording_rig import FPS, EndlessClip, Rig, Viewers
from watchkeep.domain.camera import Stream
from watchkeep.domain.media import (
    TICKS_PER_SECOND,
    AudioCodec,
    AudioPacket,
    AudioParameters,
    Fragment,
    RunStarted,
    VideoParameters,
)
from watchkeep.domain.mp4 import audio_offset
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.reader import SealedReader
from watchkeep.storage.media.volume import Volume

SECONDS = 6
FIRST_TICKS = 1000


class Watching(Viewers):
    """What those who watch live are handed."""

    def __init__(self) -> None:
        super().__init__()
        self.inits: list[bytes] = []
        self.payloads: list[bytes] = []

    def begin(self, stream: Stream, parameters: VideoParameters, init: bytes) -> None:
        self.inits.append(init)

    def publish(self, stream: Stream, fragment: Fragment, **_: bool) -> None:
        self.payloads.append(fragment.payload)


def film(rig: Rig, audio: AudioParameters, sounds: list[AudioPacket], *, is_on: bool) -> Watching:
    """Six seconds of pictures and sound, as a source hands them over."""
    rig.worker.stream = replace(rig.worker.stream, audio=is_on)
    rig.worker._readers = watching = Watching()
    first = rig.clip.packet(0, rig.clock.now()).dts
    rig.source.notices.append(RunStarted(parameters=rig.clip.parameters, is_clear_text=True, audio=audio))
    waiting = [replace(each, pts=each.pts + first + FIRST_TICKS) for each in sounds]
    for number in range(SECONDS * FPS):
        rig.clock.advance(1 / FPS)
        rig.source.notices.append(rig.clip.packet(number, rig.clock.now()))
        now = first + number * TICKS_PER_SECOND // FPS
        while waiting and waiting[0].pts <= now:
            rig.source.notices.append(waiting.pop(0))
        rig.tick()
    rig.source.notices += waiting
    rig.tick()
    rig.stop()
    rig.check_files()
    return watching


def stored(rig: Rig) -> tuple[list[bytes], list[bytes]]:
    """The init sections and fragments in the sealed files, in order."""
    volume = Volume.open(rig.footage, fs=SystemFs(), rng=CountingRng(), installation=INSTALLATION)
    inits, fragments = [], []
    for segment in rig.book.segments():
        path = volume.locate(segment.path, segment.id)
        reader = SealedReader.open(path, fs=SystemFs(), keys=rig.keystore.find_shred_key)
        inits.append(reader.read_video(0, reader.init_length))
        fragments += [reader.read_video(mark.offset, mark.length) for mark in reader.marks]
        reader.close()
    return inits, fragments


def heard(inits: list[bytes], fragments: list[bytes]) -> list[Sample]:
    return [each for each in samples(default_flags(inits[0]), b"".join(fragments)) if each.track == 2]


@pytest.mark.parametrize("codec", list(AudioCodec))
def test_what_is_heard_lies_sealed_beside_the_pictures(codec: AudioCodec, rig: Rig) -> None:
    audio, sounds = audio_packets(codec, seconds=SECONDS - 0.5)

    watching = film(rig, audio, sounds, is_on=True)

    inits, fragments = stored(rig)
    assert {tuple(track_ids(init)) for init in inits} == {(1, 2)}
    found = heard(inits, fragments)
    assert [each.data for each in found] == [each.payload for each in sounds]
    assert found[0].start == round(FIRST_TICKS * audio.sample_rate_hz / TICKS_PER_SECOND)
    assert all(one.start + one.duration == two.start for one, two in pairwise(found))
    assert len(rig.book.segments()) > 1
    assert watching.payloads == fragments
    assert rig.worker.dropped_audio_packets == 0
    assert not [
        path
        for path in rig.root.rglob("*")
        if path.is_file()
        and any(each.payload in path.read_bytes() for each in sounds[::25] if any(each.payload))
    ]


def test_audio_that_is_not_switched_on_goes_nowhere_whatever_the_source_sends(rig: Rig) -> None:
    audio, sounds = audio_packets(AudioCodec.PCMA, seconds=SECONDS - 0.5)

    watching = film(rig, audio, sounds, is_on=False)

    inits, fragments = stored(rig)
    for init in (*inits, *watching.inits):
        assert track_ids(init) == [1]
    for payload in (*fragments, *watching.payloads):
        assert audio_offset(payload) == len(payload)


def test_audio_that_nobody_could_read_is_left_out_and_the_pictures_are_recorded(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    audio, sounds = audio_packets(AudioCodec.AAC, seconds=SECONDS - 0.5)

    film(rig, replace(audio, configuration=b""), sounds, is_on=True)

    inits, fragments = stored(rig)
    assert track_ids(inits[0]) == [1]
    assert len(fragments) > 10
    assert "audio left out" in caplog.text


def test_audio_that_no_picture_goes_with_is_counted(tmp_path: Path, clip: EndlessClip) -> None:
    rig = Rig(tmp_path, clip)
    audio, sounds = audio_packets(AudioCodec.PCMU, seconds=SECONDS)
    early = [replace(each, pts=each.pts - 10 * TICKS_PER_SECOND) for each in sounds[:7]]

    film(rig, audio, [*early, *sounds[10:-100]], is_on=True)

    assert rig.worker.dropped_audio_packets == 7
