"""A run's packets on their way into fragments, and into chunks while somebody watches live."""

from collections.abc import Callable, Sequence
from typing import Protocol

from watchkeep.domain.camera import Stream
from watchkeep.domain.ids import RunId
from watchkeep.domain.media import AudioPacket, AudioParameters, Document, Fragment, Packet
from watchkeep.ingestion.chunker import Chunker
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.wall_clock import WallClock


class ChunkReaders(Protocol):
    """Who watches live."""

    def wants_chunks(self, stream: Stream) -> bool:
        """Whether anybody watches the stream live."""
        ...

    def publish_chunk(self, stream: Stream, chunk: Fragment, *, was_given: bool = False) -> None:
        """Hand a chunk to those who watch; `was_given`: keep it for those who join, the others have it."""
        ...

    def end_chunks(self, stream: Stream) -> None:
        """No chunks are made any more."""
        ...


class PacketFeed:
    """Takes the packets of one run. Of a stream that nobody watches live, no chunk is made."""

    def __init__(
        self,
        run: RunId,
        stream: Stream,
        *,
        wall_clock: WallClock,
        readers: ChunkReaders,
        keep: Callable[[Fragment, bool], None],
        audio: AudioParameters | None = None,
    ) -> None:
        """Begin a run.

        Args:
            run: Its id.
            stream: Whose it is.
            wall_clock: Places fragments.
            readers: Who watches live.
            keep: Takes each fragment, and whether all its packets went out in chunks before.
            audio: What its audio is, if any is taken.
        """
        self._fragmenter = Fragmenter(run, wall_clock=wall_clock, audio=audio)
        self._chunker = Chunker(run, fragmenter=self._fragmenter, wall_clock=wall_clock)
        self._stream = stream
        self._readers = readers
        self._keep = keep

    def push(self, packet: Packet) -> None:
        """Take the next packet. Whether somebody watches live is looked at in `look_who_watches` only."""
        fragments = self._fragmenter.push(packet)
        if not self._chunker.is_on:
            for fragment in fragments:
                self._keep(fragment, False)
            return
        if fragments:
            self._give(self._chunker.finish(packet.dts))
            for fragment in fragments:
                self._keep(fragment, True)
            self._give(self._chunker.again(), was_given=True)
        self._give(self._chunker.follow(packet))

    def push_audio(self, packet: AudioPacket) -> None:
        """Take the next packet of audio; it goes into fragments, not into chunks."""
        self._fragmenter.push_audio(packet)

    def push_document(self, document: Document) -> None:
        """Take the camera's next document; it goes into fragments, not into chunks."""
        self._fragmenter.push_document(document)

    def take_dropped_documents(self) -> int:
        """How many documents were dropped since the last call."""
        return self._fragmenter.take_dropped_documents()

    def take_dropped_audio(self) -> int:
        """How many packets of audio were dropped since the last call."""
        return self._fragmenter.take_dropped_audio()

    def end(self) -> None:
        """The run is over: the rest."""
        self._give(self._chunker.finish_at_end())
        for fragment in self._fragmenter.end():
            self._keep(fragment, self._chunker.is_on)

    @property
    def is_watched(self) -> bool:
        """Whether anybody watches live."""
        return self._chunker.is_on or self._readers.wants_chunks(self._stream)

    def look_who_watches(self) -> None:
        """Begin to make chunks, or stop; once a turn."""
        if self._readers.wants_chunks(self._stream):
            self._give(self._chunker.start())
        elif self._chunker.is_on:
            self._chunker.stop()
            self._readers.end_chunks(self._stream)

    def _give(self, chunks: Sequence[Fragment], *, was_given: bool = False) -> None:
        for chunk in chunks:
            self._readers.publish_chunk(self._stream, chunk, was_given=was_given)
