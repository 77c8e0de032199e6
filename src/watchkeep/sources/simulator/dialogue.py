"""What the simulator answers to each RTSP request. Source: RFC 2326 section 10."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from watchkeep.domain.camera import Secret
from watchkeep.sources.simulator.authentication import allows, challenge
from watchkeep.sources.simulator.connection import Connection
from watchkeep.sources.simulator.description import describe
from watchkeep.sources.simulator.messages import Request, answer
from watchkeep.sources.simulator.picture_clock import PictureClock

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
_INTERLEAVED = re.compile(r"interleaved=(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """The rules of one simulator's conversations.

    Attributes:
        streams: The picture clock of each name.
        user: Who may connect; empty: anyone.
        start: Makes a set-up connection receive pictures and returns the first one's number.
    """

    streams: Mapping[str, PictureClock]
    user: str
    password: Secret
    start: Callable[[Connection], int]

    def reply(self, request: Request, connection: Connection, *, refuses: bool = False) -> None:
        """Answer one request and change the connection; refuses: with 401, whatever the sign-in."""
        if request.method != "OPTIONS" and (refuses or not self._is_signed_in(request, connection)):
            connection.send(answer(request, 401, {"WWW-Authenticate": challenge(connection.nonce)}))
            return
        match request.method:
            case "OPTIONS":
                connection.send(answer(request, 200, {"Public": _METHODS}))
            case "DESCRIBE":
                self._describe(request, connection)
            case "SETUP":
                self._set_up(request, connection)
            case "PLAY" | "PAUSE":
                self._play_or_pause(request, connection)
            case "GET_PARAMETER" | "SET_PARAMETER":
                connection.send(answer(request, 200, _session(connection)))
            case "TEARDOWN":
                connection.is_playing = False
                connection.is_closing = True
                connection.send(answer(request, 200, _session(connection)))
            case _:
                connection.send(answer(request, 501, {"Public": _METHODS}))

    def _is_signed_in(self, request: Request, connection: Connection) -> bool:
        return not self.user or allows(request, self.user, self.password, connection.nonce)

    def _describe(self, request: Request, connection: Connection) -> None:
        clock = self.streams.get(request.path)
        if clock is None:
            connection.send(answer(request, 404))
            return
        headers = {"Content-Base": request.url.rstrip("/") + "/", "Content-Type": "application/sdp"}
        connection.send(answer(request, 200, headers, describe(clock.clip)))

    def _set_up(self, request: Request, connection: Connection) -> None:
        transport = request.headers.get("transport", "")
        if request.path not in self.streams:
            connection.send(answer(request, 404))
        elif connection.is_playing:
            connection.send(answer(request, 455))
        elif "RTP/AVP/TCP" not in transport:
            connection.send(answer(request, 461))
        else:
            asked = _INTERLEAVED.search(transport)
            # Channels are one byte; a client that asks for more gets the first pair.
            first = int(asked[1]) if asked and int(asked[1]) < 255 else 0
            connection.stream = request.path
            connection.channel, connection.report_channel = first, first + 1
            ssrc = self.streams[request.path].ssrc
            chosen = f"RTP/AVP/TCP;unicast;interleaved={first}-{first + 1};ssrc={ssrc:08X}"
            connection.send(answer(request, 200, {"Transport": chosen, **_session(connection)}))

    def _play_or_pause(self, request: Request, connection: Connection) -> None:
        session = request.headers.get("session", "").partition(";")[0]
        if not connection.stream:
            connection.send(answer(request, 455))
        elif session != connection.nonce:
            connection.send(answer(request, 454))
        elif request.method == "PAUSE":
            connection.is_playing = False
            connection.send(answer(request, 200, _session(connection)))
        else:
            clock = self.streams[connection.stream]
            first = self.start(connection)
            url = request.url.rstrip("/").removesuffix("/trackID=0")
            place = f"url={url}/trackID=0;seq={clock.sequence(first)};rtptime={clock.timestamp(first)}"
            headers = {"Range": "npt=now-", "RTP-Info": place, **_session(connection)}
            connection.send(answer(request, 200, headers))


def _session(connection: Connection) -> dict[str, str | list[str]]:
    return {"Session": f"{connection.nonce};timeout=60"} if connection.stream else {}
