"""Our client and libav at one camera, by turns."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field

import pytest

from builders import CountingRng, FixedClock
from unit.sources.rtsp.scripted_camera import answer, willing
from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.media import RunEnded
from watchkeep.sources.choosing import CameraSource
from watchkeep.sources.rtsp.framing import ReadBuffer
from watchkeep.sources.simulator.messages import take_request

PATIENCE_S = 60


@dataclass
class BafflingCamera:
    """Our client does not understand it, and it keeps libav waiting for the end of its first answer."""

    port: int
    libav_calls: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def serve(self, connection: socket.socket) -> None:
        got = bytearray()
        with connection, suppress(OSError):
            while data := connection.recv(65536):
                got += data
                while (request := take_request(got)) is not None:
                    if "Watchkeep" not in request.headers.get("user-agent", ""):
                        self.keep_waiting(connection)
                        return
                    is_baffling = request.method == "DESCRIBE"
                    connection.sendall(answer(request, body=b"<html>") if is_baffling else willing(request))

    def keep_waiting(self, connection: socket.socket) -> None:
        self.libav_calls += 1
        connection.sendall(b"RTSP/1.0 200 OK\r\nX: ")
        while not self.is_over.wait(0.5):
            connection.sendall(b"a")


@pytest.fixture
def camera() -> Iterator[BafflingCamera]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        camera = BafflingCamera(listener.getsockname()[1])

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=camera.serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield camera
        camera.is_over.set()
        listener.shutdown(socket.SHUT_RDWR)


def test_connections_of_libav_that_hang_stay_few_and_our_client_goes_on_trying(
    camera: BafflingCamera,
) -> None:
    clock = FixedClock()
    deadline = time.monotonic() + PATIENCE_S
    address = StreamAddress(url=f"rtsp://127.0.0.1:{camera.port}/door")
    source = CameraSource(address, clock=clock, rng=CountingRng(), buffer=ReadBuffer())

    def poll_until_ended() -> None:
        while not any(isinstance(notice, RunEnded) for notice in source.poll()):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    turns = []
    with closing(source):
        for _ in range(5):
            clock.advance(61)
            poll_until_ended()
            turns.append(source.note != "")
            calls = camera.libav_calls
            while source.note and camera.libav_calls == calls:
                assert time.monotonic() < deadline
                source.poll()
                time.sleep(0.01)
            if source.note:
                clock.advance(21)
                poll_until_ended()

    assert turns == [True, True, True, False, False]
    assert camera.libav_calls == 3
