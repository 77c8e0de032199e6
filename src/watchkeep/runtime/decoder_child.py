"""The decoder as the analyst sees it: a child that may crash, hang or be killed, and is started again."""

import contextlib
import logging
import os
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import StreamId
from watchkeep.processing.words import DecoderWord, DecoderWords, Ready, Unfit, Working
from watchkeep.runtime.children import put_in_order

log = logging.getLogger(__name__)

READ_BYTES = 1 << 20
BUFFER_BYTES = 4 << 20
START_NS = 90_000_000_000
"""Loading weights on a slow machine."""
SILENCE_NS = 10_000_000_000
"""It says something at every fragment; silent for so long after one, it hangs."""
WAITING_LIMIT_BYTES = 128 << 20
"""It reads always, so what waits for it means that it hangs."""


class DecoderChild:
    """One life of the decoder process."""

    def __init__(self, models: Path, model: str, *, clock: Clock) -> None:
        """Start it."""
        self._clock = clock
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        ours.setblocking(False)
        self._socket = ours
        # Nothing of the node may be learnt from a broken decoder: it gets no secret and no address.
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("WATCHKEEP_", "PG"))
        }
        environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "watchkeep", "decoder", "--models", str(models), "--model", model],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                env=environment,
                close_fds=True,
                start_new_session=True,
            )
        put_in_order("decoder", self._process.pid)
        self._words = DecoderWords()
        self._sending: deque[memoryview] = deque()
        self._waiting_bytes = 0
        self._unanswered_ns: int | None = None
        self._started_ns = clock.monotonic_ns()
        self._is_ready = False
        self.working_on: StreamId | None = None
        """Which stream it began last: the suspect when it dies."""

    @property
    def pid(self) -> int:
        """Of the process."""
        return int(self._process.pid)

    @property
    def waiting_bytes(self) -> int:
        """What it has not taken yet."""
        return self._waiting_bytes

    def send(self, frame: bytes, *, is_fragment: bool = False) -> None:
        """Queue a word for it; sent as its socket takes it."""
        self._sending.append(memoryview(frame))
        self._waiting_bytes += len(frame)
        if is_fragment and self._unanswered_ns is None:
            self._unanswered_ns = self._clock.monotonic_ns()

    def poll(self) -> list[DecoderWord]:
        """Send what its socket takes, take what it says; never blocks."""
        self._flush()
        words: list[DecoderWord] = []
        try:
            while received := self._socket.recv(READ_BYTES):
                words += self._words.feed(received)
                if len(received) < READ_BYTES:
                    break
        except BlockingIOError:
            pass
        except OSError:
            pass  # it died; `is_alive` says so
        except Invalid as error:
            log.warning("decoder makes no sense", extra={"error": str(error)})
            self.kill()
        for word in words:
            self._note(word)
        return words

    def trouble(self) -> str:
        """Why it must be started again; empty when all is well."""
        status = self._process.poll()
        if status is not None:
            return f"it ended with status {status}"
        now_ns = self._clock.monotonic_ns()
        if not self._is_ready:
            return "it did not get ready" if now_ns - self._started_ns > START_NS else ""
        if self._unanswered_ns is not None and now_ns - self._unanswered_ns > SILENCE_NS:
            return "it hangs"
        return "it takes nothing" if self._waiting_bytes > WAITING_LIMIT_BYTES else ""

    def kill(self) -> None:
        """End it, however it is."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        self._socket.close()

    def _flush(self) -> None:
        try:
            while self._sending:
                sent = self._socket.send(self._sending[0])
                self._waiting_bytes -= sent
                rest = self._sending[0][sent:]
                if rest:
                    self._sending[0] = rest
                else:
                    self._sending.popleft()
        except OSError:
            pass  # full for now, or it died

    def _note(self, word: DecoderWord) -> None:
        self._unanswered_ns = None
        match word:
            case Ready():
                self._is_ready = True
            case Working(stream):
                self.working_on = stream
            case Unfit(sentence):
                log.error("weights cannot be used", extra={"reason": sentence})
            case _:
                pass
