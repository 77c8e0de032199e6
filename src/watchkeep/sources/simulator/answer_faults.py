"""Wrong answers: what a camera with faults says instead of the right thing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat

from watchkeep.domain.clock import Rng
from watchkeep.domain.media import Codec
from watchkeep.domain.rtsp_messages import Request, answer
from watchkeep.sources.simulator.clip import Clip
from watchkeep.sources.simulator.connection import Connection
from watchkeep.sources.simulator.description import describe
from watchkeep.sources.simulator.faults import (
    Description,
    Fault,
    PictureSize,
    Redirect,
    Refusal,
    SlowAnswers,
    WrongDescription,
    active,
)
from watchkeep.sources.simulator.parameter_sets import is_sps, sps_of_size
from watchkeep.sources.simulator.stream import PhaseGroup
from watchkeep.sources.simulator.trickle import Trickle

_HUGE_BYTES = 256 * 1024 * 1024
_LINE = b"a=x-nothing:" + b"x" * 1010 + b"\r\n"
_HEADER = b"X-Nothing: " + b"x" * 1011 + b"\r\n"
# Faster than any client reads; what waits is bounded by one drip.
_FAST_BYTES_PER_SECOND = 64 * 1024 * 1024.0
_BINARY_BYTES = 4096


def refuse(request: Request, connection: Connection, faults: Sequence[Fault]) -> bool:
    """Answer with the status that a fault has for the request; False when there is none."""
    refusal, redirect = active(faults, Refusal), active(faults, Redirect)
    if refusal is not None and request.method == refusal.method:
        connection.send(answer(request, refusal.status))
    elif redirect is not None and request.method == "DESCRIBE":
        connection.send(answer(request, 302, {"Location": redirect.to}))
    else:
        return False
    return True


def send_answer(connection: Connection, faults: Sequence[Fault], answered: bytes) -> None:
    """Send an answer, byte by byte when a fault says so."""
    slow = active(faults, SlowAnswers)
    if slow is None or connection.is_playing:
        connection.send(answered)
    else:
        connection.send_trickling(Trickle(iter([answered]), bytes_per_second=slow.bytes_per_second))


def send_description(
    request: Request, connection: Connection, group: PhaseGroup, faults: Sequence[Fault], rng: Rng
) -> None:
    """Answer DESCRIBE, rightly or wrongly."""
    headers = {"Content-Base": request.url.rstrip("/") + "/", "Content-Type": "application/sdp"}
    body = _body(group, faults)
    wrong = active(faults, WrongDescription)
    match wrong.form if wrong is not None else None:
        case Description.BINARY:
            connection.send(answer(request, 200, headers, rng.token(_BINARY_BYTES)))
        case Description.CUT_OFF:
            whole = answer(request, 200, headers, body)
            connection.send(whole[: len(whole) - len(body) // 2])
            connection.is_closing = True
        case Description.HUGE:
            head = answer(request, 200, {**headers, "Content-Length": str(_HUGE_BYTES)})
            pieces = repeat(_LINE, _HUGE_BYTES // len(_LINE))
            _pour(connection, head, pieces)
        case Description.ENDLESS_HEADERS:
            _pour(connection, answer(request, 200, headers)[:-2], repeat(_HEADER))
        case _:
            send_answer(connection, faults, answer(request, 200, headers, body))


def _body(group: PhaseGroup, faults: Sequence[Fault]) -> bytes:
    clip = group.pictures.clip
    size = active(faults, PictureSize)
    if size is not None:
        clip = _of_size(clip, size)
    sound = group.sound.sound if group.sound is not None else None
    body = describe(clip, sound, has_metadata=group.metadata is not None)
    wrong = active(faults, WrongDescription)
    match wrong.form if wrong is not None else None:
        case Description.WITHOUT_PARAMETER_SETS:
            return b"\r\n".join(line for line in body.split(b"\r\n") if b"sprop-" not in line)
        case Description.OTHER_CODEC:
            names = (b"H264/", b"H265/")
            right, other = names if clip.codec is Codec.H264 else names[::-1]
            return body.replace(right, other)
        case _:
            return body


def _of_size(clip: Clip, size: PictureSize) -> Clip:
    sps = sps_of_size(clip.codec, size.width_px, size.height_px)
    sets = tuple(sps if is_sps(nal, clip.codec) else nal for nal in clip.parameter_sets)
    return replace(clip, parameter_sets=sets, width_px=size.width_px, height_px=size.height_px)


def _pour(connection: Connection, head: bytes, pieces: Iterator[bytes]) -> None:
    connection.send(head)
    connection.send_trickling(Trickle(pieces, bytes_per_second=_FAST_BYTES_PER_SECOND))
