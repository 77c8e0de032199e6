"""The erasure ledger: what was erased, for ever. Source: docs/formats/erasure-ledger.md.

It lies beside the keystore, not in it, so that a restored keystore does not take its place.
"""

import hashlib
import json
import threading
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from watchkeep.domain.erasure import ErasedKey, ErasureId, LedgerEntry
from watchkeep.domain.errors import DataLoss
from watchkeep.domain.fs import Fs, read_whole
from watchkeep.domain.ids import ShredKeyId
from watchkeep.domain.interval import Interval

_FORMAT = 1
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_BEGINNING = "0" * 64


class ErasureLedger:
    """The ledger of an installation. Threads and processes may share it."""

    def __init__(self, path: Path, *, fs: Fs) -> None:
        """Nothing is read or made yet."""
        self._path = path
        self._fs = fs
        self._lock = threading.Lock()
        self._read_bytes = -1
        self._entries: tuple[LedgerEntry, ...] = ()
        self._erased: dict[ShredKeyId, frozenset[UUID] | None] = {}

    def entries(self) -> tuple[LedgerEntry, ...]:
        """All entries, oldest first.

        Raises:
            DataLoss: It is damaged before its end; what a crash tore off at the end never counted.
        """
        with self._lock:
            try:
                size = self._fs.size(self._path)
            except FileNotFoundError:
                size = 0
            if size != self._read_bytes:
                self._take(read_whole(self._fs, self._path) if size else b"")
                self._read_bytes = size
            return self._entries

    def find(self, erasure: ErasureId) -> LedgerEntry | None:
        """The entry of an erasure."""
        return next((entry for entry in self.entries() if entry.erasure == erasure), None)

    def erased(self, key: ShredKeyId) -> frozenset[UUID] | None:
        """What of a shred key's things was erased; None: all of it."""
        self.entries()
        return self._erased.get(key, frozenset())

    def alone(self) -> AbstractContextManager[None]:
        """Hold off others who erase; released even by kill -9."""
        return self._fs.locked(self._path.with_name("erasing.lock"))

    def append(self, entry: LedgerEntry) -> None:
        """Add an entry; durable on return. One that is there already is not added again.

        Raises:
            DataLoss: The ledger is damaged; nothing was added.
        """
        self._fs.make_directories(self._path.parent)
        with self._fs.locked(self._path.with_name(f"{self._path.name}.lock")):
            if self.find(entry.erasure) is not None:
                return
            try:
                text = read_whole(self._fs, self._path)
                file = self._fs.open_to_append(self._path)
            except FileNotFoundError:
                text = b""
                file = self._fs.create(self._path)
            try:
                whole = text[: text.rfind(b"\n") + 1]
                if len(whole) < len(text):
                    file.truncate(len(whole))
                file.append(_line(entry, _digest_of_last(whole)))
                file.sync()
            finally:
                file.close()
            self._fs.sync_directory(self._path.parent)

    def _take(self, text: bytes) -> None:
        entries: list[LedgerEntry] = []
        erased: dict[ShredKeyId, frozenset[UUID] | None] = {}
        previous = _BEGINNING
        for number, line in enumerate(text.split(b"\n")[:-1], 1):
            try:
                entry = _entry(line, previous)
            except (ValueError, KeyError, TypeError):
                raise DataLoss(
                    f"{self._path} is damaged in line {number}; restore it from its newest copy, for it says"
                    " what must never be read again",
                    path=str(self._path),
                ) from None
            previous = _digest_of_last(line + b"\n")
            entries.append(entry)
            for key in entry.keys:
                before = erased.get(key.id, frozenset())
                is_whole = before is None or key.things is None
                erased[key.id] = None if is_whole else (before or frozenset()) | (key.things or frozenset())
        self._entries, self._erased = tuple(entries), erased


def _line(entry: LedgerEntry, previous: str) -> bytes:
    body = {
        "format": _FORMAT,
        "erasure": str(entry.erasure),
        "at": entry.at.strftime(_TIME),
        "start": entry.when.start.strftime(_TIME),
        "end": entry.when.end.strftime(_TIME),
        "keys": [
            {
                "id": key.id,
                "day": key.day.isoformat(),
                "things": None if key.things is None else sorted(str(thing) for thing in key.things),
            }
            for key in entry.keys
        ],
        "previous": previous,
    }
    text = _canonical(body)
    return _canonical({**body, "digest": hashlib.sha256(text).hexdigest()}) + b"\n"


def _entry(line: bytes, previous: str) -> LedgerEntry:
    content = json.loads(line)
    digest = content.pop("digest")
    if content["format"] != _FORMAT or content["previous"] != previous:
        raise ValueError
    if hashlib.sha256(_canonical(content)).hexdigest() != digest:
        raise ValueError
    return LedgerEntry(
        erasure=ErasureId(UUID(content["erasure"])),
        at=_time(content["at"]),
        when=Interval(_time(content["start"]), _time(content["end"])),
        keys=tuple(
            ErasedKey(
                ShredKeyId(key["id"]),
                date.fromisoformat(key["day"]),
                None if key["things"] is None else frozenset(UUID(thing) for thing in key["things"]),
            )
            for key in content["keys"]
        ),
    )


def _digest_of_last(text: bytes) -> str:
    lines = text.split(b"\n")
    return _BEGINNING if len(lines) < 2 else str(json.loads(lines[-2])["digest"])


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
