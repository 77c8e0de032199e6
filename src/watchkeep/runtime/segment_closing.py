"""The last steps of a segment: its row is made safe, then its file is moved; if torn, it is mended first."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from watchkeep.domain.errors import WatchkeepError
from watchkeep.runtime.segment_rows import closed_row, final_path
from watchkeep.runtime.system import Machine
from watchkeep.storage.catalog.recorder_rows import RecorderRow
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.media.format import Summary
from watchkeep.storage.media.recovery import recover
from watchkeep.storage.media.volume import Volume

log = logging.getLogger(__name__)

Submit = Callable[[RecorderRow, Callable[[], None] | None], None]
"""Takes a row for the catalog, and what to do once the row is safe (in the catalog or in the spool)."""


@dataclass(frozen=True, slots=True)
class _Torn:
    path: Path
    durable_bytes: int | None


class SegmentClosing:
    """Of one volume. Used by one thread at a time; only the move runs on the thread that makes rows safe.

    Attributes:
        submit: Where rows go.
    """

    def __init__(self, *, volume: Volume, keystore: Keystore, machine: Machine, submit: Submit) -> None:
        self._volume = volume
        self._keystore = keystore
        self._fs = machine.fs
        self._rng = machine.rng
        self.submit = submit
        self._torn: deque[_Torn] = deque()

    def register(self, path: Path, summary: Summary) -> None:
        """A file in open/ is whole and durable: its row, then its final place."""
        final = final_path(summary.header, self._volume)
        self.submit(closed_row(summary, self._volume), partial(self._settle, path, final))

    def tear(self, path: Path, *, durable_bytes: int | None) -> None:
        """A file was let go of before its end.

        Args:
            path: In open/; it may not be there after all.
            durable_bytes: What of it is known to be on the disk. The rest may read well from the page cache
                after a failed sync, and yet be lost. None after a crash of ours: all of it is believed.
        """
        self._torn.append(_Torn(path, durable_bytes))

    def take_over(self, orphans: Sequence[Path] = ()) -> list[Summary]:
        """Finish what the recorder before left, and tell which; what the disk refuses is tried later.

        Args:
            orphans: What shards left in open/ that are no more.
        """
        self._volume.owe_names()
        for path in (*self._volume.open_segments(), *orphans):
            self.tear(path, durable_bytes=None)
        return self.mend(tries_all=True)

    def mend(self, *, tries_all: bool = False) -> list[Summary]:
        """Finish torn files, register them and tell which; nothing is deleted that holds a picture.

        Args:
            tries_all: Go on after a file that the disk refuses. Otherwise the rest waits for the next call,
                since a full disk refuses every one of them.
        """
        mended: list[Summary] = []
        for _ in range(len(self._torn)):
            torn = self._torn.popleft()
            try:
                summary = self._make_whole(torn)
            except OSError as error:
                self._torn.append(torn)
                log.warning("torn segment waits", extra={"path": torn.path.name, "error": error.strerror})
                if not tries_all:
                    break
                continue
            if summary is not None:
                mended.append(summary)
                self.register(torn.path, summary)
        return mended

    def _make_whole(self, torn: _Torn) -> Summary | None:
        if not self._is_there(torn.path):
            return None
        try:
            if torn.durable_bytes is not None:
                self._cut(torn.path, torn.durable_bytes)
            summary = recover(torn.path, fs=self._fs, rng=self._rng, keys=self._keystore.find_shred_key)
        except WatchkeepError as error:
            log.warning("segment set aside", extra={"path": torn.path.name, "error": str(error)})
            self._volume.quarantine(torn.path, str(error))
            return None
        if summary is not None:
            facts = {"camera": summary.header.camera, "until": str(summary.when.end)}
            log.info("segment recovered", extra=facts)
        return summary

    def _cut(self, path: Path, size_bytes: int) -> None:
        file = self._fs.open_to_append(path)
        try:
            if file.size() > size_bytes:
                file.truncate(size_bytes)
        finally:
            file.close()

    def _is_there(self, path: Path) -> bool:
        try:
            self._fs.size(path)
        except FileNotFoundError:
            return False
        return True

    def _settle(self, open_path: Path, final: Path) -> None:
        try:
            self._volume.settle(open_path, final)
        except (OSError, WatchkeepError) as error:
            # It stays in open/, where readers find it too, and is moved at the next start.
            log.warning("segment not moved", extra={"path": open_path.name, "error": str(error)})
