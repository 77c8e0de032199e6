"""RTSP requests and answers. Source: RFC 2326 sections 4 to 7 and 10.12."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from watchkeep.domain.errors import Invalid

LONGEST_REQUEST_BYTES = 16 * 1024
TRACK = "trackID=0"
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """The stream's name in the URL, without slashes at its ends and without a track."""
        path = unquote(urlsplit(self.url).path).strip("/")
        return path.removesuffix(TRACK).strip("/")


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Wait for the next request; RTCP reports before it are dropped.

    Raises:
        Invalid: The bytes are no RTSP request, or one without end.
        EOFError: The client has left.
    """
    try:
        while (first := await reader.readexactly(1)) in b"$\r\n":
            if first == b"$":
                head = await reader.readexactly(3)
                await reader.readexactly(int.from_bytes(head[1:], "big"))
        text = first + await reader.readuntil(b"\r\n\r\n")
        request = _parse(text.decode("utf-8", "replace"))
        length = int(request.headers.get("content-length", "0"))
        if not 0 <= length <= LONGEST_REQUEST_BYTES:
            raise Invalid("The RTSP request's body is too long.")
        await reader.readexactly(length)
    except asyncio.LimitOverrunError as error:
        raise Invalid("The RTSP request has no end.") from error
    except ValueError as error:
        raise Invalid("The RTSP request is malformed.") from error
    return request


def _parse(text: str) -> Request:
    first, *lines = text.removesuffix("\r\n\r\n").split("\r\n")
    match first.split(" "):
        case [method, url, version] if version.startswith("RTSP/1."):
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            urlsplit(url)
            return Request(method=method, url=url, headers=headers)
        case _:
            raise Invalid("The bytes are no RTSP request.")


def answer(
    request: Request | None, status: int, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """An RTSP answer with the request's CSeq."""
    lines = [f"RTSP/1.0 {status} {_REASONS[status]}"]
    if request is not None and "cseq" in request.headers:
        lines.append(f"CSeq: {request.headers['cseq']}")
    lines.extend(f"{name}: {value}" for name, value in (headers or {}).items())
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
