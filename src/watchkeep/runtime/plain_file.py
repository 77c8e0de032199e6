"""A plain MP4 that grows by a fragment at a time, for a person; nothing in it is sealed."""

import errno
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from watchkeep.application.mp4 import ExportAudio, rebased
from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import Conflict, Exhausted, Forbidden, Unavailable, WatchkeepError
from watchkeep.domain.fs import Fs
from watchkeep.domain.media import TICKS_PER_SECOND, AudioParameters, Fragment

SYNC_EVERY_NS = 1_000_000_000
"""What a power cut may cost, beside the fragment in hand."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class PlainFile:
    """One file of the runs of a stream that share an init section.

    After a kill the file plays up to its last whole fragment; after a power cut up to the last sync.

    Attributes:
        starts_at: Start of the first picture; None before it.
        length: What the pictures last, holes between runs included.
        size_bytes: Written so far.
        has_audio: Whether there is a track for it.
    """

    def __init__(
        self, path: Path, init: bytes, audio: AudioParameters | None, *, fs: Fs, clock: Clock
    ) -> None:
        """Make the file; its name is durable on return.

        Args:
            path: Where; nothing may be there.
            init: The init section.
            audio: What that says of audio.
            fs: Where files are.
            clock: When to sync.

        Raises:
            Conflict: There is a file of that name.
            Exhausted: The disk is full.
            Forbidden: Nothing may be written there.
            Unavailable: The disk failed otherwise.
        """
        self.path = path
        self.init = init
        self._clock = clock
        self._audio = None if audio is None else ExportAudio(audio.sample_rate_hz)
        self._numbers = count(1)
        self._shift_ticks: int | None = None
        self._end_ticks = 0
        self._synced_ns = clock.monotonic_ns()
        self._has_failed = False
        self.has_audio = audio is not None
        self.starts_at: datetime | None = None
        self.size_bytes = len(init)
        try:
            self._file = fs.create(path)
            self._file.append(init)
            self._file.sync()
            fs.sync_directory(path.parent)
        except OSError as error:
            raise _refused(path, error) from error

    @property
    def length(self) -> timedelta:
        """See the class."""
        return timedelta(seconds=self._end_ticks / TICKS_PER_SECOND)

    def begin_run(self) -> None:
        """The times of the fragments that follow count from another run's first picture."""
        self._shift_ticks = None

    def append(self, fragment: Fragment) -> None:
        """Write a fragment; it outlives the process at once, a power cut within about a second.

        After an error nothing more is written, so that what is there ends with a whole fragment.

        Raises:
            Exhausted: The disk is full.
            Unavailable: The disk failed otherwise.
        """
        if self._has_failed:
            return
        if self.starts_at is None:
            self.starts_at = fragment.when.start
        if self._shift_ticks is None:
            passed = round((fragment.when.start - self.starts_at).total_seconds() * TICKS_PER_SECOND)
            self._shift_ticks = max(passed, self._end_ticks) - fragment.start_ticks
        shift = self._shift_ticks
        at = fragment.start_ticks + shift
        pictures = fragment.payload[: fragment.audio_offset]
        part = rebased(pictures, number=next(self._numbers), decode_ticks=at)
        if self._audio is not None and fragment.audio_offset < len(fragment.payload):
            sounds = fragment.payload[fragment.audio_offset :]
            part += self._audio.moved(sounds, shift_ticks=shift, numbers=self._numbers)
        try:
            self._file.append(part)
            self._end_ticks = at + fragment.duration_ticks
            self.size_bytes += len(part)
            now_ns = self._clock.monotonic_ns()
            if now_ns - self._synced_ns >= SYNC_EVERY_NS:
                self._synced_ns = now_ns
                self._file.sync()
        except OSError as error:
            self._has_failed = True
            with suppress(OSError):  # players take a torn fragment, too
                self._file.truncate(self.size_bytes)
            raise _refused(self.path, error) from error

    def close(self) -> None:
        """Let go of the file; all of it is durable on return.

        Raises:
            Exhausted: The disk is full.
            Unavailable: The disk failed otherwise.
        """
        try:
            if not self._has_failed:
                self._file.sync()
        except OSError as error:
            raise _refused(self.path, error) from error
        finally:
            self._file.close()


def _refused(path: Path, error: OSError) -> WatchkeepError:
    if isinstance(error, FileExistsError):
        return Conflict(f"{path} exists already; name another file", path=str(path))
    if error.errno in _FULL:
        return Exhausted(
            f"the disk of {path} is full; free some space, what was written plays", path=str(path)
        )
    if error.errno in _FORBIDDEN:
        return Forbidden(f"nothing may be written at {path}; choose another folder", path=str(path))
    return Unavailable(f"{path} cannot be written ({error.strerror}); look at its disk", path=str(path))
