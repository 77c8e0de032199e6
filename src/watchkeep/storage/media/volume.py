"""One footage folder: whose it is, and where its files lie. Source: docs/formats/segment.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from uuid import UUID

from watchkeep.domain.camera import is_camera_id
from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import Conflict, Invalid, NotFound
from watchkeep.domain.fs import Fs, Space, read_whole, replace_file
from watchkeep.domain.ids import CameraId, EventId, SegmentId
from watchkeep.storage.media.volume_identity import IDENTITY_NAME, identity_text, is_another, parse_identity

SUFFIX = ".wks"
PICTURE_SUFFIX = ".wkp"
PART = ".part"
REASON = ".reason"
_PICTURES = "pictures"
_OPEN = "open"
_QUARANTINE = "quarantine"
_HARMLESS = {"lost+found"}
"""Names that an empty file system may hold."""
_DOUBTED_DAYS = 2
"""Of a camera at a start: a segment that was closed just after midnight lies under the day before."""


@dataclass(frozen=True, slots=True)
class DayFolder:
    """The segments' files of a camera's day by name only: there may be millions."""

    camera: CameraId
    day: date
    path: Path
    names: tuple[str, ...]


class Volume:
    """A footage folder that is known to be the right one."""

    def __init__(self, root: Path, identity: UUID, *, installation: UUID, fs: Fs, shard: int = 0) -> None:
        """Use `open`."""
        self.root = root
        self.id = identity
        self._installation = installation
        self._fs = fs
        self._open = root / _OPEN / str(shard) if shard else root / _OPEN
        self._owed: set[Path] = set()

    @classmethod
    def open(
        cls, root: Path, *, fs: Fs, rng: Rng, installation: UUID, expected: UUID | None = None
    ) -> "Volume":
        """Open a footage folder, or make an empty one ours; durable on return.

        Args:
            root: The folder; made if missing, unless a volume is expected in it.
            fs: The file system.
            rng: For the id of a new volume.
            installation: Whose footage it is.
            expected: The id that this folder had before; None if it was never used.

        Raises:
            Conflict: It belongs to another installation, is another volume than expected, was emptied or is
                not mounted, or is not empty though it is no volume. Nothing was written.
            DataLoss: Its identity file is damaged.
        """
        try:
            identity = _read_identity(root, fs=fs, installation=installation)
        except FileNotFoundError:
            identity = None
        if expected is not None and identity != expected:
            raise is_another(str(root), expected=expected, found=identity)
        if identity is None:
            identity = _make_identity(root, fs=fs, rng=rng, installation=installation)
        fs.make_directories(root / _OPEN)
        return cls(root, identity, installation=installation, fs=fs)

    def of_shard(self, shard: int) -> "Volume":
        """The volume as one of several recorder processes uses it: its segments are written apart.

        The first writes into open/, the others into folders there; durable on return.

        Raises:
            Conflict: The folder is not this volume any more.
            OSError: The disk does not answer.
        """
        if shard == 0:
            return self
        self.require_same()
        self._fs.make_directories(self.root / _OPEN / str(shard))
        return Volume(self.root, self.id, installation=self._installation, fs=self._fs, shard=shard)

    def shards(self) -> list[int]:
        """The shards beside the first that ever had a folder here."""
        names = [folder.name for folder in self._folders(self.root / _OPEN)]
        return sorted(int(name) for name in names if name.isdecimal() and name != "0")

    def require_same(self) -> None:
        """Look whether the folder is still this volume: to be asked before a new name is made in it.

        Raises:
            Conflict: It was unmounted, emptied or swapped since it was opened. Nothing was written.
            OSError: The disk does not answer.
        """
        try:
            found: UUID | None = _read_identity(self.root, fs=self._fs, installation=self._installation)
        except FileNotFoundError:
            found = None
        if found != self.id:
            raise is_another(str(self.root), expected=self.id, found=found)

    def open_path(self, segment: SegmentId) -> Path:
        """Where a segment of this shard lies while it is written."""
        return self._open / f"{segment}{SUFFIX}"

    def final_path(self, *, camera: CameraId, day: date, segment: SegmentId) -> Path:
        """Where a finished segment lies; day is its header's shred day."""
        if not is_camera_id(camera):
            raise Invalid(f"{camera!r} is no camera id", camera=camera)
        return self.root / camera / day.isoformat() / f"{segment}{SUFFIX}"

    def picture_path(self, *, camera: CameraId, day: date, event: EventId) -> Path:
        """Where the picture of an event lies; day is the UTC day on which the event began."""
        if not is_camera_id(camera):
            raise Invalid(f"{camera!r} is no camera id", camera=camera)
        return self.root / camera / day.isoformat() / _PICTURES / f"{event}{PICTURE_SUFFIX}"

    def pictures(self) -> Iterator[Path]:
        """Every picture's file, camera by camera, day by day."""
        for camera in self._folders(self.root):
            for day in self._folders(camera):
                if _is_day(day.name):
                    files = self._files(day / _PICTURES)
                    yield from (path for path in files if path.suffix == PICTURE_SUFFIX)

    def day_files(self, camera: CameraId, day: date) -> list[Path]:
        """Segments and pictures of a camera and UTC day, in their final places."""
        folder = self.root / camera / day.isoformat()
        segments = [path for path in self._files(folder) if path.suffix == SUFFIX]
        pictures = [path for path in self._files(folder / _PICTURES) if path.suffix == PICTURE_SUFFIX]
        return segments + pictures

    def within(self, relative: str) -> Path:
        """A path of what the catalog keeps.

        Raises:
            Invalid: The path leads out of the volume.
        """
        parts = PurePosixPath(relative).parts
        if not parts or relative.startswith("/") or ".." in parts:
            raise Invalid(f"{relative!r} does not lie within the volume", path=relative)
        return self.root.joinpath(*parts)

    def relative(self, path: Path) -> str:
        """A path as the catalog keeps it."""
        return path.relative_to(self.root).as_posix()

    def locate(self, relative: str, segment: SegmentId) -> Path:
        """Where a segment lies now: in its final place, else in open/, of whichever shard.

        Raises:
            NotFound: It is in neither.
            Invalid: The path leads out of the volume.
        """
        final = self.within(relative)
        # The final place twice: the file may be moved there between the first look and the second.
        for path in (final, *self._open_paths(segment), final):
            if self._is_there(path):
                return path
        raise NotFound(
            f"the file {relative} is not on volume {self.root}", path=relative, segment=str(segment)
        )

    def segments(self) -> Iterator[Path]:
        """Every finished segment's file, camera by camera, day by day."""
        for folder in self.days():
            yield from (folder.path / name for name in folder.names)

    def days(self) -> Iterator["DayFolder"]:
        """The finished segments' files of each camera and UTC day, camera by camera, listed one by one."""
        for camera in self._folders(self.root):
            for day in self._folders(camera):
                if _is_day(day.name):
                    names = (entry.name for entry in self._fs.entries(day) if not entry.is_directory)
                    ours = tuple(sorted(name for name in names if name.endswith(SUFFIX)))
                    yield DayFolder(CameraId(camera.name), date.fromisoformat(day.name), day, ours)

    def open_segments(self) -> list[Path]:
        """Every file in open/ that is this shard's, also one that is no segment."""
        return self._files(self._open)

    def all_open_segments(self) -> list[Path]:
        """Every file in open/, of all shards."""
        folders = (self.root / _OPEN, *self._folders(self.root / _OPEN))
        return [path for folder in folders for path in self._files(folder)]

    def sync_open(self) -> None:
        """Make the names in open/ durable; what has left it is durable in its new place before that."""
        self._sync_owed()
        self._fs.sync_directory(self._open)

    def owe_names(self) -> None:
        """Doubt the newest names of every camera: the recorder before may have died before it synced them.

        They are made durable before the next name in open/ is.
        """
        for camera in self._folders(self.root):
            days = [folder for folder in self._folders(camera) if _is_day(folder.name)]
            self._owed.update([camera, *days[-_DOUBTED_DAYS:]] if days else [])

    def settle(self, open_path: Path, final_path: Path) -> None:
        """Move a finished file to its final place; durable on return. Settled already is no error.

        Raises:
            Conflict: The folder is not this volume any more.
            NotFound: The file is in neither place.
        """
        self.require_same()
        self._fs.make_directories(final_path.parent)
        self._move(open_path, final_path)

    def quarantine(self, path: Path, reason: str) -> Path:
        """Put a file that is not understood aside, with the reason beside it; durable on return.

        Returns:
            Where it lies now.
        """
        folder = self.root / _QUARANTINE
        self._fs.make_directories(folder)
        taken = {entry.name for entry in self._fs.entries(folder)}
        name, number = path.name, 1
        while name in taken or f"{name}{REASON}" in taken:
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"
        replace_file(self._fs, folder / f"{name}{REASON}", f"{reason}\n".encode())
        self._move(path, folder / name)
        return folder / name

    def quarantined(self) -> list[Path]:
        """The files that were put aside, without the reasons."""
        files = self._files(self.root / _QUARANTINE)
        return [path for path in files if not path.name.endswith((REASON, f"{REASON}.part"))]

    def strangers(self) -> Iterator[Path]:
        """Files beside segments, in the same folder, that are none, nor the beginning of one.

        Folders without a segment are left alone: somebody may keep photographs by day in one.
        """
        for folder in self.days():
            if folder.names:
                files = self._files(folder.path)
                yield from (path for path in files if path.suffix not in (SUFFIX, PART))

    def parts(self) -> Iterator[Path]:
        """Files that were begun and never got their name: left by a crash, or being written just now."""
        yield from (path for path in self._files(self.root) if path.suffix == PART)
        for camera in self._folders(self.root):
            for day in self._folders(camera):
                if not _is_day(day.name):
                    continue
                for path in (*self._files(day), *self._files(day / _PICTURES)):
                    if path.name.endswith((f"{SUFFIX}{PART}", f"{PICTURE_SUFFIX}{PART}")):
                        yield path

    def space(self) -> Space:
        """Room on the volume."""
        return self._fs.space(self.root)

    def _move(self, old: Path, new: Path) -> None:
        self._owed.add(new.parent)
        try:
            self._rename(old, new)
            # After a power cut both names may be the same file; renaming it onto itself keeps both.
            self._fs.unlink(old)
            self._fs.sync_directory(new.parent)
        except OSError:
            self._owed.add(new.parent)  # again: `sync_open` on another thread may have been too early
            raise
        self._owed.discard(new.parent)
        self._sync_owed()
        self._fs.sync_directory(old.parent)

    def _rename(self, old: Path, new: Path) -> None:
        try:
            self._fs.rename(old, new)
        except FileNotFoundError:
            if not self._is_there(new):
                raise NotFound(f"{old} is not there to be moved", path=str(old)) from None

    def _sync_owed(self) -> None:
        """Sync the folders that files went to. One that fails stays owed: open/ must not forget before."""
        for folder in sorted(self._owed):
            self._owed.discard(folder)
            try:
                self._fs.sync_directory(folder)
            except FileNotFoundError:
                continue  # the sweeper removed an empty day
            except OSError:
                self._owed.add(folder)
                raise

    def _open_paths(self, segment: SegmentId) -> Iterator[Path]:
        """Where a segment may lie while it is written; most nodes have one shard, and no folder is listed."""
        name = f"{segment}{SUFFIX}"
        yield self.root / _OPEN / name
        for folder in self._folders(self.root / _OPEN):
            yield folder / name

    def _is_there(self, path: Path) -> bool:
        try:
            self._fs.size(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def _folders(self, path: Path) -> list[Path]:
        return sorted(path / entry.name for entry in self._fs.entries(path) if entry.is_directory)

    def _files(self, path: Path) -> list[Path]:
        return sorted(path / entry.name for entry in self._fs.entries(path) if not entry.is_directory)


def _read_identity(root: Path, *, fs: Fs, installation: UUID) -> UUID:
    text = read_whole(fs, root / IDENTITY_NAME)
    return parse_identity(text, place=str(root), installation=installation)


def _make_identity(root: Path, *, fs: Fs, rng: Rng, installation: UUID) -> UUID:
    strangers = {entry.name for entry in fs.entries(root)} - _HARMLESS - {f"{IDENTITY_NAME}.part"}
    if strangers:
        raise Conflict(
            f"{root} is not empty but is no volume of Watchkeep; choose an empty folder", path=str(root)
        )
    identity = UUID(bytes=rng.token(16), version=4)
    fs.make_directories(root)
    replace_file(fs, root / IDENTITY_NAME, identity_text(installation=installation, volume=identity))
    return identity


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False
