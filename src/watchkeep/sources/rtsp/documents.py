"""Takes the documents out of an ONVIF metadata track. Source: ONVIF Streaming Specification section 5.1.2.

A document goes over any number of packets; the marker bit ends it. Nothing of it is parsed.
"""

from collections.abc import Sequence
from datetime import datetime

from watchkeep.domain.media import TICKS_PER_SECOND, Document
from watchkeep.sources.rtsp.camera_clock import TrackPlace
from watchkeep.sources.rtsp.description import MetadataTrack
from watchkeep.sources.rtsp.rtp import RtpPacket, RtpReader, read_reports

DOCUMENT_LIMIT_BYTES = 256 * 1024
_XML = "vnd.onvif.metadata"
_EARLY_LIMIT = 8
_APART_LIMIT_TICKS = 10 * TICKS_PER_SECOND
"""A document that claims to be so far from the newest picture is placed by when it came."""


class DocumentAssembler:
    """Takes the packets of a metadata track in order.

    Attributes:
        malformed: Documents that were too long, torn by a lost packet, or no XML where XML was announced.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._part = bytearray()
        self._timestamp = 0
        """Of the first packet of the document in hand."""
        self._is_spoiled = False
        """What comes up to the next marker belongs to a document that is given up."""
        self.malformed = 0

    def take(self, packet: RtpPacket) -> tuple[bytes, int] | None:
        """Take the next packet; the document that it ends, with its timestamp."""
        if packet.has_new_source:
            self._part.clear()
            self._is_spoiled = False
        elif packet.lost:
            self._spoil()
        if not self._part:
            self._timestamp = packet.timestamp
        if not self._is_spoiled and len(self._part) + len(packet.payload) > DOCUMENT_LIMIT_BYTES:
            self._spoil()
        if not self._is_spoiled:
            self._part += packet.payload
        return self._end() if packet.has_marker else None

    def _end(self) -> tuple[bytes, int] | None:
        document, is_spoiled = bytes(self._part), self._is_spoiled
        self._part.clear()
        self._is_spoiled = False
        if is_spoiled or not document:
            return None
        if self._encoding == _XML and not _looks_like_xml(document):
            self.malformed += 1
            return None
        return document, self._timestamp

    def _spoil(self) -> None:
        self._part.clear()
        self.malformed += not self._is_spoiled
        self._is_spoiled = True


class DocumentReception:
    """The metadata track of one playing connection."""

    def __init__(self, track: MetadataTrack, *, media_channel: int, report_channel: int) -> None:
        self._encoding = track.encoding
        self._media_channel = media_channel
        self._report_channel = report_channel
        self._reader = RtpReader(track.payload_type)
        self._assembler = DocumentAssembler(track.encoding)
        self._place = TrackPlace(track.clock_rate_hz)
        self._early: list[bytes] = []

    @property
    def channels(self) -> frozenset[int]:
        """Those that were agreed."""
        return frozenset({self._media_channel, self._report_channel})

    @property
    def lost_packets(self) -> int:
        """Missing so far."""
        return self._reader.lost

    @property
    def malformed(self) -> int:
        """Packets and documents that could not be read so far."""
        return self._reader.malformed + self._assembler.malformed

    def learn(self, unix_us: int, timestamp: int) -> None:
        """A report of the pictures came."""
        self._place.learn(unix_us, timestamp, is_video=True)

    def take(
        self, channel: int, packet: bytes, received_at: datetime, picture_ticks: int | None
    ) -> Sequence[Document]:
        """Take a packet of either channel.

        Args:
            channel: One of `channels`.
            packet: RTP or RTCP.
            received_at: When it came.
            picture_ticks: Time of the newest picture; None between runs: then a document goes with none.
        """
        if channel == self._report_channel:
            self._take_report(packet)
            return ()
        rtp = self._reader.take(packet)
        if rtp is None:
            return ()
        early, self._early = self._early, []
        for report in early:
            self._take_report(report)
        if rtp.has_new_source:
            self._place.forget()
        found = self._assembler.take(rtp)
        if found is None or picture_ticks is None:
            return ()
        document, timestamp = found
        pts = picture_ticks
        if self._place.is_known(timestamp, picture_ticks, received_at):
            told = self._place.ticks(timestamp)
            pts = told if abs(told - picture_ticks) <= _APART_LIMIT_TICKS else picture_ticks
        return (Document(payload=document, encoding=self._encoding, pts=pts, received_at=received_at),)

    def _take_report(self, packet: bytes) -> None:
        if self._reader.source is None:
            # What it says of timestamps can be told when one has come.
            self._early = [*self._early[-_EARLY_LIMIT:], packet]
            return
        for report in read_reports(packet)[0]:
            if report.source == self._reader.source:
                timestamp = self._reader.unwrapped(report.timestamp)
                self._place.learn(report.unix_us, timestamp, is_video=False)


def _looks_like_xml(document: bytes) -> bool:
    text = document.strip(b" \t\r\n\0\xef\xbb\xbf")
    # UTF-16 is XML, too; its "<" has a zero before or behind it.
    is_begun = text[:1] == b"<" or text[:4] in (b"\xff\xfe<\0", b"\xfe\xff\0<")
    return is_begun and text[-1:] == b">"
