"""A recorder whose sealing is taken out, for bench/seal.py alone: what it writes nobody can open.

Usage: python seal_recorder.py sealed|digested|bare --data FOLDER
"""

import sys
from collections.abc import Callable

from watchkeep.cli import process_recorder
from watchkeep.domain.clock import Rng
from watchkeep.domain.segment import SegmentHeader
from watchkeep.storage.encryption.envelope import RecordCipher
from watchkeep.storage.media import format as segment_format
from watchkeep.storage.media import writer

NO_DIGEST = bytes(32)

MakeHead = Callable[[SegmentHeader, bytes, Rng], tuple[bytes, RecordCipher]]


class PassThrough(RecordCipher):
    """Gives back what it is given, without a tag."""

    __slots__ = ()

    def seal(self, counter: int, plaintext: bytes | memoryview, bound_to: bytes) -> bytes:  # noqa: ARG002
        """See RecordCipher."""
        return bytes(plaintext)

    def seal_into(
        self,
        sealed: memoryview,
        counter: int,  # noqa: ARG002
        plaintext: bytes | memoryview,
        bound_to: bytes,  # noqa: ARG002
    ) -> None:
        """See RecordCipher."""
        sealed[: len(plaintext)] = plaintext


def _passing(make_head: MakeHead) -> MakeHead:
    def make(header: SegmentHeader, shred_key: bytes, rng: Rng) -> tuple[bytes, RecordCipher]:
        head, _ = make_head(header, shred_key, rng)
        return head, PassThrough(bytes(32), bytes(12))

    return make


def _no_digest(_salt: bytes, _media: bytes | memoryview) -> bytes:
    return NO_DIGEST


def main() -> int:
    """Run the product's recorder, with less of it than the word asks."""
    way = sys.argv[1]
    if way in ("digested", "bare"):
        writer.make_head = _passing(segment_format.make_head)
    if way == "bare":
        writer.digest_media = _no_digest
    return process_recorder.main(["recorder", *sys.argv[2:]])


if __name__ == "__main__":
    sys.exit(main())
