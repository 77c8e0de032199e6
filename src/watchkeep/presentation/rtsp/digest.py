"""Signing in with Digest. Source: RFC 2617 section 3."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from watchkeep.domain.camera import Secret
from watchkeep.domain.rtsp_messages import Request

REALM = "Watchkeep"
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an Authorization header claims; who it is must still be proved."""

    name: str
    fields: dict[str, str]


def challenge(nonce: str) -> str:
    """The WWW-Authenticate value. Basic is not offered: the password would cross the network."""
    return f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5'


def credentials_of(request: Request) -> Credentials | None:
    """What the request says of who asks; None when it says nothing that we understand."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    fields = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(rest)}
    if scheme.lower() != "digest" or not fields.get("username"):
        return None
    return Credentials(name=fields["username"], fields=fields)


def proves(credentials: Credentials, request: Request, password: Secret, *, nonce: str) -> bool:
    """Say whether they were made with the password, for this request and with this connection's nonce."""
    fields = credentials.fields
    if fields.get("nonce") != nonce or fields.get("realm") != REALM:
        return False
    if urlsplit(fields.get("uri", "")).path.rstrip("/") != urlsplit(request.url).path.rstrip("/"):
        return False
    sign_in = _md5(f"{credentials.name}:{REALM}:{password.reveal()}")
    middle = [nonce]
    if fields.get("qop"):
        middle += [fields.get("nc", ""), fields.get("cnonce", ""), fields["qop"]]
    wanted = _md5(":".join([sign_in, *middle, _md5(f"{request.method}:{fields.get('uri', '')}")]))
    return hmac.compare_digest(wanted.encode(), fields.get("response", "").encode())


def _md5(text: str) -> str:
    # The password has 160 bits of chance, so what is wrong with MD5 helps nobody to guess it.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
