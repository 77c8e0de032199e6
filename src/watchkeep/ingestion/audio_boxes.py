"""The audio track of fragmented MP4: its description once, then moof + mdat behind a fragment's pictures.

Source: ISO/IEC 14496-12 sections 8.5.2 and 12.2; 14496-14 section 5.6 (mp4a, esds); 14496-1 section 7.2.6
(descriptors); "Encapsulation of Opus in ISO Base Media File Format" 0.6.8, section 4.3 (Opus, dOps);
QuickTime File Format, "Sound Sample Descriptions" (ulaw, alaw: MP4 has no name for G.711).
"""

import logging
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watchkeep.domain.errors import Invalid
from watchkeep.domain.media import AudioCodec, AudioParameters
from watchkeep.domain.mp4 import AUDIO_ENTRIES, AUDIO_TRACK
from watchkeep.ingestion.boxes import BOX_HEAD, box, full_box, media_box, movie_fragment, track_header

log = logging.getLogger(__name__)

CHANNELS_LIMIT = 8
RATE_LIMIT_HZ = 192_000
CONFIGURATION_LIMIT_BYTES = 64
"""An AudioSpecificConfig of AAC-LC is two bytes long; one with a channel map about thirty."""

# Duration and size of each sample; that each stands alone is in the defaults.
_RUN_FIELDS = 0x000100 | 0x000200
_SAMPLE = struct.Struct(">II")
_SYNC_FLAGS = 0x02000000
_FULL_VOLUME = 0x100
_AUDIO_OBJECT = 0x40
"""ISO/IEC 14496-3: AAC in all its kinds."""
_AUDIO_STREAM = 5 << 2 | 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSample:
    """A packet of audio with its place in the track.

    Attributes:
        start: In ticks of the sample rate since the run's first picture.
        duration: In the same ticks; at least 1.
    """

    payload: bytes
    start: int
    duration: int


def describable(audio: AudioParameters | None) -> AudioParameters | None:
    """The audio, or None when an init section cannot say what it is: it is left out, the pictures are not."""
    if audio is not None:
        try:
            audio_track(audio)
        except Invalid as error:
            log.warning("audio left out", extra={"error": str(error)})
            return None
    return audio


def audio_track(audio: AudioParameters) -> bytes:
    """The trak box.

    Raises:
        Invalid: Rate, channels or configuration are none that a camera sends.
    """
    if not (0 < audio.sample_rate_hz <= RATE_LIMIT_HZ and 0 < audio.channels <= CHANNELS_LIMIT):
        raise Invalid(
            f"Audio of {audio.sample_rate_hz} Hz and {audio.channels} channels is not supported; "
            "choose another audio setting in the camera.",
            sample_rate_hz=audio.sample_rate_hz,
            channels=audio.channels,
        )
    audio_header = full_box(b"smhd", bytes(4))
    media = media_box(
        timescale=audio.sample_rate_hz, handler=b"soun", header=audio_header, entry=_audio_entry(audio)
    )
    return box(b"trak", track_header(AUDIO_TRACK, volume=_FULL_VOLUME) + media)


def audio_defaults() -> bytes:
    """The trex box."""
    return full_box(b"trex", struct.pack(">IIIII", AUDIO_TRACK, 1, 0, 0, _SYNC_FLAGS))


def audio_payload(samples: Sequence[AudioSample], numbers: Iterator[int]) -> bytes:
    """Moof + mdat of each stretch of audio without a hole.

    Args:
        samples: In order, none before the end of the one before.
        numbers: Of the moofs within the run; they grow.
    """
    stretches: list[list[AudioSample]] = []
    end = None
    for sample in samples:
        if sample.start != end:
            stretches.append([])
        stretches[-1].append(sample)
        end = sample.start + sample.duration
    return b"".join(_stretch(stretch, next(numbers)) for stretch in stretches)


def _stretch(samples: Sequence[AudioSample], number: int) -> bytes:
    moof = movie_fragment(
        AUDIO_TRACK,
        number=number,
        start=samples[0].start,
        run_flags=_RUN_FIELDS,
        samples=[_SAMPLE.pack(sample.duration, len(sample.payload)) for sample in samples],
    )
    media = b"".join(sample.payload for sample in samples)
    return moof + struct.pack(">I4s", BOX_HEAD + len(media), b"mdat") + media


def _audio_entry(audio: AudioParameters) -> bytes:
    # The rate is 16.16; above 65,535 Hz it does not fit, and the timescale says it.
    rate = audio.sample_rate_hz if audio.sample_rate_hz <= 0xFFFF else 0
    entry = struct.pack(">6xH8xHHHHI", 1, audio.channels, 16, 0, 0, rate << 16)
    match audio.codec:
        case AudioCodec.AAC:
            entry += full_box(b"esds", _elementary_stream(audio.configuration))
        case AudioCodec.OPUS:
            # No pre-skip: the stream was joined in its middle, nothing at its start is to be left out.
            entry += box(b"dOps", struct.pack(">BBHIhB", 0, audio.channels, 0, audio.sample_rate_hz, 0, 0))
        case AudioCodec.PCMU | AudioCodec.PCMA:
            pass  # the name says it all
    return box(AUDIO_ENTRIES[audio.codec], entry)


def _elementary_stream(configuration: bytes) -> bytes:
    if not 2 <= len(configuration) <= CONFIGURATION_LIMIT_BYTES:
        raise Invalid(
            "The camera does not say how its AAC is coded; choose another audio setting in the camera.",
            length=len(configuration),
        )
    # Buffer and bit rates: not known.
    decoder = struct.pack(">BB3xII", _AUDIO_OBJECT, _AUDIO_STREAM, 0, 0) + _descriptor(5, configuration)
    return _descriptor(3, struct.pack(">HB", 0, 0) + _descriptor(4, decoder) + _descriptor(6, b"\2"))


def _descriptor(tag: int, body: bytes) -> bytes:
    """With the four-byte length that all readers take."""
    length = bytes(len(body) >> shift & 0x7F | (0x80 if shift else 0) for shift in (21, 14, 7, 0))
    return bytes([tag]) + length + body
