"""Makes a TCP connection without waiting: a thread looks the name up, the socket is asked each tick."""

import errno
import select
import socket
import threading
from dataclasses import dataclass
from ipaddress import ip_address

from watchkeep.sources.address import is_forbidden, is_number

CONNECT_LIMIT_NS = 5_000_000_000
LOOK_UP_LIMIT_NS = 10_000_000_000

_SENTENCES = {
    errno.ECONNREFUSED: "refuses connections; check the port",
    errno.ETIMEDOUT: "does not answer; check that the camera is switched on",
}


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nobody is there. `sentence` goes on after the camera's place."""

    sentence: str


class Dial:
    """One attempt; `close` may be called at any time."""

    def __init__(self, host: str, port: int, *, now_ns: int) -> None:
        """Begin.

        Args:
            host: A number, "localhost" or a name; a number was checked when it was typed.
            port: TCP.
            now_ns: On the monotonic clock.
        """
        self._host = host
        self._port = port
        self._began_ns = now_ns
        self._socket: socket.socket | None = None
        self._found: str | Unanswered | None = None
        if host == "localhost" or is_number(host):
            self._found = "127.0.0.1" if host == "localhost" else host
        else:
            # A daemon: a name server that never answers must not keep the process from ending.
            threading.Thread(target=self._look_up, name="look-up", daemon=True).start()

    def poll(self, now_ns: int) -> socket.socket | Unanswered | None:
        """The connected socket, non-blocking and the caller's from then on; None while it is under way."""
        if isinstance(self._found, Unanswered):
            return self._found
        if self._found is None:
            if now_ns - self._began_ns <= LOOK_UP_LIMIT_NS:
                return None
            return Unanswered("cannot be found by its name; see whether the name server works")
        try:
            if self._socket is None:
                self._socket = self._begin(self._found)
                self._began_ns = now_ns
                return None
            return self._look(self._socket, now_ns)
        except OSError as error:
            self.close()
            cure = "cannot be reached; check the address and the network"
            return Unanswered(_SENTENCES.get(error.errno or 0, cure))

    def close(self) -> None:
        """Give up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _begin(self, number: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in number else socket.AF_INET
        connecting = socket.socket(family, socket.SOCK_STREAM)
        connecting.setblocking(False)
        code = connecting.connect_ex((number, self._port))
        if code not in (0, errno.EINPROGRESS):
            connecting.close()
            raise OSError(code, "not connected")
        return connecting

    def _look(self, connecting: socket.socket, now_ns: int) -> socket.socket | None:
        poll = select.poll()
        poll.register(connecting, select.POLLOUT)
        if not poll.poll(0):
            if now_ns - self._began_ns <= CONNECT_LIMIT_NS:
                return None
            raise OSError(errno.ETIMEDOUT, "not connected")
        code = connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, "not connected")
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = None
        return connecting

    def _look_up(self) -> None:
        """Resolve the name once, so that what is checked is what is connected to."""
        try:
            entries = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
            found = [ip_address(str(entry[4][0])) for entry in entries]
        except (OSError, UnicodeError, ValueError):
            self._found = Unanswered("is not known by this name; check it, or write the camera's number")
            return
        if not found or any(is_forbidden(number) for number in found):
            self._found = Unanswered("leads to this machine or to its own link; write the camera's number")
            return
        self._found = str(found[0])
