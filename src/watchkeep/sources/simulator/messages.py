"""RTSP requests and answers as bytes. Source: RFC 2326 sections 4 to 7 and 10.12."""

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
    404: "Not Found",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
    503: "Service Unavailable",
}
_LONGEST_REQUEST_BYTES = 64 * 1024
_TRACK = re.compile(r"/trackID=(\d)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """The stream's name in the URL, without slashes at its ends and without a section."""
        return _TRACK.sub("", unquote(urlsplit(self.url).path).strip("/"))

    @property
    def section(self) -> int:
        """The number of the section that the URL names; 0 when it names none."""
        found = _TRACK.search(urlsplit(self.url).path.rstrip("/"))
        return int(found[1]) if found else 0


def take_request(received: bytearray) -> Request | None:
    """Take the first whole request off the front of received; RTCP reports before it are dropped.

    Returns:
        None while the request is not complete.

    Raises:
        Invalid: The bytes are no RTSP request.
    """
    while received[:1] == b"$":
        if len(received) < 4 or len(received) < 4 + int.from_bytes(received[2:4], "big"):
            return None
        del received[: 4 + int.from_bytes(received[2:4], "big")]
    end = received.find(b"\r\n\r\n")
    if end < 0:
        if len(received) > _LONGEST_REQUEST_BYTES:
            raise Invalid("The RTSP request has no end within 64 KiB.")
        return None
    request = _parse(received[:end].decode("utf-8", "replace").lstrip("\r\n"))
    try:
        length = int(request.headers.get("content-length", "0"))
    except ValueError as error:
        raise Invalid("The RTSP request's Content-Length is no number.") from error
    if not 0 <= length <= _LONGEST_REQUEST_BYTES:
        raise Invalid("The RTSP request's body is longer than 64 KiB.")
    if len(received) < end + 4 + length:
        return None
    del received[: end + 4 + length]
    return request


def _parse(text: str) -> Request:
    first, *lines = text.split("\r\n")
    match first.split(" "):
        case [method, url, version] if version.startswith("RTSP/"):
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            try:
                urlsplit(url)
            except ValueError as error:
                raise Invalid("The RTSP request's address is malformed.") from error
            return Request(method=method, url=url, headers=headers)
        case _:
            raise Invalid("The bytes are no RTSP request.")


def answer(
    request: Request | None,
    status: int,
    headers: Mapping[str, str | list[str]] | None = None,
    body: bytes = b"",
) -> bytes:
    """An RTSP answer with the request's CSeq."""
    reason = _REASONS.get(status, "Refused")
    lines = [f"RTSP/1.0 {status} {reason}"]
    if request is not None and "cseq" in request.headers:
        lines.append(f"CSeq: {request.headers['cseq']}")
    for name, values in (headers or {}).items():
        lines.extend(f"{name}: {value}" for value in ([values] if isinstance(values, str) else values))
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
