"""Live fragments over a real socket: joining, following, falling behind, leaving."""

import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from builders import CAMERA, NOON, STREAM, a_fragment, a_header, an_init_section
from watchkeep.domain.camera import Stream, StreamAddress, StreamRole
from watchkeep.domain.errors import Conflict, Invalid
from watchkeep.domain.ids import StreamId
from watchkeep.domain.media import Fragment
from watchkeep.domain.offering import (
    Dropped,
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
from watchkeep.ingestion.offer import FragmentOffer
from watchkeep.ingestion.ring import Ring

DOOR = Stream(
    id=STREAM, camera=CAMERA, role=StreamRole.MAIN, address=StreamAddress(url="rtsp://192.0.2.1/door")
)
PARAMETERS = a_header().parameters
INIT = an_init_section()
QUEUE_LIMIT_BYTES = 40_000


class Reader:
    """One who watches, from another process as far as the offer can tell."""

    def __init__(self, path: Path) -> None:
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.connection.connect(str(path))
        self.connection.setblocking(False)
        self.decoder = WordDecoder()

    def say(self, word: Word) -> None:
        self.connection.setblocking(True)
        self.connection.sendall(encode(word))
        self.connection.setblocking(False)

    def hear(self, offer: FragmentOffer) -> list[Word]:
        """All that comes until the offer has nothing more to send."""
        words: list[Word] = []
        while True:
            offer.poll()
            try:
                received = self.connection.recv(1 << 20)
            except BlockingIOError:
                return words
            if not received:
                return words
            words += self.decoder.feed(received)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recorder.sock"


@pytest.fixture
def offer(path: Path) -> Iterator[FragmentOffer]:
    with closing(FragmentOffer(path, queue_limit_bytes=QUEUE_LIMIT_BYTES)) as offer:
        yield offer


@pytest.fixture
def reader(offer: FragmentOffer, path: Path) -> Iterator[Reader]:
    reader = Reader(path)
    yield reader
    reader.connection.close()


def publish(offer: FragmentOffer, *numbers: int, media_bytes: int = 400) -> list[Fragment]:
    """Fragments of half a second; every fourth starts with a key picture."""
    fragments = [a_fragment(number, media_bytes=media_bytes) for number in numbers]
    for fragment in fragments:
        offer.publish(DOOR, fragment)
    return fragments


def test_a_reader_gets_the_init_section_the_current_gop_and_what_follows(
    offer: FragmentOffer, reader: Reader
) -> None:
    offer.begin(DOOR, PARAMETERS, INIT)
    known = publish(offer, *range(6))
    reader.say(Subscribe(STREAM))

    joined = reader.hear(offer)
    (following,) = publish(offer, 6)

    assert joined == [
        Init(stream=STREAM, codec="avc1.64001F", init=INIT),
        FragmentNotice(known[4]),
        FragmentNotice(known[5]),
    ]
    assert reader.hear(offer) == [FragmentNotice(following)]


def test_a_stream_that_is_not_there_is_said_and_followed_when_it_begins(
    offer: FragmentOffer, reader: Reader
) -> None:
    reader.say(Subscribe(STREAM))
    assert reader.hear(offer) == [NoStream(STREAM)]

    offer.begin(DOOR, PARAMETERS, INIT)
    (first,) = publish(offer, 0)

    assert [type(word) for word in reader.hear(offer)] == [Init, FragmentNotice]
    assert first.starts_with_key


def test_a_slow_reader_loses_the_oldest_whole_gops_and_is_told(offer: FragmentOffer, reader: Reader) -> None:
    offer.begin(DOOR, PARAMETERS, INIT)
    reader.say(Subscribe(STREAM))
    assert len(reader.hear(offer)) == 1

    publish(offer, *range(1000), media_bytes=5000)  # never read meanwhile
    words = reader.hear(offer)

    dropped = [word.count for word in words if isinstance(word, Dropped)]
    heard = [word.fragment for word in words if isinstance(word, FragmentNotice)]
    assert sum(dropped) + len(heard) == 1000
    assert offer.dropped_fragments == sum(dropped) > 900
    assert heard[-1].sequence == 999
    # After each loss a key picture comes first.
    expected = heard[0].sequence
    for fragment in heard:
        assert fragment.sequence == expected or fragment.starts_with_key
        expected = fragment.sequence + 1


def test_a_fast_reader_does_not_suffer_from_a_slow_one(
    offer: FragmentOffer, reader: Reader, path: Path
) -> None:
    slow = Reader(path)
    offer.begin(DOOR, PARAMETERS, INIT)
    for each in (reader, slow):
        each.say(Subscribe(STREAM))
    heard = reader.hear(offer)

    for number in range(600):
        publish(offer, number, media_bytes=5000)
        heard += reader.hear(offer)

    assert [word.fragment.sequence for word in heard if isinstance(word, FragmentNotice)] == list(range(600))
    assert offer.dropped_fragments > 0
    slow.connection.close()


def test_a_gop_larger_than_the_queue_resumes_at_the_next_key_picture(
    offer: FragmentOffer, reader: Reader
) -> None:
    offer.begin(DOOR, PARAMETERS, INIT)
    reader.say(Subscribe(STREAM))
    reader.hear(offer)
    for number in range(1, 400):
        offer.publish(DOOR, a_fragment(number, media_bytes=5000, starts_with_key=number == 1))

    offer.publish(DOOR, a_fragment(400, media_bytes=500, starts_with_key=True))
    heard = [word.fragment for word in reader.hear(offer) if isinstance(word, FragmentNotice)]

    assert heard[-1].sequence == 400
    sequences = [fragment.sequence for fragment in heard[:-1]]
    assert sequences == list(range(1, len(sequences) + 1))


def test_a_reader_that_leaves_is_let_go(offer: FragmentOffer, reader: Reader) -> None:
    offer.begin(DOOR, PARAMETERS, INIT)
    reader.say(Subscribe(STREAM))
    reader.hear(offer)
    assert offer.readers == 1

    reader.connection.close()
    offer.poll()
    publish(offer, 0)
    offer.poll()

    assert offer.readers == 0


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", encode(Dropped(1)), b"\0\0\0\2\0\0", b"\0" * 9])
def test_a_reader_that_talks_nonsense_is_let_go(offer: FragmentOffer, reader: Reader, said: bytes) -> None:
    reader.connection.setblocking(True)
    reader.connection.sendall(said)

    for _ in range(3):
        offer.poll()

    assert offer.readers == 0


def test_only_the_owner_may_connect(offer: FragmentOffer, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_socket_of_a_killed_recorder_is_replaced(path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()

    with closing(FragmentOffer(path)) as offer:
        Reader(path).connection.close()
        offer.poll()

    assert not path.exists()


def test_the_socket_of_a_living_recorder_is_left_alone(offer: FragmentOffer, path: Path) -> None:
    with pytest.raises(Conflict, match="another recorder"):
        FragmentOffer(path)

    Reader(path).connection.close()


def test_a_path_too_long_for_a_socket_is_said(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="shorter"):
        FragmentOffer(tmp_path / ("x" * 120))


def test_a_forgotten_stream_leaves_no_pictures_behind(offer: FragmentOffer, reader: Reader) -> None:
    offer.begin(DOOR, PARAMETERS, INIT)
    publish(offer, 0)

    offer.forget(STREAM)
    reader.say(Subscribe(STREAM))

    assert reader.hear(offer) == [NoStream(STREAM)]


def test_the_ring_holds_the_current_gop_only() -> None:
    ring = Ring()
    for number in range(1, 7):
        ring.push(a_fragment(number))

    assert [fragment.sequence for fragment in ring.fragments()] == [4, 5, 6]


def test_the_ring_gives_up_a_gop_that_is_too_long() -> None:
    ring = Ring(limit_bytes=2000)
    for number in range(4):
        ring.push(a_fragment(number, media_bytes=700))
    assert ring.fragments() == ()

    ring.push(a_fragment(4))

    assert [fragment.sequence for fragment in ring.fragments()] == [4]


def test_what_the_analyst_sees_is_heard_from_a_reader_that_stays(path: Path) -> None:
    heard: list[Sighting] = []
    with closing(FragmentOffer(path, hear=heard.append)) as offer:
        reader = Reader(path)
        seen = Sighting(camera=CAMERA, until=NOON, moved_at=NOON)
        for word in (Subscribe(STREAM), Sighted(seen), Sighted(seen)):
            reader.say(word)

        assert reader.hear(offer) == [NoStream(STREAM)]
        offer.poll()

        assert heard == [seen, seen]
        assert offer.readers == 1
        reader.connection.close()


def test_readers_of_a_stream_that_goes_to_another_recorder_are_parted_with(
    offer: FragmentOffer, reader: Reader, path: Path
) -> None:
    other = Stream(
        id=StreamId(UUID(int=1)),
        camera=CAMERA,
        role=StreamRole.SUB,
        address=StreamAddress(url="rtsp://192.0.2.1/sub"),
    )
    stays = Reader(path)
    for stream, each in ((DOOR, reader), (other, stays)):
        offer.begin(stream, PARAMETERS, INIT)
        each.say(Subscribe(stream.id))
        assert each.hear(offer)

    offer.dismiss(DOOR.id)

    assert offer.readers == 1
    assert reader.connection.recv(1) == b""
    offer.publish(other, a_fragment(0))
    assert len(stays.hear(offer)) == 1
    stays.connection.close()
