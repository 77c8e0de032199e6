"""Hands fragments to those who watch while it is recorded, over a Unix socket; never waits for any of them.

The only sockets of this room. Words: domain/offering.py.
"""

import logging
import selectors
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from watchkeep.domain.camera import Stream
from watchkeep.domain.errors import Conflict, Invalid
from watchkeep.domain.ids import StreamId
from watchkeep.domain.media import Fragment, VideoParameters
from watchkeep.domain.offering import (
    FragmentNotice,
    Init,
    NoStream,
    Sighted,
    Subscribe,
    Word,
    WordDecoder,
    encode,
)
from watchkeep.domain.sighting import Sighting
from watchkeep.ingestion.parameters import codec_string
from watchkeep.ingestion.reader_queue import ReaderQueue
from watchkeep.ingestion.ring import Ring

log = logging.getLogger(__name__)

QUEUE_LIMIT_BYTES = 16 << 20
"""What may wait for one reader: about half a minute of 4 Mbit/s."""
READERS_LIMIT = 256
_REQUEST_LIMIT_BYTES = 4096
_SEND_BUFFER_BYTES = 1 << 20
_BACKLOG = 64


@dataclass(slots=True)
class _Offered:
    """What is known of a stream."""

    init: bytes
    ring: Ring = field(default_factory=Ring)
    chunks: list[Fragment] = field(default_factory=list)
    """Those since the newest fragment."""


class FragmentOffer:
    """The recorder's side: ticked by its loop, one call never blocks.

    Attributes:
        dropped_fragments: For all readers together, since the start.
    """

    def __init__(
        self,
        path: Path,
        *,
        queue_limit_bytes: int = QUEUE_LIMIT_BYTES,
        hear: Callable[[Sighting], None] = lambda _: None,
    ) -> None:
        """Listen at path, mode 0600; the socket that a killed recorder left is replaced.

        Args:
            path: Where.
            queue_limit_bytes: What may wait for one reader.
            hear: Takes what the analyst says that it sees.

        Raises:
            Conflict: Another recorder listens there.
            Invalid: The path is too long for a socket.
        """
        self._path = path
        self._queue_limit_bytes = queue_limit_bytes
        self._hear = hear
        self._streams: dict[StreamId, _Offered] = {}
        self._readers: dict[socket.socket, _Reader] = {}
        self._watched: Counter[StreamId] = Counter()
        self._listener = _listen(path)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.dropped_fragments = 0

    @property
    def readers(self) -> int:
        """How many are connected now."""
        return len(self._readers)

    def begin(self, stream: Stream, parameters: VideoParameters, init: bytes) -> None:
        """A run starts: later fragments of the stream need this init section."""
        word = encode(Init(stream=stream.id, codec=codec_string(parameters), init=init))
        self._streams[stream.id] = _Offered(word)
        for reader in self._readers.values():
            if reader.stream == stream.id:
                reader.queue.put_init(word)

    def publish(self, stream: Stream, fragment: Fragment, *, went_in_chunks: bool = False) -> None:
        """Hand a fragment to those who listen; a reader that is too slow loses its oldest whole GOPs.

        Args:
            stream: Whose it is.
            fragment: The next.
            went_in_chunks: All its packets were published before, in chunks.
        """
        offered = self._streams.get(stream.id)
        if offered is None:
            return
        offered.ring.push(fragment)
        offered.chunks.clear()
        self._hand(fragment, self._listening(stream.id, in_chunks=False if went_in_chunks else None))

    def wants_chunks(self, stream: Stream) -> bool:
        """Whether anybody watches the stream live."""
        return stream.id in self._watched

    def publish_chunk(self, stream: Stream, chunk: Fragment, *, was_given: bool = False) -> None:
        """Hand a chunk to those who watch; `was_given`: keep it for those who join, the others have it."""
        offered = self._streams.get(stream.id)
        if offered is None:
            return
        offered.chunks.append(chunk)
        if not was_given:
            self._hand(chunk, self._listening(stream.id, in_chunks=True))

    def end_chunks(self, stream: Stream) -> None:
        """No chunks are made any more; when they are again, they begin after the newest fragment."""
        if stream.id in self._streams:
            self._streams[stream.id].chunks.clear()

    def _listening(self, stream: StreamId, *, in_chunks: bool | None) -> "list[_Reader]":
        return [
            reader
            for reader in self._readers.values()
            if reader.stream == stream and in_chunks in (None, reader.in_chunks)
        ]

    def _hand(self, fragment: Fragment, readers: "list[_Reader]") -> None:
        if not readers:
            return
        frame = encode(FragmentNotice(fragment))
        for reader in readers:
            self.dropped_fragments += reader.queue.put_fragment(
                frame, starts_with_key=fragment.starts_with_key
            )

    def forget(self, stream: StreamId) -> None:
        """The stream was removed: let go of its pictures. Its readers stay and hear nothing."""
        self._streams.pop(stream, None)

    def dismiss(self, stream: StreamId) -> None:
        """The stream goes to another recorder: part with its readers, who look for it anew."""
        self.forget(stream)
        for reader in [reader for reader in self._readers.values() if reader.stream == stream]:
            self._part(reader)

    def poll(self) -> None:
        """Take what readers say and send what sockets take; never blocks."""
        for key, _ in self._selector.select(0):
            if key.fileobj is self._listener:
                self._accept()
            else:
                self._read(self._readers[key.data])
        for reader in list(self._readers.values()):
            if not reader.send():
                self._part(reader)

    def close(self) -> None:
        """Part with all readers and remove the socket."""
        for reader in list(self._readers.values()):
            self._part(reader)
        self._selector.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while len(self._readers) < READERS_LIMIT:
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                log.warning("reader not accepted", extra={"error": error.strerror})
                return
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
            reader = _Reader(connection, limit_bytes=self._queue_limit_bytes)
            self._readers[connection] = reader
            self._selector.register(connection, selectors.EVENT_READ, connection)
            self._read(reader)  # what it wants has mostly come with it

    def _read(self, reader: "_Reader") -> None:
        try:
            words = reader.receive()
        except (ConnectionError, Invalid) as error:
            log.info("reader left", extra={"reason": type(error).__name__})
            self._part(reader)
            return
        for word in words:
            if isinstance(word, Sighted):
                self._hear(word.sighting)
                continue
            if not isinstance(word, Subscribe) or reader.stream is not None:
                log.warning("reader refused", extra={"word": type(word).__name__})
                self._part(reader)
                return
            self._subscribe(reader, word)

    def _subscribe(self, reader: "_Reader", wish: Subscribe) -> None:
        stream = reader.stream = wish.stream
        reader.in_chunks = wish.in_chunks
        self._watched += Counter({stream: wish.in_chunks})
        offered = self._streams.get(stream)
        if offered is None:
            reader.queue.put_word(encode(NoStream(stream)))
            return
        reader.queue.put_init(offered.init)
        for fragment in (*offered.ring.fragments(), *(offered.chunks if wish.in_chunks else ())):
            self._hand(fragment, [reader])

    def _part(self, reader: "_Reader") -> None:
        if self._readers.pop(reader.connection, None) is not None:
            self._selector.unregister(reader.connection)
            reader.connection.close()
            if reader.stream is not None:
                self._watched -= Counter({reader.stream: reader.in_chunks})


class _Reader:
    """One who listens: its connection, what it wants, what waits for it."""

    def __init__(self, connection: socket.socket, *, limit_bytes: int) -> None:
        self.connection = connection
        self.stream: StreamId | None = None
        self.in_chunks = False
        self.queue = ReaderQueue(limit_bytes=limit_bytes)
        self._decoder = WordDecoder(limit_bytes=_REQUEST_LIMIT_BYTES)
        self._sending = memoryview(b"")

    def receive(self) -> list[Word]:
        """The words that came; ConnectionError when the reader has left."""
        try:
            received = self.connection.recv(_REQUEST_LIMIT_BYTES)
        except BlockingIOError:
            return []
        if not received:
            raise ConnectionResetError
        return self._decoder.feed(received)

    def send(self) -> bool:
        """Send what the socket takes now; False when the reader has left."""
        try:
            while True:
                if not self._sending:
                    frame = self.queue.take()
                    if frame is None:
                        return True
                    self._sending = memoryview(frame)
                self._sending = self._sending[self.connection.send(self._sending) :]
        except BlockingIOError:
            return True
        except OSError:
            return False


def _listen(path: Path) -> socket.socket:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        # Nobody can connect before listen(), so the mode is right in time.
        path.chmod(0o600)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path) -> None:
    """Remove the socket of a recorder that was killed; Conflict if it answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except TimeoutError:
            pass  # somebody listens, too busy to answer
        except OSError as error:
            if error.errno is None:  # Python itself refuses the length
                raise Invalid(
                    "the recorder's socket has too long a path; choose a data folder with a shorter one",
                    path=str(path),
                ) from error
            raise
    raise Conflict("another recorder runs on this data folder; stop it first", path=str(path))
