"""Makes notices of what a playing camera sends: pictures and sound on one axis, and what its clock says."""

from collections.abc import Sequence
from datetime import datetime

from watchkeep.domain.media import (
    TICKS_PER_SECOND,
    AudioPacket,
    CameraClock,
    Codec,
    GapCause,
    Packet,
    SourceNotice,
)
from watchkeep.domain.nal import nal_type
from watchkeep.sources.assembler import AccessUnit, RunAssembler
from watchkeep.sources.rtsp.camera_clock import ClockReports, TrackPlace
from watchkeep.sources.rtsp.dialogue import Playing
from watchkeep.sources.rtsp.documents import DocumentReception
from watchkeep.sources.rtsp.pictures import Picture, PictureAssembler
from watchkeep.sources.rtsp.rtp import RtpReader, read_reports, receiver_report
from watchkeep.sources.rtsp.sounds import SoundAssembler

_HOLE_LIMIT_TICKS = TICKS_PER_SECOND
"""Lost packets that leave more of a hole than this end the run: nothing was recorded there."""
_SLICES = {Codec.H264: range(1, 6), Codec.H265: range(32)}
_EARLY_LIMIT = 8
_OWN_SOURCE = 0x57617463


class Reception:
    """One playing connection.

    Attributes:
        last_picture_ns: When a packet of the pictures last came; the monotonic clock.
        interval_ns: About how far pictures are apart.
        last_key_ns: When a key picture last came; None before the first.
        has_goodbye: The camera said that it ends.
    """

    def __init__(self, playing: Playing, *, is_clear_text: bool, now_ns: int) -> None:
        video, audio = playing.video, playing.audio
        self._codec = video.codec
        self._video_channel = playing.video_channels.media
        self._video_reports = playing.video_channels.reports
        self._audio_channel = playing.audio_channels.media if playing.audio_channels else -1
        self._audio_reports = playing.audio_channels.reports if playing.audio_channels else -1
        self._assembler = RunAssembler(
            video.codec,
            video.parameter_sets,
            is_clear_text=is_clear_text,
            audio=None if audio is None else audio.parameters,
        )
        self._video = RtpReader(video.payload_type)
        self._pictures = PictureAssembler(video.codec, has_decoding_order=video.has_decoding_order)
        self._audio = None if audio is None else RtpReader(audio.payload_type)
        self._sounds = None if audio is None else SoundAssembler(audio)
        self._place = None if audio is None else TrackPlace(audio.clock_rate_hz)
        metadata, its = playing.metadata, playing.metadata_channels
        self._documents = (
            DocumentReception(metadata, media_channel=its.media, report_channel=its.reports)
            if metadata is not None and its is not None
            else None
        )
        self._reports = ClockReports()
        self._early: list[tuple[int, bytes, datetime]] = []
        """Reports that came before the first packet of their track."""
        self._last_ticks: int | None = None
        self.last_picture_ns = self._last_whole_ns = now_ns
        self.interval_ns = 0
        self.last_key_ns: int | None = None
        self.has_goodbye = False

    @property
    def channels(self) -> frozenset[int]:
        """Those that were agreed."""
        agreed = {self._video_channel, self._video_reports, self._audio_channel, self._audio_reports}
        return frozenset(agreed - {-1}) | (self._documents.channels if self._documents else set())

    @property
    def lost_packets(self) -> int:
        """Missing so far, of pictures, sound and metadata."""
        beside = self._documents.lost_packets if self._documents else 0
        return self._video.lost + (self._audio.lost if self._audio else 0) + beside

    @property
    def malformed_packets(self) -> int:
        """Those that could not be read so far."""
        sound = (self._audio.malformed if self._audio else 0) + (
            self._sounds.malformed if self._sounds else 0
        )
        beside = self._documents.malformed if self._documents else 0
        return self._video.malformed + self._pictures.malformed + sound + beside

    @property
    def camera_clock(self) -> CameraClock | None:
        """What the camera's reports say of its clock; None before one came."""
        return self._reports.camera_clock

    def take(self, channel: int, packet: bytes, received_at: datetime, now_ns: int) -> Sequence[SourceNotice]:
        """Take an interleaved packet.

        Raises:
            Invalid: Parameter sets make no sense.
        """
        if channel == self._video_channel:
            return self._take_video(packet, received_at, now_ns)
        if channel == self._audio_channel:
            return self._take_audio(packet, received_at)
        if channel in (self._video_reports, self._audio_reports):
            self._take_report(channel, packet, received_at)
        elif self._documents is not None and channel in self._documents.channels:
            picture_ticks = self._last_ticks if self._assembler.is_running else None
            return self._documents.take(channel, packet, received_at, picture_ticks)
        return ()

    def take_run(
        self, data: bytes, at: int, notices: list[SourceNotice], received_at: datetime, now_ns: int
    ) -> int:
        """Take the frames that plainly go on with the picture in hand, or the plain pictures that follow.

        Raises:
            Invalid: Parameter sets make no sense.
        """
        pictures, reader, channel = self._pictures, self._video, self._video_channel
        lead = pictures.lead
        if lead:
            parts, at = reader.take_run(data, at, channel=channel, lead=lead)
            if parts:
                pictures.take_parts(parts)
        began_at = at
        while pictures.is_between:
            found = reader.take_instant(data, at, channel=channel, lead_bytes=pictures.lead_bytes)
            if found is None:
                break
            if at == began_at:
                self._picture_came(now_ns)  # those behind it came in the same instant
            instant, at = found
            nal = pictures.whole(instant)
            packet = None if nal is None else self._assembler.take_plain(nal, instant.timestamp, received_at)
            if packet is not None:
                self._last_ticks = packet.pts
                if packet.is_key:
                    self.last_key_ns = now_ns
                notices.append(packet)
                continue
            for each in instant.packets():
                for picture in pictures.take(each):
                    notices += self._take_picture(picture, received_at)
        return at

    def report(self) -> bytes:
        """A receiver report, as an interleaved frame."""
        packet = receiver_report(self._video, own_source=_OWN_SOURCE)
        return bytes([0x24, self._video_reports]) + len(packet).to_bytes(2, "big") + packet

    def _take_video(self, packet: bytes, received_at: datetime, now_ns: int) -> Sequence[SourceNotice]:
        rtp = self._video.take(packet)
        if rtp is None:
            return ()
        self.last_picture_ns = now_ns
        if self._early:
            self._take_early()
        if rtp.has_new_source:
            self._reports.forget()
        pictures = self._pictures.take(rtp)
        if not pictures:
            return ()
        self._picture_came(now_ns)
        notices: list[SourceNotice] = []
        for picture in pictures:
            notices += self._take_picture(picture, received_at)
        return notices

    def _picture_came(self, now_ns: int) -> None:
        self.last_picture_ns = now_ns
        self.interval_ns += (now_ns - self._last_whole_ns - self.interval_ns) // 8
        self._last_whole_ns = now_ns

    def _take_picture(self, picture: Picture, received_at: datetime) -> list[SourceNotice]:
        if picture.is_damaged and not self._has_slice(picture):
            return []
        notices: list[SourceNotice] = []
        ticks, last = picture.timestamp, self._last_ticks
        if picture.is_damaged and last is not None and abs(ticks - last) > _HOLE_LIMIT_TICKS:
            notices += self._assembler.interrupt(GapCause.PACKETS_LOST, "packets were lost on the way")
        self._last_ticks = ticks
        notices += self._assembler.take(AccessUnit(picture.nals, ticks, None, False, received_at))
        for notice in notices:
            if isinstance(notice, Packet) and notice.is_key:
                self.last_key_ns = self.last_picture_ns
        return notices

    def _has_slice(self, picture: Picture) -> bool:
        return any(nal_type(self._codec, nal) in _SLICES[self._codec] for nal in picture.nals)

    def _take_audio(self, packet: bytes, received_at: datetime) -> Sequence[SourceNotice]:
        if self._audio is None or self._sounds is None or self._place is None:
            return ()
        rtp = self._audio.take(packet)
        if rtp is None:
            return ()
        if self._early:
            self._take_early()
        if rtp.has_new_source:
            self._place.forget()
        sounds = self._sounds.take(rtp)
        if not self._assembler.is_running or self._last_ticks is None:
            return ()
        if not self._place.is_known(rtp.timestamp, self._last_ticks, received_at):
            return ()
        return [
            AudioPacket(
                payload=sound.payload,
                pts=self._place.ticks(sound.timestamp),
                duration_ticks=self._place.length(sound.duration),
                received_at=received_at,
            )
            for sound in sounds
        ]

    def _take_early(self) -> None:
        early, self._early = self._early, []
        for each in early:
            self._take_report(*each)

    def _take_report(self, channel: int, packet: bytes, received_at: datetime) -> None:
        reports, has_goodbye = read_reports(packet)
        is_video = channel == self._video_reports
        self.has_goodbye = self.has_goodbye or (has_goodbye and is_video)
        reader = self._video if is_video else self._audio
        if reader is not None and reader.source is None:
            # What it says of timestamps can be told when one has come.
            self._early = [*self._early[-_EARLY_LIMIT:], (channel, packet, received_at)]
            return
        for report in reports:
            if reader is None or report.source != reader.source:
                continue
            timestamp = reader.unwrapped(report.timestamp)
            if is_video:
                self._reports.take(report.unix_us, received_at)
                if self._documents is not None:
                    self._documents.learn(report.unix_us, timestamp)
            if self._place is not None:
                self._place.learn(report.unix_us, timestamp, is_video=is_video)
