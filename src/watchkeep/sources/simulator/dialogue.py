"""What the simulator answers to each RTSP request. Source: RFC 2326 section 10."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from watchkeep.domain.camera import Secret
from watchkeep.domain.clock import Rng
from watchkeep.domain.rtsp_messages import Request, answer
from watchkeep.sources.simulator.answer_faults import refuse, send_answer, send_description
from watchkeep.sources.simulator.authentication import USUAL_SCHEMES, allows, challenge
from watchkeep.sources.simulator.connection import Connection
from watchkeep.sources.simulator.faults import (
    Fault,
    OfferedSignIn,
    RefuseSignIn,
    SessionTimeout,
    StaleNonce,
    active,
)
from watchkeep.sources.simulator.stream import SimulatedStream

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
_INTERLEAVED = re.compile(r"interleaved=(\d+)(?:-(\d+))?")
_USUAL_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """The rules of one simulator's conversations.

    Attributes:
        streams: By name.
        user: Who may connect; empty: anyone.
        start: Makes a set-up connection receive units of its sections.
        rng: For new nonces and binary answers.
    """

    streams: Mapping[str, SimulatedStream]
    user: str
    password: Secret
    start: Callable[[Connection], None]
    rng: Rng

    def reply(self, request: Request, connection: Connection, faults: Sequence[Fault] = ()) -> None:
        """Answer one request and change the connection; faults: those that are on for its stream."""
        if refuse(request, connection, faults):
            return
        if request.method != "OPTIONS" and not self._is_signed_in(request, connection, faults):
            return
        match request.method:
            case "OPTIONS":
                send_answer(connection, faults, answer(request, 200, {"Public": _METHODS}))
            case "DESCRIBE":
                self._describe(request, connection, faults)
            case "SETUP":
                send_answer(connection, faults, self._set_up(request, connection, faults))
            case "PLAY" | "PAUSE":
                self._play_or_pause(request, connection, faults)
            case "GET_PARAMETER" | "SET_PARAMETER":
                connection.send(answer(request, 200, _session(connection, faults)))
            case "TEARDOWN":
                connection.is_playing = False
                connection.is_closing = True
                connection.send(answer(request, 200, _session(connection, faults)))
            case _:
                connection.send(answer(request, 501, {"Public": _METHODS}))

    def _is_signed_in(self, request: Request, connection: Connection, faults: Sequence[Fault]) -> bool:
        """Whether to go on; otherwise 401 is on its way."""
        offered, stale = active(faults, OfferedSignIn), active(faults, StaleNonce)
        schemes = offered.schemes if offered is not None else USUAL_SCHEMES
        is_right = not self.user or allows(request, self.user, self.password, connection.nonce, schemes)
        is_stale = is_right and stale is not None and connection.refusals < stale.times
        is_stale = is_stale and "authorization" in request.headers
        if is_right and not is_stale and active(faults, RefuseSignIn) is None:
            return True
        if is_stale:
            connection.refusals += 1
            connection.nonce = self.rng.token(8).hex()
        values = challenge(connection.nonce, schemes, is_stale=is_stale)
        send_answer(connection, faults, answer(request, 401, {"WWW-Authenticate": values}))
        return False

    def _describe(self, request: Request, connection: Connection, faults: Sequence[Fault]) -> None:
        stream = self.streams.get(request.path)
        if stream is None:
            connection.send(answer(request, 404))
            return
        send_description(request, connection, stream.group, faults, self.rng)

    def _set_up(self, request: Request, connection: Connection, faults: Sequence[Fault]) -> bytes:
        transport = request.headers.get("transport", "")
        stream = self.streams.get(request.path)
        if stream is None or request.section not in stream.group.sections:
            return answer(request, 404)
        if connection.is_playing or connection.stream not in ("", request.path):
            return answer(request, 455)
        if "RTP/AVP/TCP" not in transport:
            return answer(request, 461)
        asked = _INTERLEAVED.search(transport)
        # Channels are one byte; a client that asks for more gets the section's usual pair.
        first = int(asked[1]) if asked and int(asked[1]) < 255 else 2 * request.section
        connection.stream = request.path
        connection.channels[request.section] = first, first + 1
        ssrc = stream.ssrc(request.section)
        chosen = f"RTP/AVP/TCP;unicast;interleaved={first}-{first + 1};ssrc={ssrc:08X}"
        return answer(request, 200, {"Transport": chosen, **_session(connection, faults)})

    def _play_or_pause(self, request: Request, connection: Connection, faults: Sequence[Fault]) -> None:
        session = request.headers.get("session", "").partition(";")[0]
        if not connection.stream:
            connection.send(answer(request, 455))
        elif session != connection.session:
            connection.send(answer(request, 454))
        elif request.method == "PAUSE":
            connection.is_playing = False
            connection.send(answer(request, 200, _session(connection, faults)))
        else:
            stream = self.streams[connection.stream]
            was_playing = connection.is_playing
            self.start(connection)
            # Its answer may be a slow one; pictures wait for it.
            connection.is_playing = was_playing
            headers = {
                "Range": "npt=now-",
                "RTP-Info": _places(request, connection, stream),
                **_session(connection, faults),
            }
            send_answer(connection, faults, answer(request, 200, headers))
            connection.is_playing = True


def _places(request: Request, connection: Connection, stream: SimulatedStream) -> str:
    """What each media section begins with. Source: RFC 2326 section 12.33."""
    url = re.sub(r"/trackID=\d$", "", request.url.rstrip("/"))
    return ",".join(
        f"url={url}/trackID={section};seq={stream.sequence(section, first)}"
        f";rtptime={stream.timestamp(section, first)}"
        for section, first in connection.firsts.items()
    )


def _session(connection: Connection, faults: Sequence[Fault]) -> dict[str, str | list[str]]:
    timeout = active(faults, SessionTimeout)
    seconds = timeout.timeout_s if timeout is not None else _USUAL_TIMEOUT_S
    return {"Session": f"{connection.session};timeout={seconds}"} if connection.stream else {}
