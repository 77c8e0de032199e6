"""What to record: read from the catalog, remembered sealed, so that recording starts without the database."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from watchkeep.domain.camera import Secret, Stream, StreamAddress, StreamRole
from watchkeep.domain.errors import DataLoss
from watchkeep.domain.fs import Fs, read_whole, replace_file
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.mode import NEVER, ModeSchedule, RecordingMode, span_facts, span_of
from watchkeep.storage.encryption.keystore import Keystore

log = logging.getLogger(__name__)

PURPOSE = "recording plan"


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """The streams to take, of enabled cameras only.

    Attributes:
        revision: The catalog's; it changes with every camera.
    """

    revision: int
    streams: tuple[Stream, ...]


class PlanMemory:
    """The last known plan, in one sealed file."""

    def __init__(self, path: Path, *, fs: Fs, keystore: Keystore) -> None:
        self._path = path
        self._fs = fs
        self._keystore = keystore

    def keep(self, plan: RecordingPlan) -> None:
        """Remember a plan; durable on return.

        One without a stream may come from a catalog that has lost them all: the plan before it is kept apart.
        """
        sealed = self._keystore.seal(PURPOSE, _to_json(plan))
        self._fs.make_directories(self._path.parent)
        if not plan.streams and (known := self.recall()) is not None and known.streams:
            self._fs.rename(self._path, self._earlier)
        replace_file(self._fs, self._path, sealed)

    def recall(self) -> RecordingPlan | None:
        """The plan kept last, None if there is none that can be read."""
        return self._read(self._path)

    def recall_earlier(self) -> RecordingPlan | None:
        """The last plan that had streams, if the one kept last has none."""
        return self._read(self._earlier)

    @property
    def _earlier(self) -> Path:
        return self._path.with_name(f"{self._path.name}.earlier")

    def _read(self, path: Path) -> RecordingPlan | None:
        try:
            return _from_json(self._keystore.unseal(PURPOSE, read_whole(self._fs, path)))
        except FileNotFoundError:
            return None
        except (OSError, DataLoss, ValueError, KeyError, TypeError) as error:
            log.warning("remembered plan is unreadable", extra={"error": type(error).__name__})
            return None


def _to_json(plan: RecordingPlan) -> bytes:
    streams = [
        {
            "id": str(stream.id),
            "camera": stream.camera,
            "role": stream.role,
            "url": stream.address.url,
            "user": stream.address.user,
            "password": stream.address.password.reveal(),
            "mode": stream.modes.default,
            "spans": [span_facts(span) for span in stream.modes.spans],
            "audio": stream.audio,
        }
        for stream in plan.streams
    ]
    return json.dumps({"revision": plan.revision, "streams": streams}).encode()


def _from_json(data: bytes) -> RecordingPlan:
    document = json.loads(data)
    streams = tuple(
        Stream(
            id=StreamId(UUID(entry["id"])),
            camera=CameraId(entry["camera"]),
            role=StreamRole(entry["role"]),
            address=StreamAddress(url=entry["url"], user=entry["user"], password=Secret(entry["password"])),
            modes=_modes_of(entry),
            audio=entry.get("audio", False),  # a plan remembered before there was sound
        )
        for entry in document["streams"]
    )
    return RecordingPlan(document["revision"], streams)


def _modes_of(entry: dict[str, object]) -> ModeSchedule:
    if "mode" not in entry:  # a plan remembered before there were modes
        return ModeSchedule() if entry["record"] else NEVER
    spans = entry["spans"]
    if not isinstance(spans, list):
        raise TypeError("spans")
    mode = RecordingMode(str(entry["mode"]))
    return ModeSchedule(default=mode, spans=tuple(span_of(facts) for facts in spans))


@dataclass(frozen=True, slots=True)
class PlanChange:
    """From one plan to the next.

    Attributes:
        changed: As they are now, with other modes; nothing else of them changed.
    """

    ended: tuple[Stream, ...]
    begun: tuple[Stream, ...]
    changed: tuple[Stream, ...] = ()


def compare(old: Sequence[Stream], new: Sequence[Stream]) -> PlanChange:
    """Say which streams end and which begin; one whose address changed does both, other modes do neither."""
    before = {stream.id: stream for stream in old}
    changed = tuple(
        stream
        for stream in new
        if (known := before.get(stream.id)) is not None
        and known != stream
        and known.takes_audio == stream.takes_audio
        and (known.takes_metadata or not stream.takes_metadata)  # a source cannot be asked for more
        and replace(known, modes=stream.modes) == stream
    )
    kept = set(old) & set(new)
    is_same = {stream.id for stream in changed}
    return PlanChange(
        ended=tuple(stream for stream in old if stream not in kept and stream.id not in is_same),
        begun=tuple(stream for stream in new if stream not in kept and stream.id not in is_same),
        changed=changed,
    )
