"""Chooses how an address is read: by our own client where it can, else by libav, which is said."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.media import CameraClock, RunEnded, RunStarted, SourceNotice
from watchkeep.sources.container import open_container
from watchkeep.sources.libav import LibavSource
from watchkeep.sources.rtsp.framing import ReadBuffer
from watchkeep.sources.rtsp.source import RtspSource

_ENCRYPTED = "read through libav, as the connection is encrypted; its sound is not recorded"

_OVER_HTTP = "read through libav, as it comes over HTTP; its sound is not recorded"


class CameraSource:
    """An RTSP camera: our own client, and libav while that says that another reader may do better.

    Attributes:
        note: Why libav reads it; "" while our own client does.
    """

    def __init__(
        self,
        address: StreamAddress,
        *,
        clock: Clock,
        rng: Rng,
        buffer: ReadBuffer,
        with_audio: bool = False,
        with_metadata: bool = False,
    ) -> None:
        """Begin; see RtspSource."""
        self._address = address
        self._clock = clock
        self._rng = rng
        self._own = RtspSource(
            address, clock=clock, rng=rng, buffer=buffer, with_audio=with_audio, with_metadata=with_metadata
        )
        self._libav: LibavSource | None = None
        """From its first turn on one and the same, for it knows which of its connections hang."""
        self._is_libavs_turn = False
        self._libav_has_run = False
        self.note = ""

    def poll(self) -> Sequence[SourceNotice]:
        """What came since the last call, in order; never blocks."""
        if self._libav is not None and self._is_libavs_turn:
            return self._poll_libav(self._libav)
        notices = self._own.poll()
        if notices and self._own.for_libav:
            self._turn_to_libav(f"read through libav: the camera {self._own.for_libav}")
        return notices

    def _turn_to_libav(self, note: str) -> None:
        if self._libav is None:
            self._libav = LibavSource(
                self._address,
                clock=self._clock,
                rng=self._rng,
                opener=partial(open_container, transport="udp+tcp"),
                note=note,
            )
        elif not self._libav.restart(note=note):
            return
        self.note, self._is_libavs_turn, self._libav_has_run = note, True, False

    def _poll_libav(self, libav: LibavSource) -> Sequence[SourceNotice]:
        notices = libav.poll()
        for notice in notices:
            if isinstance(notice, RunStarted):
                self._libav_has_run = True
            elif isinstance(notice, RunEnded) and not self._libav_has_run:
                # It does no better: the camera may only have been starting when our client met it.
                self.note, self._is_libavs_turn = "", False
        return notices

    def close(self) -> None:
        """Let go of the camera; waits for nobody."""
        self._own.close()
        if self._libav is not None:
            self._libav.close()

    @property
    def lost_packets(self) -> int:
        """RTP packets that are missing; libav does not tell."""
        return self._own.lost_packets

    @property
    def malformed_packets(self) -> int:
        """Packets that could not be read; libav does not tell."""
        return self._own.malformed_packets

    @property
    def camera_clock(self) -> CameraClock | None:
        """What the camera's reports say of its clock; None while nothing is known."""
        return self._own.camera_clock


def open_address(
    address: StreamAddress,
    *,
    clock: Clock,
    rng: Rng,
    buffer: ReadBuffer,
    with_audio: bool = False,
    with_metadata: bool = False,
) -> CameraSource | LibavSource:
    """A source for a checked address.

    Args:
        address: Where.
        clock: For arrivals and pauses.
        rng: Spreads the pauses, and signs.
        buffer: Shared by all sources of a loop.
        with_audio: Whether sound is wanted.
        with_metadata: Whether ONVIF metadata is wanted; libav never gives it.
    """
    match urlsplit(address.url).scheme:
        case "rtsp":
            return CameraSource(
                address,
                clock=clock,
                rng=rng,
                buffer=buffer,
                with_audio=with_audio,
                with_metadata=with_metadata,
            )
        case "rtsps":
            return LibavSource(address, clock=clock, rng=rng, note=_ENCRYPTED)
        case "http" | "https":
            return LibavSource(address, clock=clock, rng=rng, note=_OVER_HTTP)
        case _:
            return LibavSource(address, clock=clock, rng=rng)
