"""Tries a camera's address in a child process: what decodes foreign bytes may crash, hang or eat memory."""

import base64
import json
import os
import resource
import subprocess
import sys
from typing import TextIO

from watchkeep.application.house import Probe
from watchkeep.domain import errors
from watchkeep.domain.camera import Secret, StreamAddress
from watchkeep.domain.errors import CameraUnreachable, NoVideo, Unavailable, WatchkeepError
from watchkeep.runtime.system import SystemClock
from watchkeep.sources.address import place_of
from watchkeep.sources.probe import first_picture, probe

TIMEOUT_S = 25
_MEMORY_BYTES = 3 << 30
_CPU_S = 20
_LIMITS = {
    # No dump and no file: the password is in this process, and clear pictures.
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_AS: _MEMORY_BYTES,
    resource.RLIMIT_CPU: _CPU_S,
    resource.RLIMIT_NOFILE: 64,
}
_KINDS: dict[str, type[WatchkeepError]] = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, WatchkeepError)
}


class ChildProber:
    """The application's Prober: one short-lived process a try."""

    def probe(self, address: StreamAddress) -> Probe:
        """Try an address.

        Raises:
            CameraUnreachable: No answer, also when it takes more than 25 s.
            CameraRefused: The user name or the password is not accepted.
            NoVideo: It answers, but with no H.264 or H.265 video, or with bytes that break the decoder.
            Unavailable: The child process could not be started.
        """
        question = {"url": address.url, "user": address.user, "password": address.password.reveal()}
        try:
            answer = subprocess.run(
                [sys.executable, "-m", "watchkeep", "probe"],
                # On standard input, as arguments can be read by every user of the machine.
                input=json.dumps(question).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CameraUnreachable(
                f"{place_of(address)} sent no picture within {TIMEOUT_S} s; look at camera and network",
                place=place_of(address),
            ) from None
        except OSError as error:
            raise Unavailable(f"no process could be started ({error.strerror}); free some memory") from error
        return _read_answer(address, answer.stdout)


def _read_answer(address: StreamAddress, raw: bytes) -> Probe:
    try:
        document = json.loads(raw)
    except ValueError:
        raise NoVideo(
            f"{place_of(address)} sends something that breaks the decoder; set the camera to H.264 or H.265",
            place=place_of(address),
        ) from None
    if "error" in document:
        kind = _KINDS.get(document["error"], Unavailable)
        raise kind(document["sentence"], place=place_of(address))
    return Probe(
        codec=document["codec"],
        width_px=document["width_px"],
        height_px=document["height_px"],
        frames_per_second=document["frames_per_second"],
        is_clear_text=document["is_clear_text"],
        picture=base64.b64decode(document["picture"]),
    )


def answer_probe(question: TextIO, answer: TextIO) -> None:
    """The child's whole life: limits, one question, one answer."""
    for limit, value in _LIMITS.items():
        _, hard = resource.getrlimit(limit)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (ceiling, ceiling))
    os.nice(5)  # a try must not take the recorder's time
    asked = json.loads(question.read())
    address = StreamAddress(url=asked["url"], user=asked["user"], password=Secret(asked["password"]))
    json.dump(_answer(address), answer)
    answer.flush()


def _answer(address: StreamAddress) -> dict[str, object]:
    try:
        clock = SystemClock()
        found = probe(address, clock=clock)
        picture = first_picture(address, clock=clock)
    except WatchkeepError as error:
        return {"error": type(error).__name__, "sentence": str(error)}
    return {
        "codec": found.parameters.codec.value,
        "width_px": found.parameters.width_px,
        "height_px": found.parameters.height_px,
        "frames_per_second": found.frames_per_second,
        "is_clear_text": found.is_clear_text,
        "picture": base64.b64encode(picture).decode(),
    }
