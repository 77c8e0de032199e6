"""The RTSP process: each stream again, for other programs."""

import asyncio
import signal
import ssl

from watchkeep.application.house import House
from watchkeep.domain.errors import Conflict
from watchkeep.presentation.rtsp.server import Place, RtspServer
from watchkeep.runtime.certificates import Certificates
from watchkeep.runtime.units import ListenAddress


def serve(house: House, listen: ListenAddress, certificates: Certificates | None) -> None:
    """Serve until SIGTERM.

    Args:
        house: Whose streams.
        listen: Where.
        certificates: For TLS; None serves plain RTSP.

    Raises:
        Conflict: Somebody listens there, or it cannot be used.
    """
    place = Place(
        host=listen.host, port=listen.port, tls=None if certificates is None else _tls(certificates)
    )
    try:
        asyncio.run(RtspServer(house).serve(place, until=_until_told))
    except OSError as error:
        raise Conflict(
            f"rtsp.listen {listen} cannot be used ({error.strerror}); stop what listens there, or change "
            "rtsp.listen in watchkeep.yaml",
            listen=str(listen),
        ) from error


def _tls(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Programs that speak RTSP over TLS are older than browsers; 1.2 has the same ciphers, chosen by OpenSSL.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificates.chain, certificates.key)
    return context


async def _until_told() -> None:
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await over.wait()
