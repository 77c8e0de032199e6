"""Sign-in to the simulator: Digest with MD5, and Basic, as cameras ask for it. Source: RFC 2617."""

import base64
import binascii
import hashlib
import hmac
import re

from watchkeep.domain.camera import Secret
from watchkeep.sources.simulator.messages import Request

REALM = "Camera simulator"
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


def challenge(nonce: str) -> list[str]:
    """The WWW-Authenticate values that ask for either scheme."""
    return [f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5', f'Basic realm="{REALM}"']


def allows(request: Request, user: str, password: Secret, nonce: str) -> bool:
    """Say whether the request carries the right user and password."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "basic":
            try:
                given = base64.b64decode(rest, validate=True)
            except binascii.Error:
                return False
            return hmac.compare_digest(given, f"{user}:{password.reveal()}".encode())
        case "digest":
            fields = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(rest)}
            return _digest_allows(fields, request.method, user, password, nonce)
        case _:
            return False


def _digest_allows(fields: dict[str, str], method: str, user: str, password: Secret, nonce: str) -> bool:
    if fields.get("username") != user or fields.get("nonce") != nonce:
        return False
    sign_in = _md5(f"{user}:{REALM}:{password.reveal()}")
    asked = _md5(f"{method}:{fields.get('uri', '')}")
    middle = [nonce]
    if fields.get("qop"):
        middle += [fields.get("nc", ""), fields.get("cnonce", ""), fields["qop"]]
    wanted = _md5(":".join([sign_in, *middle, asked]))
    return hmac.compare_digest(wanted.encode(), fields.get("response", "").encode())


def _md5(text: str) -> str:
    # MD5 is what cameras speak; it protects nothing here.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
