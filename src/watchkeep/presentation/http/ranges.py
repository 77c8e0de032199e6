"""One byte range of a representation. Source: RFC 9110 section 14."""

import re
from dataclasses import dataclass

_SINGLE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, end) of a representation of known length."""

    start: int
    end: int
    is_whole: bool


class NotSatisfiable(Exception):
    """The range lies outside: 416."""


def requested(header: str | None, length: int) -> Span:
    """Read a Range header.

    Several ranges, other units and malformed headers are answered with the whole, as the RFC allows.

    Raises:
        NotSatisfiable: No byte of the range exists.
    """
    found = _SINGLE.fullmatch(header.replace(" ", "")) if header else None
    if found is None or found.group() == "bytes=-":
        return Span(0, length, True)
    first, last = found.groups()
    if len(first) > 18 or len(last) > 18:
        raise NotSatisfiable
    if not first:
        start = max(length - int(last), 0)
        if int(last) == 0 or length == 0:
            raise NotSatisfiable
        return Span(start, length, False)
    start = int(first)
    if last and int(last) < start:
        return Span(0, length, True)
    if start >= length:
        raise NotSatisfiable
    end = min(int(last) + 1, length) if last else length
    return Span(start, end, False)
