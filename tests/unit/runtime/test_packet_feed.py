"""Who watches live gets each packet once and in order, whoever comes and goes; the others notice nothing."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import CAMERA, NOON, RUN, STREAM, FixedClock, a_header, an_init_section
from watchkeep.domain.camera import Stream, StreamAddress, StreamRole
from watchkeep.domain.media import TICKS_PER_SECOND, Fragment, Packet
from watchkeep.domain.offering import FragmentNotice, Subscribe, WordDecoder, encode
from watchkeep.ingestion.offer import FragmentOffer
from watchkeep.ingestion.wall_clock import WallClock
from watchkeep.runtime.packet_feed import PacketFeed

DOOR = Stream(
    id=STREAM, camera=CAMERA, role=StreamRole.MAIN, address=StreamAddress(url="rtsp://192.0.2.1/door")
)
TENTH = TICKS_PER_SECOND // 10
AT_25 = TICKS_PER_SECOND // 25


class Viewer:
    """One who listens, over a real socket."""

    def __init__(self, path: Path, *, in_chunks: bool = True) -> None:
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(str(path))
        self.connection.sendall(encode(Subscribe(STREAM, in_chunks=in_chunks)))
        self.connection.setblocking(False)
        self.decoder = WordDecoder()
        self.heard: list[Fragment] = []

    def hear(self) -> None:
        try:
            while received := self.connection.recv(1 << 20):
                words = self.decoder.feed(received)
                self.heard += [word.fragment for word in words if isinstance(word, FragmentNotice)]
        except BlockingIOError:
            pass

    @property
    def numbers(self) -> list[int]:
        """Which packets came, by their numbers in the order in which they were sent."""
        return [number for fragment in self.heard for number in numbers_in(fragment)]


class Scene:
    """A run of packets, its feed and its offer."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "offer.sock"
        self.offer = FragmentOffer(self.path)
        self.clock = FixedClock()
        self.fragments: list[Fragment] = []
        self.viewers: list[Viewer] = []
        self.sent = 0
        self.dts = 0
        self.feed = PacketFeed(
            RUN, DOOR, wall_clock=WallClock(clock=self.clock), readers=self.offer, keep=self._keep
        )
        self.offer.begin(DOOR, a_header().parameters, an_init_section())

    def _keep(self, fragment: Fragment, went_in_chunks: bool) -> None:
        self.fragments.append(fragment)
        self.offer.publish(DOOR, fragment, went_in_chunks=went_in_chunks)

    def push(self, step_ticks: int = AT_25, *, is_key: bool = False) -> None:
        """The next packet, which comes so much after the one before."""
        self.dts += step_ticks
        self.clock.advance(step_ticks / TICKS_PER_SECOND)
        nal = bytes([0x65 if is_key else 0x41]) + self.sent.to_bytes(4, "big")
        self.sent += 1
        at = NOON + timedelta(seconds=self.dts / TICKS_PER_SECOND)
        self.feed.push(Packet(nals=(nal,), pts=self.dts, dts=self.dts, is_key=is_key, received_at=at))
        self.turn()

    def turn(self) -> None:
        self.feed.look_who_watches()
        self.offer.poll()
        for viewer in self.viewers:
            viewer.hear()

    def join(self, *, in_chunks: bool = True) -> Viewer:
        viewer = Viewer(self.path, in_chunks=in_chunks)
        self.viewers.append(viewer)
        self.turn()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        viewer.connection.close()
        self.viewers.remove(viewer)
        self.turn()

    def close(self) -> None:
        for viewer in self.viewers:
            viewer.connection.close()
        self.offer.close()


def numbers_in(fragment: Fragment) -> list[int]:
    media, found = fragment.payload[fragment.media_offset :], []
    while media:
        length = int.from_bytes(media[:4], "big")
        found.append(int.from_bytes(media[5 : 4 + length], "big"))
        media = media[4 + length :]
    return found


@contextmanager
def a_scene() -> Iterator[Scene]:
    # A short path of our own for each example: a socket's path has a limit.
    with tempfile.TemporaryDirectory() as folder, closing(Scene(Path(folder))) as scene:
        yield scene


def test_chunks_are_at_most_a_tenth_of_a_second_and_come_with_their_last_packet() -> None:
    with a_scene() as scene:
        viewer = scene.join()
        lags = []
        for number in range(50):
            scene.push(is_key=number % 25 == 0)
            lags.append(number - viewer.numbers[-1] if viewer.heard else 0)

        # The last one waits for its companion.
        assert viewer.numbers == list(range(49))
        assert max(chunk.duration_ticks for chunk in viewer.heard) <= TENTH
        assert max(lags[2:]) <= 1
        assert [chunk.starts_with_key for chunk in viewer.heard].count(True) == 2


def test_who_joins_gets_the_gop_at_once_with_the_packets_not_yet_in_a_fragment() -> None:
    with a_scene() as scene:
        for number in range(30):
            scene.push(is_key=number % 25 == 0)
        first = scene.join()
        scene.push()
        second = scene.join()

        # The key picture 25 waits for its fragment: the GOP before it and all that came since.
        assert first.numbers[:30] == list(range(30))
        assert second.numbers == first.numbers


def test_a_late_picture_is_decoded_where_the_chunk_before_ends_and_shown_at_its_own_time() -> None:
    with a_scene() as scene:
        viewer = scene.join()
        for number in range(4):
            scene.push(is_key=number == 0)
        scene.push(5 * AT_25)
        scene.push(5 * AT_25)

        ends = [chunk.start_ticks + chunk.duration_ticks for chunk in viewer.heard]
        assert [chunk.start_ticks for chunk in viewer.heard[1:]] == ends[:-1]
        shown = 8 * AT_25  # since the first packet; decoded from the fourth on
        late = next(chunk for chunk in viewer.heard if numbers_in(chunk) == [4])
        offset = int.from_bytes(late.payload[late.media_offset - 12 : late.media_offset - 8], "big")
        assert late.start_ticks + offset == shown


def test_a_packet_that_is_held_back_for_the_next_fragment_is_not_kept_from_who_joins() -> None:
    with a_scene() as scene:
        first = scene.join()
        for number in range(11):
            scene.push(is_key=number == 0)
        scene.push(5 * AT_25)  # the eleventh proved to last so long that the fragment ends before it
        second = scene.join()

        assert scene.fragments[-1].packet_count == 10
        assert second.numbers == first.numbers == list(range(12))


def test_nobody_watching_means_that_no_chunk_is_made() -> None:
    with a_scene() as scene:
        analyst = scene.join(in_chunks=False)
        for number in range(60):
            scene.push(is_key=number % 25 == 0)
        assert [fragment.payload for fragment in analyst.heard] == [
            fragment.payload for fragment in scene.fragments
        ]
        assert max(fragment.packet_count for fragment in analyst.heard) == 12


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.just(AT_25), st.just(5 * AT_25), st.integers(1, 3 * TICKS_PER_SECOND // 2)),
            st.sampled_from([False, False, False, True]),
            st.sampled_from(["", "", "", "join", "join", "leave", "swap"]),
        ),
        max_size=60,
    )
)
def test_every_viewer_gets_every_packet_once_from_a_key_picture_on(
    steps: list[tuple[int, bool, str]],
) -> None:
    with a_scene() as scene, a_scene() as unwatched:
        heard: list[tuple[int, Viewer]] = []
        for number, (step, is_key, event) in enumerate(steps):
            if event in ("leave", "swap") and scene.viewers:
                scene.leave(scene.viewers[0])
            if event in ("join", "swap"):
                heard.append((scene.sent, scene.join()))
            scene.push(step, is_key=is_key or number == 0)
            unwatched.push(step, is_key=is_key or number == 0)
        scene.feed.end()
        unwatched.feed.end()
        scene.turn()

        keys = {number for number, (_, is_key, _) in enumerate(steps) if is_key or number == 0}
        for joined, viewer in heard:
            came = viewer.numbers
            if came:
                assert came[0] in keys
                assert came == list(range(came[0], came[-1] + 1))
            if viewer in scene.viewers and joined < scene.sent:
                assert came[-1] == scene.sent - 1
                assert came[0] <= joined
        assert [each.payload for each in scene.fragments] == [each.payload for each in unwatched.fragments]
