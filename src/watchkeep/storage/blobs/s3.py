"""Blobs in a bucket of an S3-compatible store, over obstore."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotSupportedError,
    PermissionDeniedError,
    UnauthenticatedError,
)

from watchkeep.domain.clock import Clock, Rng
from watchkeep.domain.errors import Conflict, DataLoss, Exhausted, Forbidden, NotFound, Unavailable
from watchkeep.domain.fs import File
from watchkeep.storage.blobs.bucket import Bucket, store_of
from watchkeep.storage.blobs.bytes_file import RangedFile
from watchkeep.storage.blobs.store import check_name, counted
from watchkeep.storage.media.volume_identity import IDENTITY_NAME, identity_text, is_another, parse_identity

PART_BYTES = 8 << 20
WHOLE_BYTES = 16 << 20
"""A blob up to here goes in one request, a longer one in parts."""
REST_NS = 5_000_000_000
"""After a failure nobody waits for the store again so long: a playlist may name hundreds of blobs."""
_PROBE = "write-test"
_NO_ROOM = ("507 Insufficient Storage", "QuotaExceeded", "InsufficientStorage")


class S3Blobs:
    """A bucket, or a part of one, that is known to be the right one."""

    def __init__(self, bucket: Bucket, identity: UUID, *, installation: UUID, clock: Clock) -> None:
        """Use `open_volume`."""
        self._label = bucket.label
        self._id = identity
        self._installation = installation
        self._clock = clock
        self._store = store_of(bucket)
        self._silent_until_ns: int | None = None

    @classmethod
    def open_volume(
        cls, bucket: Bucket, *, clock: Clock, rng: Rng, installation: UUID, expected: UUID | None = None
    ) -> "S3Blobs":
        """Open a bucket that can be written, or make an empty one ours; durable on return.

        Args:
            bucket: Where.
            clock: For how long a silent store is left alone.
            rng: For the id of a new volume.
            installation: Whose footage it is.
            expected: The id that the place had before; None if it was never used.

        Raises:
            Conflict: It belongs to another installation, is another volume than expected, was emptied, or
                holds something else. Nothing was written.
            Forbidden: It may not be read or written.
            NotFound: There is no such bucket.
            DataLoss: Its identity is damaged.
            Unavailable: It does not answer.
        """
        opened = cls(bucket, UUID(int=0), installation=installation, clock=clock)
        found = opened._identity()
        if expected is not None and found != expected:
            raise is_another(opened.label, expected=expected, found=found)
        if found is None:
            found = opened._claim(rng)
        opened._id = found
        opened._try_writing()
        return opened

    @property
    def id(self) -> UUID:
        """The volume's id."""
        return self._id

    @property
    def label(self) -> str:
        """Its address."""
        return self._label

    def require_same(self) -> None:
        """Look whether the bucket still says that it is this volume."""
        found = self._identity()
        if found != self._id:
            raise is_another(self.label, expected=self._id, found=found)

    def open(self, name: str, *, is_fresh: bool = False) -> File:  # noqa: ARG002  # this machine caches nothing
        """Open an object; it is read by ranges, and ahead."""
        size = self.size(name)
        return RangedFile(size, partial(self._fetch, check_name(name)))

    def put(self, name: str, chunks: Iterable[bytes], size_bytes: int) -> None:
        """Put an object in place of one of that name: names tell the content, so nothing else is replaced."""
        check_name(name)
        counts: list[int] = []
        passing = counted(chunks, counts)
        with self._answers(name):
            if size_bytes <= WHOLE_BYTES:
                content = b"".join(passing)
                self._require_all(name, counts, size_bytes)
                obstore.put(self._store, name, content, use_multipart=False)
            else:
                obstore.put(self._store, name, passing, chunk_size=PART_BYTES, max_concurrency=2)
        if sum(counts) != size_bytes:
            self.delete([name])
            self._require_all(name, counts, size_bytes)
        if (stored := self.size(name)) != size_bytes:
            raise DataLoss(
                f"{self.label} says that {name} has {stored} bytes, not the {size_bytes} that it was given",
                path=name,
            )

    def size(self, name: str) -> int:
        """Bytes of an object, as the store says."""
        with self._answers(name):
            return obstore.head(self._store, check_name(name))["size"]

    def delete(self, names: Sequence[str]) -> None:
        """Remove objects."""
        with self._answers():
            for name in names:
                try:
                    obstore.delete(self._store, check_name(name))
                except FileNotFoundError:
                    continue

    def names(self, folder: str = "") -> Iterator[str]:
        """The names of the objects under a folder, but for the identity."""
        with self._answers():
            for page in obstore.list(self._store, folder.rstrip("/") or None):
                for each in page:
                    if each["path"] not in (IDENTITY_NAME, _PROBE):
                        yield each["path"]

    def space(self) -> None:
        """A bucket has no bounds that could be asked for."""

    def _fetch(self, name: str, start: int, end: int) -> bytes:
        with self._answers(name):
            return bytes(obstore.get_range(self._store, name, start=start, end=end))

    def _identity(self) -> UUID | None:
        try:
            with self._answers(IDENTITY_NAME):
                text = bytes(obstore.get(self._store, IDENTITY_NAME).bytes())
        except NotFound:
            return None
        return parse_identity(text, place=self.label, installation=self._installation)

    def _claim(self, rng: Rng) -> UUID:
        """Write an identity where there is none, unless somebody is quicker or something else is there."""
        if next(self.names(), None) is not None:
            raise Conflict(
                f"{self.label} is not empty but is no volume of Watchkeep; choose an empty bucket or prefix",
                path=self.label,
            )
        identity = UUID(bytes=rng.token(16), version=4)
        text = identity_text(installation=self._installation, volume=identity)
        with self._answers():
            try:
                obstore.put(self._store, IDENTITY_NAME, text, mode="create")
            except AlreadyExistsError:
                pass  # what stands there now is looked at below
            except NotSupportedError:
                obstore.put(self._store, IDENTITY_NAME, text)
        found = self._identity()
        if found is None:
            raise Conflict(f"{self.label} does not keep what is put into it; see its rules", path=self.label)
        return found

    def _try_writing(self) -> None:
        with self._answers():
            obstore.put(self._store, _PROBE, b"may be removed")
            obstore.delete(self._store, _PROBE)

    def _require_all(self, name: str, counts: list[int], size_bytes: int) -> None:
        if sum(counts) != size_bytes:
            raise DataLoss(f"{name} got {sum(counts)} bytes instead of {size_bytes}", path=name)

    @contextmanager
    def _answers(self, name: str = "") -> Iterator[None]:
        """The store's errors as ours; one that was silent a moment ago is not asked again."""
        if self._silent_until_ns is not None and self._clock.monotonic_ns() < self._silent_until_ns:
            raise Unavailable(f"{self.label} did not answer a moment ago; it is asked again soon")
        self._silent_until_ns = None
        try:
            yield
        except FileNotFoundError:
            raise NotFound(f"{name or 'the bucket'} is not there, on {self.label}", path=name) from None
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise Forbidden(
                f"{self.label} refuses us ({_said(error)}); check its keys and what they allow",
                path=self.label,
            ) from None
        except BaseError as error:
            said = _said(error)
            if "NoSuchBucket" in str(error):
                raise NotFound(
                    f"there is no bucket for {self.label}; make it, or name another", path=self.label
                ) from None
            if any(word in str(error) for word in _NO_ROOM):
                raise Exhausted(f"{self.label} has no room ({said})", path=self.label) from None
            self._silent_until_ns = self._clock.monotonic_ns() + REST_NS
            raise Unavailable(
                f"{self.label} does not answer as it should ({said})", path=self.label
            ) from None


def _said(error: Exception) -> str:
    """The store's own words, on one short line; obstore tells no key."""
    line = " ".join(str(error).split("Debug source")[0].split())
    return line[:200]
