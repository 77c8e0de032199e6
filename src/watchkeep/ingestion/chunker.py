"""Cuts the packets that wait for their fragment into chunks, while somebody watches live."""

from collections.abc import Sequence
from datetime import timedelta

from watchkeep.domain.ids import RunId
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import TICKS_PER_SECOND, Fragment, Packet
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.mux import fragment_payload
from watchkeep.ingestion.wall_clock import WallClock


class Chunker:
    """Makes the chunks of one run: the fragments' packets again, each once, in moof + mdat of their own.

    A chunk is given out with its last packet, whose length is not known yet and is taken to be that of the
    one before. A packet that comes later than that is decoded from where the chunk before said that it ends,
    and shown at its own time: a browser drops all pictures up to the next key picture where decoding times
    jump by more than twice a picture's length. Source: Media Source Extensions, coded frame processing.
    """

    def __init__(
        self,
        run: RunId,
        *,
        fragmenter: Fragmenter,
        wall_clock: WallClock,
        longest: timedelta = timedelta(seconds=0.1),
    ) -> None:
        self._run = run
        self._fragmenter = fragmenter
        self._wall_clock = wall_clock
        self._longest_ticks = longest * TICKS_PER_SECOND // timedelta(seconds=1)
        self._pending: list[Packet] = []
        self._given_dts: int | None = None
        self._announced_dts: int | None = None
        self.is_on = False

    def start(self) -> list[Fragment]:
        """Somebody watches from now on: what waits for its fragment already."""
        if self.is_on:
            return []
        self.is_on = True
        self._given_dts = self._announced_dts = None
        self._pending = list(self._fragmenter.waiting)
        return self._cut_expecting() if self._pending else []

    def stop(self) -> None:
        """Nobody watches any more."""
        self.is_on = False
        self._pending = []

    def follow(self, packet: Packet) -> list[Fragment]:
        """Take a packet that the fragmenter has taken; mostly a chunk comes out every other time."""
        if not self.is_on or not self._fragmenter.waiting or self._fragmenter.waiting[-1] is not packet:
            return []
        self._pending.append(packet)
        interval_ticks = self._fragmenter.interval_ticks
        # If packets go on at this rate, the next would make it too long: no need to wait for it.
        if packet.dts + 2 * interval_ticks - self._pending[0].dts > self._longest_ticks:
            return self._cut_expecting()
        return []

    def finish(self, end_dts: int) -> list[Fragment]:
        """A fragment was cut at `end_dts`: what of it was not given out yet."""
        return self._cut(end_dts) if self._pending else []

    def finish_at_end(self) -> list[Fragment]:
        """The run is over: what was not given out yet."""
        return self._cut_expecting() if self._pending else []

    def again(self) -> list[Fragment]:
        """What waits for its fragment and was given out already, for those who join now."""
        given = [
            packet
            for packet in self._fragmenter.waiting
            if self._given_dts is not None and packet.dts <= self._given_dts
        ]
        return [self._chunk(given, given[-1].dts + self._fragmenter.interval_ticks)] if given else []

    def _cut_expecting(self) -> list[Fragment]:
        return self._cut(self._pending[-1].dts + self._fragmenter.interval_ticks)

    def _cut(self, end_dts: int) -> list[Fragment]:
        pending, self._pending = self._pending, []
        self._given_dts = pending[-1].dts
        if self._announced_dts is not None and self._announced_dts < pending[0].dts:
            pending[0] = pending[0]._replace(dts=self._announced_dts)
        self._announced_dts = end_dts
        chunks: list[Fragment] = []
        start = 0
        for number in range(1, len(pending)):
            following_dts = pending[number + 1].dts if number + 1 < len(pending) else end_dts
            if following_dts - pending[start].dts > self._longest_ticks:
                chunks.append(self._chunk(pending[start:number], pending[number].dts))
                start = number
        chunks.append(self._chunk(pending[start:], end_dts))
        return chunks

    def _chunk(self, packets: Sequence[Packet], end_dts: int) -> Fragment:
        first = packets[0]
        start_ticks, duration_ticks = first.dts - self._fragmenter.first_dts, end_dts - first.dts
        payload, media_offset = fragment_payload(
            packets,
            sequence=self._fragmenter.sequence,
            start_ticks=start_ticks,
            duration_ticks=duration_ticks,
        )
        return Fragment(
            run=self._run,
            sequence=self._fragmenter.sequence,
            when=Interval(self._wall_clock.at(first.dts), self._wall_clock.at(end_dts)),
            start_ticks=start_ticks,
            duration_ticks=duration_ticks,
            packet_count=len(packets),
            starts_with_key=first.is_key,
            payload=payload,
            media_offset=media_offset,
            audio_offset=len(payload),
        )
