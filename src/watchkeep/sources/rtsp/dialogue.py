"""What a client says to a camera until pictures come. Source: RFC 2326 sections 10 and 12.

Written as the conversation that it is: a generator that yields requests and is sent the answers.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from watchkeep.domain.errors import Invalid, NoVideo
from watchkeep.domain.media import GapCause
from watchkeep.sources.rtsp.description import (
    AudioTrack,
    MetadataTrack,
    SessionDescription,
    Track,
    VideoTrack,
    absolute,
    read_description,
)
from watchkeep.sources.rtsp.messages import Request, Response

_DEFAULT_TIMEOUT_S = 60
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REDIRECT_LIMIT = 3
_INTERLEAVED = re.compile(r"interleaved\s*=\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?", re.IGNORECASE)
_SESSION = re.compile(r"([^;\s]{1,256})\s*(?:;\s*timeout\s*=\s*(\d{1,6}))?.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """Where a track's packets and reports come on the connection."""

    media: int
    reports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """What was agreed.

    Attributes:
        url: What later requests name.
        session: The session's name, "" when the camera gives none.
        timeout_s: How long the camera keeps a session without a sign of life.
        has_get_parameter: Whether the camera says that it takes GET_PARAMETER.
    """

    url: str
    session: str
    timeout_s: int
    has_get_parameter: bool
    video: VideoTrack
    video_channels: Channels
    audio: AudioTrack | None
    audio_channels: Channels | None
    metadata: MetadataTrack | None = None
    metadata_channels: Channels | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The conversation failed.

    Attributes:
        sentence: It goes on after the camera's place.
        is_for_libav: Whether another reader may do better with this camera.
    """

    cause: GapCause
    sentence: str
    is_for_libav: bool = False


Dialogue = Generator[Request, Response, Playing | Refused]


def converse(url: str, *, with_audio: bool, with_metadata: bool = False) -> Dialogue:
    """Ask for the pictures of an address, and for its sound and its metadata if wanted.

    Args:
        url: Without user and password.
        with_audio: Whether sound is taken at all; when not, it is not even sent for.
        with_metadata: The same of ONVIF metadata.
    """
    options = yield Request(method="OPTIONS", url=url)
    if options.status in (401, 403):
        return _refused(options)
    has_get_parameter = "GET_PARAMETER" in options.header("public").upper()
    described = yield Request(method="DESCRIBE", url=url, headers={"Accept": "application/sdp"})
    for _ in range(_REDIRECT_LIMIT):
        if described.status not in _REDIRECTS:
            break
        target = described.header("location")
        if not _is_same_camera(target, url):
            sentence = "sends on to another address; write that address in its place"
            return Refused(cause=GapCause.UNREACHABLE, sentence=sentence)
        url = target
        described = yield Request(method="DESCRIBE", url=url, headers={"Accept": "application/sdp"})
    if described.status != 200:
        return _refused(described)
    try:
        description = read_description(described.body)
    except NoVideo as error:
        return Refused(cause=GapCause.NO_VIDEO, sentence=f"offers no video: {error}")
    except Invalid as error:
        return Refused(cause=GapCause.NO_VIDEO, sentence=f"is not understood: {error}", is_for_libav=True)
    base = described.header("content-base") or described.header("content-location")
    if not base.lower().startswith("rtsp"):
        base = url
    wanted = replace(
        description,
        audio=description.audio if with_audio else None,
        metadata=description.metadata if with_metadata else None,
    )
    return (yield from _set_up(wanted, base, has_get_parameter=has_get_parameter))


def _set_up(description: SessionDescription, base: str, *, has_get_parameter: bool) -> Dialogue:
    video = description.video
    answered = yield _set_up_request(absolute(video.control, base), first_channel=0, session="")
    if answered.status != 200:
        return _refused(answered)
    video_channels = _channels(answered, 0)
    if video_channels is None:
        return Refused(cause=GapCause.NO_VIDEO, sentence="sends its video over UDP only", is_for_libav=True)
    session, timeout_s = _session(answered)
    # A camera that refuses its sound or its metadata still has pictures.
    audio_channels = yield from _set_up_beside(description.audio, base, first_channel=2, session=session)
    metadata_channels = yield from _set_up_beside(
        description.metadata, base, first_channel=4, session=session
    )
    url = absolute(description.control, base)
    headers = {"Range": "npt=0.000-"} | _session_header(session)
    played = yield Request(method="PLAY", url=url, headers=headers)
    if played.status != 200:
        return _refused(played)
    return Playing(
        url=url,
        session=session,
        timeout_s=timeout_s,
        has_get_parameter=has_get_parameter,
        video=video,
        video_channels=video_channels,
        audio=description.audio if audio_channels else None,
        audio_channels=audio_channels,
        metadata=description.metadata if metadata_channels else None,
        metadata_channels=metadata_channels,
    )


def _set_up_beside(
    track: Track | None, base: str, *, first_channel: int, session: str
) -> Generator[Request, Response, Channels | None]:
    """Ask for a track beside the pictures; None when there is none, or the camera does not send it so."""
    if track is None:
        return None
    answered = yield _set_up_request(
        absolute(track.control, base), first_channel=first_channel, session=session
    )
    return _channels(answered, first_channel) if answered.status == 200 else None


def keep_alive(playing: Playing, *, by_options: bool) -> Request:
    """What tells the camera that somebody still watches."""
    method = "GET_PARAMETER" if playing.has_get_parameter and not by_options else "OPTIONS"
    return Request(method=method, url=playing.url, headers=_session_header(playing.session))


def tear_down(playing: Playing) -> Request:
    """The farewell, which frees the camera's place for the next client."""
    return Request(method="TEARDOWN", url=playing.url, headers=_session_header(playing.session))


def _session_header(session: str) -> dict[str, str]:
    return {"Session": session} if session else {}


def _set_up_request(url: str, *, first_channel: int, session: str) -> Request:
    transport = f"RTP/AVP/TCP;unicast;interleaved={first_channel}-{first_channel + 1}"
    return Request(method="SETUP", url=url, headers={"Transport": transport} | _session_header(session))


def _channels(answered: Response, first: int) -> Channels | None:
    """The channels of a SETUP answer; those asked for when it names none; None when it is not over TCP."""
    transport = answered.header("transport")
    found = _INTERLEAVED.search(transport)
    if found is None:
        is_elsewhere = "server_port" in transport.lower() or "multicast" in transport.lower()
        return None if is_elsewhere else Channels(media=first, reports=first + 1)
    media = int(found[1])
    reports = int(found[2]) if found[2] else media + 1
    return Channels(media=media, reports=reports) if max(media, reports) < 256 else None


def _session(answered: Response) -> tuple[str, int]:
    found = _SESSION.fullmatch(answered.header("session"))
    if found is None:
        return "", _DEFAULT_TIMEOUT_S
    return found[1], max(int(found[2] or _DEFAULT_TIMEOUT_S), 2)


def _is_same_camera(target: str, url: str) -> bool:
    """Whether a redirect stays on the connection: another host was never checked, nor its password given."""
    try:
        there, here = urlsplit(target), urlsplit(url)
        return (there.scheme, there.hostname, there.port or 554) == ("rtsp", here.hostname, here.port or 554)
    except ValueError:
        return False


def _refused(answered: Response) -> Refused:
    match answered.status:
        case 401 | 403:
            cause, sentence = GapCause.AUTHENTICATION, "refuses the user name or the password; check them"
        case 404 | 410:
            cause, sentence = GapCause.NO_VIDEO, "has no stream at this path; check the end of the address"
        case 453 | 503:
            cause = GapCause.UNREACHABLE
            sentence = "has no room for another viewer; end other connections to it"
        case 461:
            sentence = "does not send its video over TCP"
            return Refused(cause=GapCause.NO_VIDEO, sentence=sentence, is_for_libav=True)
        case _:
            cause, sentence = GapCause.UNREACHABLE, f"refuses with the code {answered.status}"
    return Refused(cause=cause, sentence=sentence)
