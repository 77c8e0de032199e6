"""A publisher's address as a source; a cut download goes on where it was cut. Source: RFC 9110 section 14."""

from http.client import HTTPException, HTTPResponse
from typing import cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from watchkeep.domain.errors import Unavailable
from watchkeep.domain.fs import File
from watchkeep.runtime.assets.delivery import Delivery, chunks_of
from watchkeep.runtime.assets.manifest import Address

_TIMEOUT_S = 6
"""Of a connection and of each read. What stalls longer goes on where it was, at the next try."""
_TRIES = 3
_PAUSE_S = 1.0


def deliver_from_address(delivery: Delivery, address: Address) -> None:
    """Download into the part, from where an earlier download ended.

    Raises:
        Unavailable: The publisher does not answer, or answers with something else.
    """
    reason = ""
    for attempt in range(_TRIES):
        if attempt:
            delivery.clock.sleep(_PAUSE_S)
        try:
            if _download(delivery, address):
                return
            reason = "the connection was cut"
        except HTTPError as error:
            reason = f"status {error.code}"
            error.close()
            if error.code == 416:
                delivery.fs.unlink(delivery.part)
            elif error.code < 500:
                break
        except URLError as error:
            # Not reached at all: whoever asks has something else to do, and asks again later.
            reason = str(error.reason)
            break
        except (HTTPException, OSError) as error:
            reason = str(error) or type(error).__name__
    host = urlsplit(address.url).hostname
    raise Unavailable(f"{delivery.asset.name} could not be downloaded from {host}: {reason}.", host=host)


def _download(delivery: Delivery, address: Address) -> bool:
    """Append what is missing; False when the connection ended early. The part stays either way."""
    file = _open_part(delivery)
    try:
        have = file.size()
        if have == delivery.asset.size_bytes:
            return True
        headers = {"User-Agent": "watchkeep"} | ({"Range": f"bytes={have}-"} if have else {})
        # The address is http or https (manifest.Address), and redirects cannot leave them.
        request = Request(address.url, headers=headers)  # noqa: S310
        with cast(HTTPResponse, urlopen(request, timeout=_TIMEOUT_S)) as response:  # noqa: S310
            if have and response.status != 206:
                file.truncate(0)
                have = 0
            _append(delivery, file, response, have)
        return file.size() == delivery.asset.size_bytes
    finally:
        file.close()


def _append(delivery: Delivery, file: File, response: HTTPResponse, have: int) -> None:
    size_bytes = delivery.asset.size_bytes
    for chunk in chunks_of(response):
        have += len(chunk)
        if have > size_bytes:
            file.truncate(0)
            raise OSError("the file there is longer than it should be")
        file.append(chunk)
        delivery.progress(have / size_bytes)


def _open_part(delivery: Delivery) -> File:
    try:
        return delivery.fs.open_to_append(delivery.part)
    except FileNotFoundError:
        return delivery.fs.create(delivery.part)
