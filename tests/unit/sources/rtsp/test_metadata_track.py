"""The metadata track of a camera is set up beside its pictures, when it is wanted and the camera lets us."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from builders import CountingRng, FixedClock
from unit.sources.rtsp.scripted_camera import (
    SDP,
    ScriptedCamera,
    answer,
    picture,
    scripted_camera,
    willing,
)
from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.media import Document, Packet, RunEnded, SourceNotice
from watchkeep.sources.rtsp.framing import ReadBuffer
from watchkeep.sources.rtsp.source import RtspSource
from watchkeep.sources.simulator.media_section import sender_report
from watchkeep.sources.simulator.messages import Request

METADATA = b"m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:trackID=2\r\n"
PATIENCE_S = 20


class Client:
    """What came of a source."""

    def __init__(self, source: RtspSource) -> None:
        self._source = source
        self.notices: list[SourceNotice] = []

    def until(self, is_enough: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_enough():
            assert time.monotonic() < deadline, self.notices[-5:]
            self.notices += self._source.poll()
            time.sleep(0.002)

    def packets(self) -> list[Packet]:
        return [notice for notice in self.notices if isinstance(notice, Packet)]

    def documents(self) -> list[Document]:
        return [notice for notice in self.notices if isinstance(notice, Document)]


@contextmanager
def playing(camera: ScriptedCamera, *, with_metadata: bool) -> Iterator[Client]:
    """A client that has pictures."""
    with closing(
        RtspSource(
            StreamAddress(url=camera.url),
            clock=FixedClock(),
            rng=CountingRng(),
            buffer=ReadBuffer(),
            with_metadata=with_metadata,
        )
    ) as source:
        client = Client(source)
        client.until(lambda: client.notices)
        camera.send(picture(1) + picture(2))
        client.until(lambda: len(client.packets()) >= 2)
        yield client


def with_track(status: str) -> Callable[[Request], bytes]:
    """A camera that answers so when its metadata track is set up."""

    def script(request: Request) -> bytes:
        if request.method == "DESCRIBE":
            return answer(request, headers={"Content-Base": request.url + "/"}, body=SDP + METADATA)
        if request.method == "SETUP" and request.url.endswith("trackID=2"):
            assert request.headers["transport"].endswith("interleaved=4-5")
            headers = {"Transport": "RTP/AVP/TCP;unicast;interleaved=4-5", "Session": "abc"}
            return answer(request, status, headers=headers if status.startswith("200") else None)
        return willing(request)

    return script


def a_part(number: int, payload: bytes, *, marker: bool) -> bytes:
    head = bytes([0x80, 107 | (0x80 if marker else 0)]) + number.to_bytes(2, "big") + bytes(8)
    return b"$\x04" + len(head + payload).to_bytes(2, "big") + head + payload


@pytest.mark.parametrize("is_wanted", [True, False])
def test_the_track_is_set_up_only_when_it_is_wanted(is_wanted: bool) -> None:
    with scripted_camera(with_track("200 OK")) as camera, playing(camera, with_metadata=is_wanted):
        assert camera.methods().count("SETUP") == 1 + is_wanted


def test_documents_come_between_the_pictures() -> None:
    with scripted_camera(with_track("200 OK")) as camera, playing(camera, with_metadata=True) as client:
        camera.send(a_part(1, b"<a>", marker=False) + picture(3) + a_part(2, b"</a>", marker=True))
        client.until(client.documents)

        (document,) = client.documents()
        assert (document.payload, document.encoding) == (b"<a></a>", "vnd.onvif.metadata")
        assert document.pts == client.packets()[-1].pts  # without reports it is of when it came


@pytest.mark.parametrize("status", ["404 Not Found", "461 Unsupported Transport", "500 No"])
def test_a_camera_that_refuses_its_metadata_still_has_pictures(status: str) -> None:
    with scripted_camera(with_track(status)) as camera, playing(camera, with_metadata=True) as client:
        assert [notice for notice in client.notices if isinstance(notice, RunEnded)] == []


def test_the_cameras_reports_tell_of_which_instant_a_document_is() -> None:
    with scripted_camera(with_track("200 OK")) as camera, playing(camera, with_metadata=True) as client:
        now = client.packets()[-1].pts
        camera.send(sender_report(ssrc=9, unix_s=1000.0, timestamp=now, channel=1))
        camera.send(sender_report(ssrc=0, unix_s=998.0, timestamp=0, channel=5) + picture(3))
        camera.send(a_part(1, b"<a/>", marker=True))
        client.until(client.documents)

        assert client.documents()[0].pts == now - 180_000
