"""Carries the dialogue with a camera: numbers and signs requests, and keeps the session alive."""

from collections.abc import Callable

from watchkeep.domain.clock import Rng
from watchkeep.domain.media import GapCause
from watchkeep.sources.rtsp.dialogue import Dialogue, Playing, Refused, keep_alive, tear_down
from watchkeep.sources.rtsp.messages import Request, Response, encode
from watchkeep.sources.rtsp.sign_in import SignIn

ANSWER_LIMIT_NS = 5_000_000_000
"""For one answer; after it the camera is called again, for it may have forgotten the question."""
LOG_IN_LIMIT_NS = 15_000_000_000
"""From the first request until the camera plays, however it spreads its answers."""

_AGENT = "Watchkeep"
_LONGEST_KEEP_ALIVE_S = 30
_SIGNINGS_LIMIT = 6
"""Of one request: without, with a nonce, and with new ones in place of stale ones."""
_OUTCOMES = frozenset({200, 401, 454})
"""Of a sign of life; any other means that the camera does not know the method."""

Send = Callable[[bytes], None]


class Conversation:
    """One log-in and what follows it."""

    def __init__(self, dialogue: Dialogue, *, sign_in: SignIn, rng: Rng, send: Send, now_ns: int) -> None:
        """Begin to talk.

        Args:
            dialogue: What to say; see `converse`.
            sign_in: Signs.
            rng: Picks the first number.
            send: Takes bytes for the camera; never waits.
            now_ns: On the monotonic clock.
        """
        self._sign_in = sign_in
        self._send = send
        self._dialogue = dialogue
        self._sequence = int.from_bytes(rng.token(2), "big") % 1000
        self._began_ns = self._asked_ns = now_ns
        self._signings = 0
        self._playing: Playing | None = None
        self._by_options = False
        self._alive_at_ns = 0
        self._request = next(self._dialogue)
        self._ask(self._request)

    def answer(self, response: Response, now_ns: int) -> Playing | Refused | None:
        """Take an answer; None while the talk goes on.

        Raises:
            Invalid: What the camera sent cannot be sent back.
        """
        if response.sequence not in (None, self._sequence):
            return None
        self._asked_ns = now_ns  # what is asked next is asked now
        if self._sign_again(response):
            return None
        if self._playing is not None:
            return self._life_sign(response)
        try:
            self._request = self._dialogue.send(response)
        except StopIteration as end:
            outcome: Playing | Refused = end.value
            if isinstance(outcome, Playing):
                self._playing = outcome
                self._plan_life_sign(outcome, now_ns)
            return outcome
        self._signings = 0
        self._ask(self._request)
        return None

    def tick(self, now_ns: int) -> Refused | None:
        """Say a sign of life when it is due; or say that the log-in takes too long."""
        if self._playing is None:
            is_hung = now_ns - self._asked_ns > ANSWER_LIMIT_NS
            if is_hung or now_ns - self._began_ns > LOG_IN_LIMIT_NS:
                sentence = "answers too slowly; check the network, or whether this is a camera"
                cause = GapCause.STALLED if is_hung else GapCause.UNREACHABLE
                return Refused(cause=cause, sentence=sentence)
        elif now_ns >= self._alive_at_ns:
            self._plan_life_sign(self._playing, now_ns)
            self._signings = 0
            self._request = keep_alive(self._playing, by_options=self._by_options)
            self._ask(self._request)
        return None

    def part(self) -> None:
        """Say farewell; nobody waits for the answer."""
        if self._playing is not None:
            self._ask(tear_down(self._playing))

    def _plan_life_sign(self, playing: Playing, now_ns: int) -> None:
        self._alive_at_ns = now_ns + round(min(playing.timeout_s / 2, _LONGEST_KEEP_ALIVE_S) * 1e9)

    def _life_sign(self, response: Response) -> Refused | None:
        if response.status == 454:
            return Refused(cause=GapCause.STREAM_ENDED, sentence="has ended the session")
        if response.status not in _OUTCOMES:
            self._by_options = True
        return None

    def _sign_again(self, response: Response) -> bool:
        if response.status != 401 or not self._sign_in.has_credentials or self._signings >= _SIGNINGS_LIMIT:
            return False
        is_first = self._signings == 1
        if not self._sign_in.learn(response.headers.get("www-authenticate", ())):
            return False
        if not is_first and not self._sign_in.is_stale:
            # Signed, and refused all the same: asking on would get us locked out.
            return False
        self._ask(self._request)
        return True

    def _ask(self, request: Request) -> None:
        self._sequence += 1
        self._signings += 1
        signed = self._sign_in.header(request.method, request.url)
        headers = {"CSeq": str(self._sequence), "User-Agent": _AGENT} | dict(signed)
        self._send(encode(request, headers))
