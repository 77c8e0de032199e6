"""Checks the address that a person typed, and takes user and password out of it."""

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from watchkeep.domain.camera import Secret, StreamAddress
from watchkeep.domain.errors import Invalid

DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_LENGTH_LIMIT = 2048
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?")
# 127.1, 2130706433 and 0x7f.0.0.1 are addresses to a resolver, though not to ip_address().
_NUMERIC_HOST = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?", re.IGNORECASE)
_MACHINE_FOLDERS = ("/dev", "/proc", "/sys", "/run")


def checked_address(text: str, *, allow_loopback_ports: Collection[int] = ()) -> StreamAddress:
    """The address that a text names, its user and password apart and percent-decoded.

    Args:
        text: `rtsp://[user[:password]@]host[:port]/path`, `rtsps://…`, `http://…`, `https://…` or `file:///…`.
        allow_loopback_ports: Ports of this machine that may be asked: the simulator's.

    Raises:
        Invalid: One sentence that names the cure; it never repeats the text, which may hold a password.
    """
    text = text.strip()
    if len(text) > _LENGTH_LIMIT or re.search(r"[\x00-\x20\x7f-\x9f\\]", text):
        raise Invalid("the address is too long or holds blanks; write it as rtsp://host/path")
    if "#" in text:
        raise Invalid("the address holds a #; write it as %23 if it belongs to the password or the path")
    parts, port = _split(text)
    if parts.scheme == "file":
        return _checked_file(parts)
    host = parts.hostname or ""
    _check_host(host, port or DEFAULT_PORTS[parts.scheme], allow_loopback_ports)
    netloc = f"[{host}]" if ":" in host else host
    if port is not None:
        netloc += f":{port}"
    url = urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))
    user, password = _decoded(parts.username), _decoded(parts.password)
    if ":" in user:
        raise Invalid("a user name cannot hold a colon; check the address")
    return StreamAddress(url=url, user=user, password=Secret(password))


def with_credentials(address: StreamAddress) -> str:
    """The URL with user and password in it: for the socket that needs it, never for a log or an error."""
    if not address.user and not address.password:
        return address.url
    parts = urlsplit(address.url)
    sign_in = quote(address.user, safe="") + ":" + quote(address.password.reveal(), safe="")
    return urlunsplit(parts._replace(netloc=f"{sign_in}@{parts.netloc}"))


def place_of(address: StreamAddress) -> str:
    """Where it is, for a sentence: "192.168.1.20:554", or the file's path.

    Never the path of a camera's URL: some cameras want the password there.
    """
    parts = urlsplit(address.url)
    if parts.scheme == "file":
        return unquote(parts.path)
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host if parts.port is None else f"{host}:{parts.port}"


def file_path(address: StreamAddress) -> str | None:
    """The path of a file address, None for any other."""
    parts = urlsplit(address.url)
    return unquote(parts.path) if parts.scheme == "file" else None


def is_number(host: str) -> bool:
    """Say whether a host is an address in numbers, and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_forbidden(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address leads to this machine, to nobody or to many: no camera is there."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_forbidden(address.ipv4_mapped)
    return address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Invalid("the address cannot be read; write it as rtsp://host:port/path") from None
    if parts.scheme != "file" and parts.scheme not in DEFAULT_PORTS:
        sentence = "the address must begin with rtsp://, rtsps://, http://, https:// or file:///"
        raise Invalid(sentence, scheme=parts.scheme)
    if port == 0:
        raise Invalid("port 0 does not exist; most cameras use 554")
    return parts, port


def _checked_file(parts: SplitResult) -> StreamAddress:
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or not path.startswith("/") or parts.query:
        raise Invalid("a file's address needs three slashes and the whole path: file:///folder/clip.mp4")
    if ".." in path.split("/") or "\x00" in path or path.startswith(_MACHINE_FOLDERS):
        raise Invalid("the address names no ordinary file; give the whole path of a video file")
    return StreamAddress(url=urlunsplit(("file", "", parts.path, "", "")))


def _check_host(host: str, port: int, allowed_ports: Collection[int]) -> None:
    if not host:
        raise Invalid("the address names no host; write it as rtsp://host/path")
    try:
        numeric = ip_address(host)
    except ValueError:
        _check_name(host, port, allowed_ports)
        return
    if isinstance(numeric, IPv6Address) and numeric.scope_id:
        raise Invalid("an address with an interface is link-local; give the camera an address of its own")
    if is_forbidden(numeric) and not (numeric.is_loopback and port in allowed_ports):
        raise Invalid(
            "the address leads to this machine or to its own link; give the camera's own network address",
            host=host,
        )


def _check_name(host: str, port: int, allowed_ports: Collection[int]) -> None:
    if _NUMERIC_HOST.fullmatch(host):
        raise Invalid("write the host as four numbers, like 192.168.1.20", host=host)
    if not _HOST.fullmatch(host):
        raise Invalid("the host's name holds characters that no name has; check the address")
    name = host.rstrip(".").lower()
    if (name == "localhost" or name.endswith(".localhost")) and port not in allowed_ports:
        raise Invalid("the address leads to this machine; give the camera's own network address")


def _decoded(part: str | None) -> str:
    decoded = unquote(part or "")
    if re.search(r"[\x00-\x1f\x7f]", decoded):
        raise Invalid("the user name or password holds control characters; check the address")
    return decoded
