"""Waits for RTSP requests on a connection. Source: RFC 2326 sections 4 to 7 and 10.12."""

import asyncio

from watchkeep.domain.errors import Invalid
from watchkeep.domain.rtsp_messages import Request, body_length, read_request_head

LONGEST_REQUEST_BYTES = 16 * 1024
TRACK = "trackID=0"
"""The one section of each of our streams, as its address says it."""


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
    except asyncio.LimitOverrunError as error:
        raise Invalid("The RTSP request has no end.") from error
    request = read_request_head(text.decode("utf-8", "replace").removesuffix("\r\n\r\n"))
    await reader.readexactly(body_length(request, limit_bytes=LONGEST_REQUEST_BYTES))
    return request
