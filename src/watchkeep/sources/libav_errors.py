"""Says in our words what went wrong in libav, whose own texts hold the address."""

from errno import EINVAL, EIO

from av.error import (
    ConnectionRefusedError as RefusedByHost,
)
from av.error import (
    FFmpegError,
    HTTPForbiddenError,
    HTTPNotFoundError,
    HTTPUnauthorizedError,
    InvalidDataError,
)
from av.error import (
    FileNotFoundError as NoSuchFile,
)
from av.error import (
    PermissionError as NoPermission,
)
from av.error import (
    TimeoutError as NoAnswer,
)

from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.media import GapCause, RunEnded
from watchkeep.sources.address import file_path, place_of
from watchkeep.sources.container import SILENCE_LIMIT_S, is_over_http


def explain(error: FFmpegError, address: StreamAddress, *, has_pictures: bool) -> RunEnded:
    """The cause and one sentence for a person. libav's own text is never used: it holds the URL."""
    place = place_of(address)
    if has_pictures:
        if isinstance(error, NoAnswer):
            return RunEnded(
                cause=GapCause.STALLED, detail=f"nothing came from {place} for {SILENCE_LIMIT_S} s"
            )
        return RunEnded(cause=GapCause.STREAM_ENDED, detail=f"the connection to {place} broke off")
    if file_path(address) is not None:
        return _explain_file(error, place)
    if error.errno in (EIO, EINVAL) and is_over_http(address):
        sentence = "gives no video at this address; check it, and where it leads if it leads elsewhere"
        return RunEnded(cause=GapCause.NO_VIDEO, detail=f"{place} {sentence}")
    return _explain_camera(error, place)


def _explain_camera(error: FFmpegError, place: str) -> RunEnded:
    match error:
        case HTTPUnauthorizedError() | HTTPForbiddenError():
            cause, sentence = GapCause.AUTHENTICATION, "refuses the user name or the password; check them"
        case HTTPNotFoundError():
            cause, sentence = GapCause.NO_VIDEO, "has no stream at this path; check the end of the address"
        case NoAnswer():
            cause, sentence = GapCause.UNREACHABLE, "does not answer; check that the camera is switched on"
        case RefusedByHost():
            cause, sentence = GapCause.UNREACHABLE, "refuses connections; check the port"
        case InvalidDataError():
            cause, sentence = GapCause.UNREACHABLE, "does not answer as a camera does; check the port"
        case _:
            cause, sentence = GapCause.UNREACHABLE, "cannot be reached; check the address and the network"
    return RunEnded(cause=cause, detail=f"{place} {sentence}")


def _explain_file(error: FFmpegError, place: str) -> RunEnded:
    match error:
        case NoSuchFile():
            cause, sentence = GapCause.UNREACHABLE, "is not there; check the path"
        case NoPermission():
            cause, sentence = GapCause.UNREACHABLE, "may not be read; give the recorder the right to"
        case _:
            cause, sentence = GapCause.NO_VIDEO, "is no video file that can be read; choose another"
    return RunEnded(cause=cause, detail=f"{place} {sentence}")
