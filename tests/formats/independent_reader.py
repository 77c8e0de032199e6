"""A second reader of segment files, written from docs/formats/segment.md alone; no code of Watchkeep's.

Usage: python tests/formats/independent_reader.py FILE.wks SHRED-KEY-IN-HEX > video.mp4
"""

import hashlib
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

VIDEO, METADATA, INDEX, FINAL = 1, 3, 4, 5


def read_records(file: bytes, shred_key: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, end in the file, and plaintext of every record, up to the first that is not whole."""
    check(file[:8] == b"\x01WKSEG\r\n", "a segment file of version 1")
    salt = 12 + int.from_bytes(file[8:12], "big")
    json.loads(file[12:salt])
    bound, wrap, commitment = file[: salt + 32], file[salt + 32 : salt + 92], file[salt + 92 : salt + 124]
    data_key = AESGCM(shred_key).decrypt(wrap[:12], wrap[12:], bound)
    info = b"watchkeep segment 1" + hashlib.sha256(bound).digest()
    okm = HKDFExpand(algorithm=SHA512(), length=76, info=info).derive(data_key)
    check(okm[44:] == commitment, "the commitment")
    aead, base = AESGCM(okm[:32]), int.from_bytes(okm[32:44], "big")
    at, expected = salt + 124, 0
    while at + 24 <= len(file):
        head = file[at : at + 8]
        kind, length, counter = head[0], int.from_bytes(head[1:4], "big"), int.from_bytes(head[4:], "big")
        if counter != expected and not (kind == INDEX and counter >= 1 << 30):
            return
        try:
            nonce = (base ^ counter).to_bytes(12, "big")
            plaintext = aead.decrypt(nonce, file[at + 8 : at + 24 + length], head)
        except InvalidTag:
            return
        at, expected = at + 24 + length, counter + 1
        yield kind, at, plaintext


def read_video(file: bytes, shred_key: bytes) -> tuple[bytes, str]:
    """The video stream up to the last whole mark, and "closed", "recovered" or "unfinished"."""
    video, length, marks, index, state = b"", 0, [], b"", "unfinished"
    for count, (kind, end, plaintext) in enumerate(read_records(file, shred_key)):
        if kind == VIDEO:
            video += plaintext
        elif kind == METADATA and plaintext[4] == 2:
            check(int.from_bytes(plaintext[:4], "big") == len(marks) and not index, "where the clock note is")
        elif kind == METADATA:
            offset, size, media = struct.unpack_from(">QII", plaintext, 8)
            salt, digest = plaintext[64:80], plaintext[80:112]
            check(offset == length or not marks, "where the fragment starts")
            check(offset + size == len(video), "where the fragment ends")
            check(hashlib.sha256(salt + video[offset + media :]).digest() == digest, "its digest")
            marks.append(plaintext)
            length = len(video)
        elif kind == INDEX:
            index += plaintext
        elif kind == FINAL:
            fragments, records, total, _, _, word, _, _, root = struct.unpack(">IIQqqBQI32s", plaintext)
            check((fragments, records, total) == (len(marks), count, length), "the counts")
            check(index == b"".join(marks), "the index")
            check(hashlib.sha256(b"".join(mark[80:] for mark in marks)).digest() == root, "the root")
            check(end == len(file), "the end")
            state = {1: "closed", 2: "recovered"}[word]
    return video[:length], state


def read_clock(file: bytes, shred_key: bytes) -> tuple[int, int, int | None, int] | None:
    """The clock note: reports, offset (µs), drift (ns a second) if it is known, measured (µs)."""
    for kind, _, plaintext in read_records(file, shred_key):
        if kind == METADATA and plaintext[4] == 2:
            flags, reports, drift, offset, measured = struct.unpack(">5xB2xIiqq", plaintext)
            return reports, offset, drift if flags else None, measured
    return None


def check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"{what} is wrong")


if __name__ == "__main__":
    sys.stdout.buffer.write(read_video(Path(sys.argv[1]).read_bytes(), bytes.fromhex(sys.argv[2]))[0])
