"""Serves each stream again over RTSP. Source: RFC 2326.

One conversation for each TCP connection; a client that reads too slowly loses whole GOPs, as on the page.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from watchkeep.application.house import House
from watchkeep.domain.errors import Invalid
from watchkeep.presentation.rtsp.conversation import Conversation
from watchkeep.presentation.rtsp.messages import LONGEST_REQUEST_BYTES

log = logging.getLogger(__name__)

CONNECTIONS_LIMIT = 64
_LEFT = (OSError, EOFError, Invalid, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to listen; with a context over TLS (`rtsps`)."""

    host: str
    port: int
    tls: ssl.SSLContext | None


class RtspServer:
    """Serves a house's streams."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._connections = 0

    async def serve(self, place: Place, *, until: Callable[[], Awaitable[None]]) -> None:
        """Listen until `until` is over.

        Raises:
            OSError: Nobody can listen there.
        """
        async with await asyncio.start_server(
            self.meet, place.host, place.port, ssl=place.tls, limit=LONGEST_REQUEST_BYTES
        ):
            await until()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak with one client until it leaves."""
        address = str(writer.get_extra_info("peername", ("unknown",))[0])
        if self._connections >= CONNECTIONS_LIMIT:
            log.warning("rtsp client refused", extra={"address": address, "connections": self._connections})
            writer.close()
            return
        self._connections += 1
        try:
            await Conversation(self._house, reader, writer, address=address).run()
        except _LEFT as error:
            log.info("rtsp client left", extra={"address": address, "reason": type(error).__name__})
        finally:
            self._connections -= 1
            writer.close()
