"""One sealed picture in one file. Source: docs/formats/picture.md."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from watchkeep.domain.category import DataClass
from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.domain.fs import File, Fs, replace_file
from watchkeep.domain.ids import CameraId, EventId, ShredKeyId
from watchkeep.storage.encryption.envelope import TAG_SIZE
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.encryption.shred_keys import SealedKey
from watchkeep.storage.media.sealed_head import (
    HeadKind,
    make_sealed_head,
    open_sealed_head,
    read_sealed_head,
)

Keys = Callable[[ShredKeyId, date], ShredKey]

PICTURE = HeadKind(noun="picture", version=1, magic=b"WKPIC\r\n", info=b"watchkeep picture 1")
LARGEST_BYTES = 16 << 20
_COUNTER = 0
_BOUND_TO = b"picture"
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureHeader:
    """What stands in clear before a sealed picture.

    Attributes:
        event: Whose it is.
        at: When it was captured.
        day: The UTC day that the shred key belongs to.
    """

    camera: CameraId
    event: EventId
    at: datetime
    width_px: int
    height_px: int
    data_class: DataClass
    day: date
    shred_key: ShredKeyId


def seal_picture(
    path: Path, header: PictureHeader, jpeg: bytes, *, shred_key: ShredKey, fs: Fs, rng: Rng
) -> int:
    """Write a picture, in place of an older one at that path; durable on return.

    Returns:
        The size of the file, bytes.

    Raises:
        Invalid: It is empty or too large.
        OSError: The disk refuses.
    """
    if not 0 < len(jpeg) <= LARGEST_BYTES:
        raise Invalid(f"a picture of {len(jpeg)} bytes is not kept", size_bytes=len(jpeg))
    head, cipher = make_sealed_head(PICTURE, _encode(header), shred_key.key, rng)
    sealed = head + cipher.seal(_COUNTER, jpeg, _BOUND_TO)
    fs.make_directories(path.parent)
    replace_file(fs, path, sealed)
    return len(sealed)


def read_picture_header(path: Path, *, fs: Fs) -> PictureHeader:
    """The plain header, which anybody with write access could have changed; no key needed.

    Raises:
        NotFound: There is no such file.
        Invalid: It is no picture file, or one of a newer version.
        DataLoss: It ends within its head.
    """
    return read_picture_head(path, fs=fs)[0]


def read_picture_head(path: Path, *, fs: Fs) -> tuple[PictureHeader, SealedKey]:
    """The plain header and the sealed data key; as `read_picture_header`."""
    file = _open(path, fs)
    try:
        head = read_sealed_head(PICTURE, file, str(path))
    finally:
        file.close()
    return _decode(head.text, str(path)), SealedKey(head.bound, head.wrap)


def open_picture(path: Path, *, fs: Fs, keys: Keys) -> tuple[PictureHeader, bytes]:
    """The header, authentic now, and the JPEG.

    Raises:
        NotFound: There is no such file, or the keystore never had its key.
        KeyShredded: Its key was destroyed on purpose.
        Tampered: A byte was changed, or the key is another one.
        DataLoss: The file ends within its head.
        Invalid: It is no picture file, or one of a newer version.
    """
    name = str(path)
    file = _open(path, fs)
    try:
        head = read_sealed_head(PICTURE, file, name)
        sealed = file.read_at(head.size_bytes, LARGEST_BYTES + TAG_SIZE + 1)
    finally:
        file.close()
    header = _decode(head.text, name)
    key = keys(header.shred_key, header.day)
    cipher = open_sealed_head(
        PICTURE,
        bound=head.bound,
        wrap=key.wrap_of(header.event, head.wrap),
        commitment=head.commitment,
        shred_key=key.key,
        name=name,
    )
    return header, cipher.open(_COUNTER, sealed, _BOUND_TO)


def _open(path: Path, fs: Fs) -> File:
    try:
        return fs.open(path)
    except FileNotFoundError:
        raise NotFound(f"there is no picture {path}", path=str(path)) from None


def _encode(header: PictureHeader) -> bytes:
    return json.dumps(
        {
            "at": header.at.astimezone(UTC).strftime(_TIME),
            "camera": header.camera,
            "data_class": header.data_class.value,
            "event": str(header.event),
            "height_px": header.height_px,
            "shred_day": header.day.isoformat(),
            "shred_key": header.shred_key,
            "width_px": header.width_px,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def _decode(text: bytes, name: str) -> PictureHeader:
    header: PictureHeader | None
    try:
        content = json.loads(text)
        header = PictureHeader(
            camera=CameraId(content["camera"]),
            event=EventId(UUID(content["event"])),
            at=datetime.strptime(content["at"], _TIME).replace(tzinfo=UTC),
            width_px=int(content["width_px"]),
            height_px=int(content["height_px"]),
            data_class=DataClass(content["data_class"]),
            day=date.fromisoformat(content["shred_day"]),
            shred_key=ShredKeyId(content["shred_key"]),
        )
        if _encode(header) != text:
            header = None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        header = None
    if header is None:
        raise Invalid(f"the header of {name} is not one of ours; it was changed", path=name)
    return header
