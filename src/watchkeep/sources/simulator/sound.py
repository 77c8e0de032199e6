"""A clip's sound: AAC or G.711, read once. Source: RFC 3640, RFC 3551 section 4.5.14, ISO/IEC 14496-3."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.error import FFmpegError

from watchkeep.domain.errors import Invalid

_G711_UNITS_PER_SECOND = 50  # 20 ms, RFC 3551's default packet
_AAC_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_AAC_UNIT_SAMPLES = 1024
_ADTS_SYNC = 0xFFF


class SoundCodec(StrEnum):
    """How sound is compressed."""

    AAC = "aac"
    PCMU = "pcm_mulaw"
    PCMA = "pcm_alaw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Access units (AAC) or 20 ms pieces (G.711), one after the other.

    Attributes:
        config: The AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1); empty for G.711.
        unit_samples: Samples of one channel in a unit.
    """

    codec: SoundCodec
    rate_hz: int
    channel_count: int
    config: bytes
    units: tuple[bytes, ...]
    unit_samples: int


def read_sound(path: Path) -> Sound | None:
    """The sound of a file's first audio stream; None when it has none, or is neither AAC nor G.711.

    Raises:
        Invalid: The file cannot be read.
    """
    try:
        with av.open(str(path)) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None or stream.codec_context.name not in list(SoundCodec):
                return None
            codec = SoundCodec(stream.codec_context.name)
            pieces = [bytes(packet) for packet in container.demux(stream) if _is_heard(packet, stream)]
            config = stream.codec_context.extradata or b""
            rate_hz, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    except (FFmpegError, OSError) as error:
        raise Invalid(
            f"{path.name} cannot be read as sound ({error.strerror}); check the file.", file=path.name
        ) from error
    if not pieces:
        return None
    if codec is SoundCodec.AAC:
        units, unit_samples = tuple(map(_without_adts, pieces)), _AAC_UNIT_SAMPLES
        config = config or _specific_config(rate_hz, channels)
    else:
        unit_samples, config = rate_hz // _G711_UNITS_PER_SECOND, b""
        units = tuple(_cut(b"".join(pieces), unit_samples * channels))
    return Sound(
        codec=codec,
        rate_hz=rate_hz,
        channel_count=channels,
        config=config,
        units=units,
        unit_samples=unit_samples,
    )


def _is_heard(packet: "av.Packet[AudioStream]", stream: AudioStream) -> bool:
    """Not the encoder's priming, which an MP4 shows before its beginning."""
    base = stream.time_base or Fraction(1)
    return packet.size > 0 and (packet.pts is None or packet.pts * base > Fraction(-1, 200))


def _without_adts(unit: bytes) -> bytes:
    """The access unit behind its ADTS head, if there is one (ISO/IEC 13818-7 section 6.2)."""
    if len(unit) < 7 or int.from_bytes(unit[:2], "big") >> 4 != _ADTS_SYNC:
        return unit
    has_checksum = not unit[1] & 1
    return unit[9 if has_checksum else 7 :]


def _specific_config(rate_hz: int, channels: int) -> bytes:
    """AAC-LC, as ADTS tells it."""
    return (2 << 11 | _AAC_RATES_HZ.index(rate_hz) << 7 | channels << 3).to_bytes(2, "big")


def _cut(samples: bytes, length: int) -> Iterator[bytes]:
    """Pieces of the length; a shorter rest is left out, unless it is all."""
    for start in range(0, max(len(samples) - length, 0) + 1, length):
        yield samples[start : start + length]
