"""The receipt of an erasure: canonical bytes, signed. Source: docs/formats/erasure-receipt.md."""

import json
from dataclasses import dataclass
from datetime import datetime

from watchkeep.domain.erasure import Erasure
from watchkeep.domain.errors import Tampered
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.encryption.signing import Signer, require_signed

PURPOSE = "erasure receipts"
_FORMAT = 1
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What went.

    Attributes:
        seconds: Of footage, over all streams; segments at the edges count whole, though a part of each stays.
        keys_destroyed: Of which nothing can be opened any more.
        keys_replaced: Of which something stays: it is under other keys now, and these are destroyed.
    """

    segments: int
    seconds: float
    events: int
    keys_destroyed: int
    keys_replaced: int

    def sentence(self) -> str:
        """The same for a person."""
        keys = self.keys_destroyed + self.keys_replaced
        return (
            f"{_counted(self.segments, 'segment')} and {_counted(self.events, 'event')} can never be read"
            f" again. Destroyed: {_counted(keys, 'key')}."
        )


def make_receipt(erasure: Erasure, erased: Erased, *, at: datetime, keystore: Keystore) -> bytes:
    """The receipt: one line of canonical JSON with the signature in it."""
    body = {
        "format": _FORMAT,
        "erasure": str(erasure.id),
        "cameras": list(erasure.cameras),
        "from": erasure.when.start.strftime(_TIME),
        "to": erasure.when.end.strftime(_TIME),
        "reason": erasure.reason,
        "asked_by": erasure.asked_by,
        "asked_at": erasure.asked_at.strftime(_TIME),
        "done_at": at.strftime(_TIME),
        "segments": erased.segments,
        "milliseconds": round(erased.seconds * 1000),
        "events": erased.events,
        "keys_destroyed": erased.keys_destroyed,
        "keys_replaced": erased.keys_replaced,
    }
    signer = Signer(keystore.derive(PURPOSE))
    signed = {**body, "public_key": signer.public_key.hex()}
    return _canonical({**signed, "signature": signer.sign(_canonical(signed)).hex()})


def check_receipt(receipt: bytes, keystore: Keystore) -> None:
    """Say nothing if a receipt is this keystore's and unchanged.

    Raises:
        Tampered: It was changed, or another installation made it.
    """
    public_key = Signer(keystore.derive(PURPOSE)).public_key
    try:
        content = json.loads(receipt)
        signature = bytes.fromhex(content.pop("signature"))
        is_ours = content["public_key"] == public_key.hex()
        require_signed(_canonical(content), signature, public_key=public_key)
    except (ValueError, KeyError, TypeError, AttributeError, Tampered):
        is_ours = False
    if not is_ours:
        raise Tampered("The receipt was changed, or another installation made it.")


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
