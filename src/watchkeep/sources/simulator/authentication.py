"""Sign-in to the simulator: Digest with MD5 or SHA-256, and Basic, as cameras ask for it.

Source: RFC 2617, RFC 7616.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Collection

from watchkeep.domain.camera import Secret
from watchkeep.domain.rtsp_messages import Request
from watchkeep.sources.simulator.faults import SignInScheme

REALM = "Camera simulator"
USUAL_SCHEMES = (SignInScheme.DIGEST_MD5, SignInScheme.BASIC)
"""What most cameras offer."""

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


def challenge(
    nonce: str, schemes: Collection[SignInScheme] = USUAL_SCHEMES, *, is_stale: bool = False
) -> list[str]:
    """The WWW-Authenticate values that ask for any of the schemes, in their order."""
    stale = ", stale=true" if is_stale else ""
    values = {
        SignInScheme.DIGEST_MD5: f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5{stale}',
        SignInScheme.DIGEST_SHA256: (
            f'Digest realm="{REALM}", nonce="{nonce}", algorithm=SHA-256, qop="auth"{stale}'
        ),
        SignInScheme.BASIC: f'Basic realm="{REALM}"',
    }
    return [values[scheme] for scheme in schemes]


def allows(
    request: Request,
    user: str,
    password: Secret,
    nonce: str,
    schemes: Collection[SignInScheme] = USUAL_SCHEMES,
) -> bool:
    """Say whether the request carries the right user and password, in one of the schemes."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "basic":
            return SignInScheme.BASIC in schemes and _basic_allows(rest, user, password)
        case "digest":
            fields = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(rest)}
            is_sha256 = fields.get("algorithm", "MD5").upper() == "SHA-256"
            chosen = SignInScheme.DIGEST_SHA256 if is_sha256 else SignInScheme.DIGEST_MD5
            return chosen in schemes and _digest_allows(fields, request.method, user, password, nonce)
        case _:
            return False


def _basic_allows(given: str, user: str, password: Secret) -> bool:
    try:
        decoded = base64.b64decode(given, validate=True)
    except binascii.Error:
        return False
    return hmac.compare_digest(decoded, f"{user}:{password.reveal()}".encode())


def _digest_allows(fields: dict[str, str], method: str, user: str, password: Secret, nonce: str) -> bool:
    if fields.get("username") != user or fields.get("nonce") != nonce:
        return False
    algorithm = fields.get("algorithm", "MD5").upper()
    sign_in = _digest(algorithm, f"{user}:{REALM}:{password.reveal()}")
    asked = _digest(algorithm, f"{method}:{fields.get('uri', '')}")
    middle = [nonce]
    if fields.get("qop"):
        middle += [fields.get("nc", ""), fields.get("cnonce", ""), fields["qop"]]
    wanted = _digest(algorithm, ":".join([sign_in, *middle, asked]))
    return hmac.compare_digest(wanted.encode(), fields.get("response", "").encode())


def _digest(algorithm: str, text: str) -> str:
    if algorithm == "SHA-256":
        return hashlib.sha256(text.encode()).hexdigest()
    # MD5 is what cameras speak; it protects nothing here.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
