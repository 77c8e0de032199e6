"""Beeps as a camera would send them: `parameters, packets = audio_packets(AudioCodec.AAC, seconds=3)`."""

from datetime import timedelta

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from builders import NOON
from watchkeep.domain.media import TICKS_PER_SECOND, AudioCodec, AudioPacket, AudioParameters

ENCODERS = {
    AudioCodec.AAC: ("aac", "fltp"),
    AudioCodec.OPUS: ("libopus", "s16"),
    AudioCodec.PCMU: ("pcm_mulaw", "s16"),
    AudioCodec.PCMA: ("pcm_alaw", "s16"),
}
RATES = {AudioCodec.AAC: 48_000, AudioCodec.OPUS: 48_000, AudioCodec.PCMU: 8_000, AudioCodec.PCMA: 8_000}
G711_PACKET_S = 0.02
BEEP_HZ = 440.0


def audio_packets(
    codec: AudioCodec, *, seconds: float, rate: int | None = None, channels: int = 1, start_ticks: int = 0
) -> tuple[AudioParameters, list[AudioPacket]]:
    """Each packet arrives at NOON + its time; the first is heard at start_ticks."""
    rate = rate or RATES[codec]
    encoder = an_encoder(codec, rate, channels)
    size = encoder.frame_size or round(rate * G711_PACKET_S)
    made: list[AudioPacket] = []
    for number in range(int(seconds * rate) // size):
        frame = a_beep(encoder, start=number * size, size=size)
        made += [_packet(each, len(made), size, rate, start_ticks) for each in encoder.encode(frame)]
    configuration = bytes(encoder.extradata or b"") if codec is AudioCodec.AAC else b""
    parameters = AudioParameters(
        codec=codec, sample_rate_hz=rate, channels=channels, configuration=configuration
    )
    return parameters, made


def an_encoder(codec: AudioCodec, rate: int, channels: int) -> AudioCodecContext:
    """Ready to encode."""
    name, form = ENCODERS[codec]
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate, encoder.format = rate, form
    encoder.layout = "mono" if channels == 1 else "stereo"
    encoder.open()
    return encoder


def a_beep(encoder: AudioCodecContext, *, start: int, size: int) -> av.AudioFrame:
    """Loud for half a second, silent for half a second, and so on."""
    at = np.arange(start, start + size)
    rate = encoder.sample_rate
    wave = 0.8 * np.sin(2 * np.pi * BEEP_HZ * at / rate) * ((at // (rate // 2)) % 2 == 0)
    channels = encoder.layout.nb_channels
    if encoder.format.name == "fltp":
        samples = np.repeat(wave.astype(np.float32)[None, :], channels, axis=0)
    else:
        samples = np.repeat((wave * 32_000).astype(np.int16), channels)[None, :]
    frame = av.AudioFrame.from_ndarray(samples, format=encoder.format.name, layout=encoder.layout.name)
    frame.sample_rate, frame.pts = rate, start
    return frame


def _packet(packet: av.Packet, number: int, size: int, rate: int, start_ticks: int) -> AudioPacket:
    at = number * size * TICKS_PER_SECOND // rate
    return AudioPacket(
        payload=bytes(packet),
        pts=start_ticks + at,
        duration_ticks=round(size * TICKS_PER_SECOND / rate),
        received_at=NOON + timedelta(seconds=at / TICKS_PER_SECOND),
    )
