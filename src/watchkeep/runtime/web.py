"""The web process: the page and the API over TLS 1.3 with exactly two suites."""

import os
import re
import socket
import ssl
import sys
from collections.abc import Callable, Mapping
from importlib.resources import as_file, files

import uvicorn
from fastapi import FastAPI

from watchkeep.domain.errors import Conflict, Unavailable
from watchkeep.runtime.certificates import Certificates
from watchkeep.runtime.config import Web
from watchkeep.runtime.units import ListenAddress

SUITES = frozenset({"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"})
OPENSSL_VARIABLE = "OPENSSL_CONF"
GRACE_S = 2
"""A connected browser would keep the server alive for ever otherwise."""

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # where every network is meant, ask here
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")

LEAST_WITH_CALL = (3, 15)
"""From this Python on the suites are set by a call; before, only by the file in OPENSSL_CONF."""


def openssl_environment() -> Mapping[str, str]:
    """What the environment of the web process needs before Python is started in it."""
    with as_file(files("watchkeep.runtime") / "openssl.cnf") as path:
        return {OPENSSL_VARIABLE: str(path)}


def start_again_with_suites() -> None:
    """Replace this process by one whose OpenSSL has read our file; return if it has."""
    wanted = openssl_environment()
    if sys.version_info >= LEAST_WITH_CALL or os.environ.get(OPENSSL_VARIABLE) == wanted[OPENSSL_VARIABLE]:
        return
    arguments = [sys.executable, "-m", "watchkeep", *sys.argv[1:]]
    os.execve(sys.executable, arguments, {**os.environ, **wanted})  # noqa: S606  # our own interpreter


def tls_context(make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Narrow a server's context to TLS 1.3 and the two suites.

    Raises:
        Unavailable: OpenSSL would offer others: better not to serve.
    """
    context = make()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    choose = getattr(context, "set_ciphersuites", None)
    if choose is not None:
        choose(":".join(sorted(SUITES)))
    offered = {each["name"] for each in context.get_ciphers() if each["protocol"] == "TLSv1.3"}
    if offered != SUITES:
        raise Unavailable(
            f"not serving: TLS would offer {', '.join(sorted(offered))}; start it with "
            f"`watchkeep run`, and leave {OPENSSL_VARIABLE} unset",
            offered=sorted(offered),
        )
    return context


def require_free(listen: ListenAddress, setting: str) -> None:
    """Try the port.

    Raises:
        Conflict: Somebody listens there, or it cannot be used.
    """
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((listen.host, listen.port))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Conflict(
                f"{setting} {listen} cannot be used ({reason}); stop what listens there, or change "
                f"{setting} in watchkeep.yaml",
                listen=str(listen),
            ) from None


def is_answering(listen: ListenAddress) -> bool:
    """Say whether something accepts connections there."""
    host = _WILDCARDS.get(listen.host, listen.host)
    try:
        socket.create_connection((host, listen.port), timeout=0.5).close()
    except OSError:
        return False
    return True


def certificate_names(web: Web) -> tuple[str, ...]:
    """Every name and address that the server's certificate is good for, the usual one first."""
    own = socket.gethostname()
    names = [*web.names, "localhost", "127.0.0.1", "::1"]
    if _HOST_NAME.fullmatch(own):
        names.append(own)
    if web.listen.host not in _WILDCARDS:
        names.append(web.listen.host)
    return tuple(dict.fromkeys(names))


def address_of(web: Web) -> str:
    """The page's address for the person who started it."""
    host = web.names[0] if web.names else web.listen.host
    if host in _WILDCARDS or host == "127.0.0.1":
        host = "localhost"
    return f"https://{ListenAddress(host=host, port=web.listen.port)}/"


def serve(app: FastAPI, listen: ListenAddress, certificates: Certificates) -> None:
    """Serve until SIGTERM.

    Raises:
        Unavailable: The self-check of the TLS suites failed.
    """

    def narrowed(_: uvicorn.Config, make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        return tls_context(make)

    uvicorn.run(
        app,
        host=listen.host,
        port=listen.port,
        ssl_certfile=str(certificates.chain),
        ssl_keyfile=str(certificates.key),
        ssl_context_factory=narrowed,
        timeout_graceful_shutdown=GRACE_S,
        log_config=None,
        access_log=False,
        server_header=False,
        # Nobody stands before us: a client must not choose the address that the audit writes down.
        proxy_headers=False,
        # Compressed video does not shrink.
        ws_per_message_deflate=False,
        ws_max_size=1 << 16,
    )
