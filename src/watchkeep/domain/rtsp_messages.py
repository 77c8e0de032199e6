"""RTSP as a server reads and answers it: the text of requests and answers. Source: RFC 2326 sections 4 to 7.

Our own server and the camera simulator take the bytes in their own ways; what they say is the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from watchkeep.domain.errors import Invalid

_REASONS = {
    200: "OK",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}
_SECTION = re.compile(r"/trackID=(\d)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """The stream's name in the URL, without slashes at its ends and without a section."""
        return _SECTION.sub("", unquote(urlsplit(self.url).path).strip("/"))

    @property
    def section(self) -> int:
        """The number of the section that the URL names; 0 when it names none."""
        found = _SECTION.search(urlsplit(self.url).path.rstrip("/"))
        return int(found[1]) if found else 0


def read_request_head(text: str) -> Request:
    """Read a request without its body; text ends before the empty line.

    Raises:
        Invalid: It is no RTSP request.
    """
    first, *lines = text.split("\r\n")
    match first.split(" "):
        case [method, url, version] if version.startswith("RTSP/1."):
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            try:
                urlsplit(url)
            except ValueError as error:
                raise Invalid("The RTSP request's address is malformed.") from error
            return Request(method=method, url=url, headers=headers)
        case _:
            raise Invalid("The bytes are no RTSP request.")


def body_length(request: Request, *, limit_bytes: int) -> int:
    """How many bytes follow a request's head.

    Raises:
        Invalid: That is no number, or more than the limit.
    """
    try:
        length = int(request.headers.get("content-length", "0"))
    except ValueError as error:
        raise Invalid("The RTSP request's Content-Length is no number.") from error
    if not 0 <= length <= limit_bytes:
        raise Invalid(f"The RTSP request's body is longer than {limit_bytes // 1024} KiB.")
    return length


def answer(
    request: Request | None,
    status: int,
    headers: Mapping[str, str | list[str]] | None = None,
    body: bytes = b"",
) -> bytes:
    """An RTSP answer with the request's CSeq; a header with several values is said several times."""
    lines = [f"RTSP/1.0 {status} {_REASONS.get(status, 'Refused')}"]
    if request is not None and "cseq" in request.headers:
        lines.append(f"CSeq: {request.headers['cseq']}")
    for name, values in (headers or {}).items():
        lines.extend(f"{name}: {value}" for value in ([values] if isinstance(values, str) else values))
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
