"""How every sealed file of ours begins: a plain header, salt, wrapped data key, commitment.

Source: docs/formats/segment.md, "The head"; docs/formats/picture.md.
"""

import hashlib
import hmac
import struct
from dataclasses import dataclass

from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import DataLoss, Invalid, Tampered
from watchkeep.domain.fs import File
from watchkeep.storage.encryption.envelope import (
    KEY_SIZE,
    NONCE_SIZE,
    SEAL_OVERHEAD,
    RecordCipher,
    expand,
    seal,
    unseal,
)

LARGEST_HEADER = 65_536
SALT_SIZE = 32
WRAP_SIZE = KEY_SIZE + SEAL_OVERHEAD
COMMITMENT_SIZE = 32

_PREFIX = struct.Struct(">B7sI")
_FIRST_READ = 4096


@dataclass(frozen=True, slots=True)
class HeadKind:
    """A kind of sealed file.

    Attributes:
        noun: For sentences, as "segment".
        magic: Seven bytes.
        info: Separates its keys from those of other kinds; names the version too.
    """

    noun: str
    version: int
    magic: bytes
    info: bytes


@dataclass(frozen=True, slots=True)
class SealedHead:
    """A head as it lies in a file; nothing in it is authentic yet.

    Attributes:
        text: The plain header.
        bound: Version to salt; what the wrap slot and the keys depend on.
        size_bytes: Where what is sealed begins.
    """

    text: bytes
    bound: bytes
    wrap: bytes
    commitment: bytes
    size_bytes: int


def make_sealed_head(kind: HeadKind, text: bytes, shred_key: bytes, rng: Rng) -> tuple[bytes, RecordCipher]:
    """The head's bytes with a fresh data key, and the cipher for what follows."""
    if len(text) > LARGEST_HEADER:
        raise Invalid(f"the {kind.noun}'s header is too long", size_bytes=len(text))
    bound = _PREFIX.pack(kind.version, kind.magic, len(text)) + text + rng.token(SALT_SIZE)
    data_key = rng.token(KEY_SIZE)
    cipher, commitment = _derive(kind, data_key, bound)
    return bound + seal(shred_key, data_key, bound_to=bound, rng=rng) + commitment, cipher


def read_sealed_head(kind: HeadKind, file: File, name: str) -> SealedHead:
    """Parse the head.

    Raises:
        Invalid: It is no file of that kind, or one of a newer version.
        DataLoss: The file ends within the head.
    """
    start = file.read_at(0, _FIRST_READ)
    magic = bytes((kind.version,)) + kind.magic
    if start[:8] != magic[: len(start)]:
        if start[1:8] == kind.magic:
            raise Invalid(f"{name} has format {start[0]}; read it with a newer Watchkeep", path=name)
        raise Invalid(f"{name} is no {kind.noun} file", path=name)
    if len(start) < _PREFIX.size:
        raise _torn(name)
    header_size: int = _PREFIX.unpack_from(start)[2]
    if header_size > LARGEST_HEADER:
        raise Invalid(f"{name} has a header of {header_size} bytes; it is damaged", path=name)
    bound_size = _PREFIX.size + header_size + SALT_SIZE
    size = bound_size + WRAP_SIZE + COMMITMENT_SIZE
    if len(start) < size:
        start += file.read_at(len(start), size - len(start))
    if len(start) < size:
        raise _torn(name)
    return SealedHead(
        text=start[_PREFIX.size : bound_size - SALT_SIZE],
        bound=start[:bound_size],
        wrap=start[bound_size : bound_size + WRAP_SIZE],
        commitment=start[bound_size + WRAP_SIZE : size],
        size_bytes=size,
    )


def open_sealed_head(
    kind: HeadKind, *, bound: bytes, wrap: bytes, commitment: bytes, shred_key: bytes, name: str
) -> RecordCipher:
    """The cipher for what follows; Tampered if the head was changed or the key is another one."""
    try:
        data_key = unseal(shred_key, wrap, bound_to=bound)
    except Tampered:
        raise Tampered(
            f"the head of {name} does not open with its shred key: it was changed, or the key is another one",
            path=name,
        ) from None
    cipher, expected = _derive(kind, data_key, bound)
    if not hmac.compare_digest(expected, commitment):
        raise Tampered(f"the commitment of {name} was changed", path=name)
    return cipher


def _derive(kind: HeadKind, data_key: bytes, bound: bytes) -> tuple[RecordCipher, bytes]:
    info = kind.info + hashlib.sha256(bound).digest()
    material = expand(data_key, info, KEY_SIZE + NONCE_SIZE + COMMITMENT_SIZE)
    nonce_end = KEY_SIZE + NONCE_SIZE
    return RecordCipher(material[:KEY_SIZE], material[KEY_SIZE:nonce_end]), material[nonce_end:]


def _torn(name: str) -> DataLoss:
    return DataLoss(f"{name} ends within its head; nothing was recorded in it", path=name)
