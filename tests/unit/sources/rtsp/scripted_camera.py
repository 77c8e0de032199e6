"""A camera that does what its script says: one thread, one connection after the other, real sockets."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from watchkeep.domain.rtsp_messages import Request
from watchkeep.sources.simulator.messages import take_request

SPS = bytes.fromhex("6764001facd940500 5bb0110000003001000000303 20f1831960".replace(" ", ""))
PPS = bytes.fromhex("68ebe3cb22c0")
SDP = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n"


def answer(
    request: Request, status: str = "200 OK", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    lines = [f"RTSP/1.0 {status}", f"CSeq: {request.headers['cseq']}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def picture(
    number: int, *, is_key: bool = False, marker: bool = True, channel: int = 0, sequence: int | None = None
) -> bytes:
    """One small picture as interleaved packets, parameter sets before a key picture."""
    nals = (
        [SPS, PPS, b"\x65\x88\x84" + bytes([number & 0xFF | 1])]
        if is_key
        else [b"\x41\x9a\x24" + bytes([number & 0xFF | 1])]
    )
    first = number * 3 if sequence is None else sequence
    frames = b""
    for place, nal in enumerate(nals):
        mark = 0x80 if marker and place == len(nals) - 1 else 0
        packet = (
            struct.pack(">BBHII", 0x80, mark | 96, (first + place) & 0xFFFF, number * 3600 & 0xFFFFFFFF, 9)
            + nal
        )
        frames += bytes([0x24, channel]) + struct.pack(">H", len(packet)) + packet
    return frames


Script = Callable[[Request], bytes]


def willing(request: Request) -> bytes:
    """A camera that lets anyone in."""
    match request.method:
        case "OPTIONS":
            return answer(request, headers={"Public": "DESCRIBE, SETUP, PLAY, GET_PARAMETER"})
        case "DESCRIBE":
            return answer(request, headers={"Content-Base": request.url + "/"}, body=SDP)
        case "SETUP":
            headers = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1", "Session": "abc;timeout=60"}
            return answer(request, headers=headers)
        case "PLAY":
            return answer(request, headers={"Session": "abc"}) + picture(0, is_key=True)
        case _:
            return answer(request)


@dataclass
class ScriptedCamera:
    """What it was asked, and a way to send more."""

    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    client: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/door"

    def send(self, data: bytes) -> None:
        assert self.client is not None
        self.client.sendall(data)

    def hang_up(self) -> None:
        assert self.client is not None
        self.client.shutdown(socket.SHUT_RDWR)

    def methods(self) -> list[str]:
        return [request.method for request in self.requests]


@contextmanager
def scripted_camera(script: Script = willing) -> Iterator[ScriptedCamera]:
    """Serve until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        camera = ScriptedCamera(listener.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(listener, camera, script), daemon=True)
        thread.start()
        try:
            yield camera
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            if camera.client is not None:
                with suppress(OSError):
                    camera.client.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _serve(listener: socket.socket, camera: ScriptedCamera, script: Script) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        camera.client = client
        camera.connections += 1
        received = bytearray()
        with client, suppress(OSError):
            while data := client.recv(65536):
                received += data
                while (request := take_request(received)) is not None:
                    camera.requests.append(request)
                    client.sendall(script(request))
