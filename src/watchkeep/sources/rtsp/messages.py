"""RTSP as a client speaks it: requests out, responses in, every length bounded.

Source: RFC 2326 sections 4 to 7, 10.12 and 12; RFC 7826 section 20 for what is tolerated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from watchkeep.domain.errors import Invalid

HEAD_LIMIT_BYTES = 16 * 1024
"""Of a response, from the status line to the empty line."""
BODY_LIMIT_BYTES = 128 * 1024
"""Of a response; a session description with every parameter set is below 4 KiB."""
HEADER_LIMIT = 128

_STATUS = re.compile(r"RTSP/[12]\.\d ([1-5]\d\d)(?: .*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a camera, without the headers that every request carries."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a camera answers.

    Attributes:
        headers: By name in lower case; the values of a name in the order in which they came.
    """

    status: int
    headers: Mapping[str, tuple[str, ...]]
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first value of a header, "" if there is none; the name in lower case."""
        return self.headers.get(name, ("",))[0]

    @property
    def sequence(self) -> int | None:
        """The number of the request that is answered; None when the camera leaves it out."""
        text = self.header("cseq")
        return int(text) if text.isdecimal() and len(text) < 10 else None


def encode(request: Request, headers: Mapping[str, str]) -> bytes:
    """A request with further headers as bytes.

    Raises:
        Invalid: A value would break the line: the camera sent it, and it must not speak for us.
    """
    lines = [f"{request.method} {request.url} RTSP/1.0"]
    lines += [f"{name}: {value}" for name, value in {**headers, **request.headers}.items()]
    if any("\r" in line or "\n" in line or "\0" in line for line in lines):
        raise Invalid("the camera sent a name or an address that breaks a line")
    return "\r\n".join([*lines, "", ""]).encode()


def response_length(received: bytes) -> int | None:
    """How many bytes the response at the front of received takes, its body included.

    Returns:
        None while its head, or its body, is not complete.

    Raises:
        Invalid: It is longer than allowed, or its length is no number.
    """
    end = received.find(b"\r\n\r\n", 0, HEAD_LIMIT_BYTES)
    if end < 0:
        if len(received) >= HEAD_LIMIT_BYTES:
            raise Invalid(f"the camera's answer has no end within {HEAD_LIMIT_BYTES // 1024} KiB")
        return None
    length = end + 4 + _body_length(received[:end])
    return length if len(received) >= length else None


def read_response(message: bytes) -> Response:
    """Read a whole response.

    Raises:
        Invalid: It is none.
    """
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8", "replace").split("\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise Invalid("the camera does not answer in RTSP")
    if len(lines) > HEADER_LIMIT:
        raise Invalid(f"the camera's answer has more than {HEADER_LIMIT} lines")
    headers: dict[str, tuple[str, ...]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers[key] = (*headers.get(key, ()), value.strip())
    return Response(status=int(status[1]), headers=headers, body=body)


def _body_length(head: bytes) -> int:
    found = re.search(rb"\r\ncontent-length[ \t]*:[ \t]*([^\r\n]*)", head, re.IGNORECASE)
    if found is None:
        return 0
    text = found[1].strip()
    if not text.isdigit() or len(text) > 9:
        raise Invalid("the length of the camera's answer is no number")
    if int(text) > BODY_LIMIT_BYTES:
        raise Invalid(f"the camera's answer is longer than {BODY_LIMIT_BYTES // 1024} KiB")
    return int(text)
