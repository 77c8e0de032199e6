"""The two fields of a fragment that an export rewrites. Source: ISO 14496-12 sections 8.8.5, 8.8.12."""

from collections.abc import Iterator

from watchkeep.domain.errors import DataLoss


def rebased(payload: bytes, *, number: int, decode_ticks: int) -> bytes:
    """Give a fragment (moof + mdat) another number and another decoding time; the pictures stay as they are.

    Raises:
        DataLoss: The bytes are no fragment of ours.
    """
    changed = bytearray(payload)
    moof = _only(payload, 0, len(payload), b"moof")
    mfhd = _only(payload, *moof, b"mfhd")
    traf = _only(payload, *moof, b"traf")
    tfdt, end = _only(payload, *traf, b"tfdt")
    changed[mfhd[0] + 4 : mfhd[0] + 8] = number.to_bytes(4, "big")
    size = 8 if payload[tfdt] == 1 else 4  # version 1 has 64-bit times
    if end - tfdt != 4 + size or decode_ticks >= 1 << 8 * size:
        raise DataLoss("A fragment's decoding time has no room for the export's; the segment is damaged.")
    changed[tfdt + 4 : tfdt + 4 + size] = decode_ticks.to_bytes(size, "big")
    return bytes(changed)


def _only(data: bytes, start: int, end: int, kind: bytes) -> tuple[int, int]:
    for name, inner, after in _boxes(data, start, end):
        if name == kind:
            return inner, after
    raise DataLoss(f"A fragment holds no {kind.decode()} box; the segment is damaged.")


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the body and end of each box."""
    while start + 8 <= end:
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or start + size > end:
            raise DataLoss("A box of a fragment is cut off; the segment is damaged.")
        yield data[start + 4 : start + 8], start + 8, start + size
        start += size
