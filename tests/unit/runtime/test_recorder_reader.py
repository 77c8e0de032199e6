"""The analyst's ear at the recorder's real socket."""

import socket
from pathlib import Path

from builders import CAMERA, STREAM, FixedClock, a_fragment, a_header, an_init_section
from watchkeep.domain.camera import Stream, StreamAddress, StreamRole
from watchkeep.domain.offering import FragmentNotice, Init, NoStream, Word
from watchkeep.ingestion.offer import FragmentOffer
from watchkeep.runtime.recorder_reader import RecorderReader

DOOR = Stream(
    id=STREAM, camera=CAMERA, role=StreamRole.SUB, address=StreamAddress(url="rtsp://192.0.2.1/door")
)


def an_offer(path: Path) -> FragmentOffer:
    offer = FragmentOffer(path)
    offer.begin(DOOR, a_header().parameters, an_init_section())
    return offer


def hear(reader: RecorderReader, offer: FragmentOffer) -> list[Word]:
    words: list[Word] = []
    for _ in range(5):
        words += reader.poll()
        offer.poll()
    return words + reader.poll()


def test_it_hears_the_init_section_and_then_every_fragment(tmp_path: Path) -> None:
    offer = an_offer(tmp_path / "recorder.sock")
    reader = RecorderReader(lambda: tmp_path / "recorder.sock", STREAM, clock=FixedClock())
    began = hear(reader, offer)
    sent = [a_fragment(number) for number in range(3)]
    for fragment in sent:
        offer.publish(DOOR, fragment)

    heard = hear(reader, offer)

    assert [type(word) for word in began] == [Init]
    assert [word.fragment for word in heard if isinstance(word, FragmentNotice)] == sent
    reader.close()
    offer.close()


def test_it_is_told_that_a_stream_is_not_there(tmp_path: Path) -> None:
    offer = FragmentOffer(tmp_path / "recorder.sock")
    reader = RecorderReader(lambda: tmp_path / "recorder.sock", STREAM, clock=FixedClock())

    assert hear(reader, offer) == [NoStream(STREAM)]
    reader.close()
    offer.close()


def test_without_a_recorder_it_waits_and_finds_it_when_it_comes(tmp_path: Path) -> None:
    clock = FixedClock()
    reader = RecorderReader(lambda: tmp_path / "recorder.sock", STREAM, clock=clock)
    assert reader.poll() == []
    assert not reader.is_connected
    offer = an_offer(tmp_path / "recorder.sock")
    assert reader.poll() == []  # not at every turn
    clock.advance(1.1)

    assert [type(word) for word in hear(reader, offer)] == [Init]
    reader.close()
    offer.close()


def test_it_comes_back_to_a_recorder_that_was_started_again(tmp_path: Path) -> None:
    clock = FixedClock()
    offer = an_offer(tmp_path / "recorder.sock")
    reader = RecorderReader(lambda: tmp_path / "recorder.sock", STREAM, clock=clock)
    hear(reader, offer)
    offer.close()
    assert reader.poll() == []
    assert not reader.is_connected
    offer = an_offer(tmp_path / "recorder.sock")
    clock.advance(1.1)

    assert [type(word) for word in hear(reader, offer)] == [Init]
    reader.close()
    offer.close()


def test_it_parts_with_a_recorder_that_makes_no_sense(tmp_path: Path) -> None:
    path = tmp_path / "recorder.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        reader = RecorderReader(lambda: path, STREAM, clock=FixedClock())
        reader.poll()
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"\0\0\0\x01\xff\xff garbage")
            assert reader.poll() == []

    assert not reader.is_connected
