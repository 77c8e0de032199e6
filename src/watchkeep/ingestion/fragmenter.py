"""Cuts a run's packets into fragments."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

from watchkeep.domain.ids import RunId
from watchkeep.domain.media import (
    TICKS_PER_SECOND,
    AudioPacket,
    AudioParameters,
    Document,
    Fragment,
    Packet,
)
from watchkeep.ingestion.audio_queue import AudioQueue
from watchkeep.ingestion.document_queue import DocumentQueue
from watchkeep.ingestion.mux import fragment_payload
from watchkeep.ingestion.wall_clock import WallClock

_SINGLE_PACKET_TICKS = TICKS_PER_SECOND // 25
"""How long the only packet of a run lasts; nothing is known of its rate."""

LARGEST_BYTES = 16 << 20
MOST_PACKETS = 496
"""Of a fragment; it ends before a packet after, however short it is."""
WEIGHED_EVERY = 8
"""Packets; a multiple of it are the most."""


class Fragmenter:
    """Makes the fragments of one run; audio goes along with the pictures.

    A fragment ends before each key packet, and before its media would last longer than `longest`; only a
    single packet may last longer. How long a packet lasts is known when the next one comes, so a fragment is
    given out then.

    Attributes:
        dropped_packets: Packets that no decoder could use: those before the first key packet, and any that
            does not follow the one before in decoding time.
    """

    def __init__(
        self,
        run: RunId,
        *,
        wall_clock: WallClock,
        audio: AudioParameters | None = None,
        longest: timedelta = timedelta(seconds=0.5),
        began_dts: int | None = None,
    ) -> None:
        """Begin a run.

        Args:
            run: Its id.
            wall_clock: Says when pictures were taken.
            audio: Of its sound, if there is any.
            longest: What the media of a fragment may last.
            began_dts: Decoding time of the run's first packet, where what comes is a later part of it.
        """
        self._audio = None if audio is None else AudioQueue(audio)
        self._documents = DocumentQueue()
        self._is_ending = False
        self._numbers = count(1)
        self._run = run
        self._wall_clock = wall_clock
        self._longest_ticks = longest * TICKS_PER_SECOND // timedelta(seconds=1)
        self._waiting: list[Packet] = []
        self._began_dts = began_dts
        self._first_dts = began_dts or 0
        self._interval_ticks = _SINGLE_PACKET_TICKS
        self._sequence = 0
        self.dropped_packets = 0

    @property
    def waiting(self) -> Sequence[Packet]:
        """The packets of the fragment in hand; not to be kept, for it changes with the next push."""
        return self._waiting

    @property
    def sequence(self) -> int:
        """The number of the fragment in hand."""
        return self._sequence

    @property
    def first_dts(self) -> int:
        """The decoding time of the run's first packet."""
        return self._first_dts

    @property
    def interval_ticks(self) -> int:
        """From the packet before the newest to the newest."""
        return self._interval_ticks

    def push(self, packet: Packet) -> Sequence[Fragment]:
        """Take the next packet in decoding order; mostly nothing comes out, rarely more than one fragment."""
        waiting, dts = self._waiting, packet.dts
        interval_ticks = dts - waiting[-1].dts if waiting else 1
        if interval_ticks <= 0 or not (waiting or packet.is_key):
            self.dropped_packets += 1
            return ()
        self._wall_clock.observe(dts, packet.received_at)
        if self._audio is not None:
            self._audio.observe(dts)
        fragments: Sequence[Fragment] = ()
        if not waiting:
            self._first_dts = dts if self._began_dts is None else self._began_dts
        else:
            self._interval_ticks = interval_ticks
            # If packets go on at this rate, the next would make it too long: no need to wait for it.
            if packet.is_key or dts - waiting[0].dts + interval_ticks > self._longest_ticks or self._is_full:
                fragments = self._cut_before(packet)
        self._waiting.append(packet)
        return fragments

    @property
    def _is_full(self) -> bool:
        """Whether the fragment in hand may not grow: a clock that hardly moves would let it for ever."""
        count = len(self._waiting)
        if count % WEIGHED_EVERY:  # most fragments are cut before, and to weigh each picture is dear
            return False
        size_bytes = sum(len(nal) for packet in self._waiting for nal in packet.nals)
        return size_bytes > LARGEST_BYTES or count >= MOST_PACKETS

    def push_audio(self, packet: AudioPacket) -> None:
        """Take the next packet of audio; it comes out with a fragment of pictures, and none waits for it."""
        if self._audio is not None:
            self._audio.push(packet)

    def push_document(self, document: Document) -> None:
        """Take the camera's next document; it comes out with a fragment, and none waits for it."""
        self._documents.push(document)

    def take_dropped_documents(self) -> int:
        """How many documents were dropped since the last call."""
        dropped, self._documents.dropped = self._documents.dropped, 0
        return dropped

    def take_dropped_audio(self) -> int:
        """How many packets of audio were dropped since the last call."""
        if self._audio is None:
            return 0
        dropped, self._audio.dropped_packets = self._audio.dropped_packets, 0
        return dropped

    def end(self) -> list[Fragment]:
        """The run is over: the rest. The last packet lasts as long as the one before it."""
        self._is_ending = True
        fragments = self._cut_at_end(self._waiting[-1].dts + self._interval_ticks) if self._waiting else []
        if self._audio is not None:
            self._audio.end()
        return fragments

    def _cut_before(self, packet: Packet) -> list[Fragment]:
        if packet.is_key or self._is_full:
            return self._cut_at_end(packet.dts)
        fragments = self._cut_excess(packet.dts)
        if packet.dts - self._waiting[0].dts + self._interval_ticks > self._longest_ticks:
            fragments.append(self._cut(len(self._waiting), packet.dts))
        return fragments

    def _cut_at_end(self, end_dts: int) -> list[Fragment]:
        fragments = self._cut_excess(end_dts)
        fragments.append(self._cut(len(self._waiting), end_dts))
        return fragments

    def _cut_excess(self, end_dts: int) -> list[Fragment]:
        """The last packet proved to last so long that it needs a fragment of its own."""
        waiting = self._waiting
        if len(waiting) == 1 or end_dts - waiting[0].dts <= self._longest_ticks:
            return []
        return [self._cut(len(waiting) - 1, waiting[-1].dts)]

    def _cut(self, count: int, end_dts: int) -> Fragment:
        packets, self._waiting = self._waiting[:count], self._waiting[count:]
        first = packets[0]
        start_ticks, duration_ticks = first.dts - self._first_dts, end_dts - first.dts
        pictures, media_offset = fragment_payload(
            packets, sequence=next(self._numbers) - 1, start_ticks=start_ticks, duration_ticks=duration_ticks
        )
        is_last = self._is_ending and not self._waiting
        beside = self._documents.take(self._first_dts, None if is_last else end_dts)
        if self._audio is not None:
            beside += self._audio.take(end_dts, self._numbers)
        fragment = Fragment(
            run=self._run,
            sequence=self._sequence,
            when=self._wall_clock.place(first.dts, end_dts),
            start_ticks=start_ticks,
            duration_ticks=duration_ticks,
            packet_count=count,
            starts_with_key=first.is_key,
            payload=pictures + beside if beside else pictures,
            media_offset=media_offset,
            audio_offset=len(pictures),
        )
        self._sequence += 1
        return fragment
