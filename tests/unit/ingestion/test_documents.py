"""Documents go out with the fragments of the instants that they are of, byte for byte, and bounded."""

from itertools import count

from audio_run import EIGHT_KHZ, heard, picture, sound
from builders import NOON, RUN, FixedClock
from mp4_reading import boxes, documents
from watchkeep.domain.document_boxes import document_box, moved_documents
from watchkeep.domain.media import AudioParameters, Document, Fragment
from watchkeep.ingestion.document_queue import WAITING_LIMIT_BYTES
from watchkeep.ingestion.fragmenter import Fragmenter
from watchkeep.ingestion.wall_clock import WallClock

FIRST = 1_000_000
STEP = 3600
XML = "vnd.onvif.metadata"


def paper(pts: int, payload: bytes = b"<a/>") -> Document:
    return Document(payload=payload, encoding=XML, pts=pts, received_at=NOON)


def a_fragmenter(audio: AudioParameters | None = None) -> Fragmenter:
    return Fragmenter(RUN, wall_clock=WallClock(clock=FixedClock()), audio=audio)


def filmed(fragmenter: Fragmenter, papers: list[Document], pictures: int = 50) -> list[Fragment]:
    """Two seconds with a key picture each; a document comes right after the picture of its instant."""
    fragments: list[Fragment] = []
    waiting = list(papers)
    for number in range(pictures):
        dts = FIRST + number * STEP
        fragments += fragmenter.push(picture(dts, is_key=number % 25 == 0))
        while waiting and waiting[0].pts <= dts:
            fragmenter.push_document(waiting.pop(0))
    for each in waiting:
        fragmenter.push_document(each)
    return fragments + fragmenter.end()


def test_each_document_lies_behind_the_pictures_of_its_instant_at_its_time() -> None:
    papers = [paper(FIRST + tenth * 9000, b"<n>%d</n>" % tenth) for tenth in range(20)]

    fragments = filmed(a_fragmenter(), papers)

    found = [each for fragment in fragments for each in documents(fragment.payload)]
    assert found == [(tenth * 9000, XML, b"<n>%d</n>" % tenth, tenth) for tenth in range(20)]
    for fragment in fragments:
        kinds = [kind for kind, _ in boxes(fragment.payload)]
        assert kinds[:2] == ["moof", "mdat"]
        assert set(kinds[2:]) <= {"emsg"}
        assert boxes(fragment.payload[: fragment.audio_offset]) == boxes(fragment.payload)[:2]
        end = fragment.start_ticks + fragment.duration_ticks
        assert all(fragment.start_ticks <= ticks < end for ticks, *_ in documents(fragment.payload))


def test_with_documents_the_pictures_and_sounds_are_what_they_are_without() -> None:
    papers = [paper(FIRST + tenth * 9000) for tenth in range(20)]
    with_sound, without = a_fragmenter(EIGHT_KHZ), a_fragmenter(EIGHT_KHZ)
    for each in (with_sound, without):
        for number in range(40):
            each.push_audio(sound(FIRST + number * STEP))

    ours, plain = filmed(with_sound, papers), filmed(without, [])

    assert [each.without_audio().payload for each in ours] == [each.without_audio().payload for each in plain]
    assert [each.data for each in heard(ours)] == [each.data for each in heard(plain)]
    assert len(documents(b"".join(each.payload for each in ours))) == 20


def test_a_document_that_is_late_goes_with_the_next_fragment_and_keeps_its_time() -> None:
    fragmenter = a_fragmenter()
    fragments = [
        x for number in range(30) for x in fragmenter.push(picture(FIRST + number * STEP, is_key=number == 0))
    ]
    fragmenter.push_document(paper(FIRST + 9000))

    (*_, last) = fragments + fragmenter.end()

    assert documents(last.payload) == [(9000, XML, b"<a/>", 0)]


def test_what_is_ahead_of_the_last_picture_goes_with_the_last_fragment() -> None:
    fragments = filmed(a_fragmenter(), [paper(FIRST + 50 * STEP + 100_000)])

    assert [len(documents(each.payload)) for each in fragments][-1] == 1
    assert sum(len(documents(each.payload)) for each in fragments) == 1


def test_what_is_of_before_the_run_is_dropped_and_counted() -> None:
    fragmenter = a_fragmenter()

    fragments = filmed(fragmenter, [paper(FIRST - 1), paper(FIRST)])

    assert documents(b"".join(each.payload for each in fragments)) == [(0, XML, b"<a/>", 0)]
    assert fragmenter.take_dropped_documents() == 1
    assert fragmenter.take_dropped_documents() == 0


def test_when_no_pictures_come_the_newest_documents_wait_within_their_bound() -> None:
    fragmenter = a_fragmenter()
    fragmenter.push(picture(FIRST, is_key=True))
    for number in range(100):
        fragmenter.push_document(paper(FIRST + number, b"<" + bytes(100_000)))
        assert fragmenter._documents._waiting_bytes <= WAITING_LIMIT_BYTES

    found = [each for fragment in fragmenter.end() for each in documents(fragment.payload)]

    assert [ticks for ticks, *_ in found] == list(range(90, 100))
    assert fragmenter.take_dropped_documents() == 90


def test_in_an_export_that_begins_later_what_is_of_before_is_left_out_and_the_rest_is_numbered_anew() -> None:
    part = b"".join(document_box(paper(0), number=number, ticks=number * 100) for number in range(5, 9))

    moved = moved_documents(part, shift_ticks=-600, numbers=count(3))

    assert documents(moved) == [(ticks, XML, b"<a/>", 3 + place) for place, ticks in enumerate([0, 100, 200])]


def test_what_is_no_document_behind_the_pictures_is_left_out_of_the_documents() -> None:
    sound = b"\x00\x00\x00\x0cmdatPCMA"
    torn = b"\x00\x00\x00\x0cemsg\x01\x00\x00\x00"

    moved = moved_documents(
        sound + torn + document_box(paper(0), number=1, ticks=7), shift_ticks=0, numbers=count(1)
    )

    assert documents(moved) == [(7, XML, b"<a/>", 1)]
