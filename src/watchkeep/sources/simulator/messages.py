"""Takes RTSP requests from bytes as they come. Source: RFC 2326 sections 4 to 7 and 10.12."""

from watchkeep.domain.errors import Invalid
from watchkeep.domain.rtsp_messages import Request, body_length, read_request_head

_LONGEST_REQUEST_BYTES = 64 * 1024


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
    request = read_request_head(received[:end].decode("utf-8", "replace").lstrip("\r\n"))
    length = body_length(request, limit_bytes=_LONGEST_REQUEST_BYTES)
    if len(received) < end + 4 + length:
        return None
    del received[: end + 4 + length]
    return request
