"""Signs requests: Digest with SHA-256 or MD5, else Basic. Source: RFC 7616, RFC 7617, RFC 2617 (no qop)."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeep.domain.camera import Secret
from watchkeep.domain.clock import Rng

_FIELD = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {"SHA-256": "sha256", "MD5": "md5"}
"""The strongest first."""
_FIELD_LIMIT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Challenge:
    """How a camera wants requests to be signed."""

    realm: str
    nonce: str
    algorithm: str
    """As it is written back; "" when the camera names none, which means MD5."""
    opaque: str
    has_qop: bool


class SignIn:
    """Signs the requests of one connection.

    Attributes:
        is_stale: Whether the last challenge said that only the nonce was too old.
    """

    def __init__(self, user: str, password: Secret, *, rng: Rng) -> None:
        self._user = user
        self._password = password
        self._rng = rng
        self._challenge: _Challenge | None = None
        self._is_basic = False
        self._count = 0
        self.is_stale = False

    @property
    def has_credentials(self) -> bool:
        """Whether there is anything to sign with."""
        return bool(self._user or self._password)

    def learn(self, challenges: Sequence[str]) -> bool:
        """Take the WWW-Authenticate values of a refusal; False when none of the schemes is known."""
        offered = {each.algorithm.upper() or "MD5": each for each in map(_digest, challenges) if each}
        self.is_stale = any(re.search(r'stale\s*=\s*"?true', text, re.IGNORECASE) for text in challenges)
        self._count = 0
        self._challenge = next(
            (
                offered[name + session]
                for name in _HASHES
                for session in ("", "-SESS")
                if name + session in offered
            ),
            None,
        )
        self._is_basic = self._challenge is None and any(
            text.lower().startswith("basic") for text in challenges
        )
        return self._is_basic or self._challenge is not None

    def header(self, method: str, url: str) -> Mapping[str, str]:
        """The Authorization header of a request; empty before a challenge came."""
        if self._is_basic:
            pair = f"{self._user}:{self._password.reveal()}".encode()
            return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
        if self._challenge is None:
            return {}
        return {"Authorization": "Digest " + self._digest_fields(self._challenge, method, url)}

    def _digest_fields(self, challenge: _Challenge, method: str, url: str) -> str:
        algorithm = challenge.algorithm.upper() or "MD5"
        name = _HASHES[algorithm.removesuffix("-SESS")]
        self._count += 1
        count, own_nonce = f"{self._count:08x}", self._rng.token(8).hex()
        secret = _hashed(name, self._user, challenge.realm, self._password.reveal())
        if algorithm.endswith("-SESS"):
            secret = _hashed(name, secret, challenge.nonce, own_nonce)
        asked = _hashed(name, method, url)
        middle = [challenge.nonce, count, own_nonce, "auth"] if challenge.has_qop else [challenge.nonce]
        fields = {
            "username": self._user,
            "realm": challenge.realm,
            "nonce": challenge.nonce,
            "uri": url,
            "response": _hashed(name, secret, *middle, asked),
        }
        if challenge.opaque:
            fields["opaque"] = challenge.opaque
        written = [f'{key}="{_quoted(value)}"' for key, value in fields.items()]
        if challenge.algorithm:
            written.append(f"algorithm={challenge.algorithm}")
        if challenge.has_qop:
            written += ["qop=auth", f"nc={count}", f'cnonce="{own_nonce}"']
        return ", ".join(written)


def _digest(text: str) -> _Challenge | None:
    scheme, _, rest = text.partition(" ")
    if scheme.lower() != "digest":
        return None
    fields = {
        name.lower(): (re.sub(r"\\(.)", r"\1", quoted) if quoted else bare)[:_FIELD_LIMIT]
        for name, quoted, bare in _FIELD.findall(rest)
    }
    algorithm = fields.get("algorithm", "")
    known = {name + session for name in _HASHES for session in ("", "-SESS")}
    if algorithm and algorithm.upper() not in known:
        return None
    offers = {each.strip().lower() for each in fields.get("qop", "").split(",")}
    return _Challenge(
        realm=fields.get("realm", ""),
        nonce=fields.get("nonce", ""),
        algorithm=algorithm,
        opaque=fields.get("opaque", ""),
        has_qop="auth" in offers,
    )


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _hashed(name: str, *parts: str) -> str:
    # MD5 is what most cameras speak; it protects nothing beyond the wire.
    return hashlib.new(name, ":".join(parts).encode(), usedforsecurity=False).hexdigest()
