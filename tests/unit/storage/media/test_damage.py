"""Whatever is done to a file: what is read was written, or it is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from builders import (
    A_SHRED_KEY,
    SEGMENT,
    CountingRng,
    a_fragment,
    a_header,
    a_keystore,
    a_segment_file,
    its_key,
)
from watchkeep.domain.errors import DataLoss, Invalid, KeyShredded, NotFound, Tampered, WatchkeepError
from watchkeep.domain.ids import ShredKeyId
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.encryption.keystore import ShredKey
from watchkeep.storage.media.format import (
    RECORD_OVERHEAD,
    FragmentMark,
    RecordType,
    digest_media,
    make_head,
    pack_mark,
    seal_record,
)
from watchkeep.storage.media.reader import SealedReader, read_header

SIZES = (90, 40, 70)


def opened(path: Path) -> SealedReader:
    return SealedReader.open(path, fs=SystemFs(), keys=its_key)


def records_of(path: Path) -> list[bytes]:
    """Head first, then every record, cut by their plain lengths."""
    content = path.read_bytes()
    at = 12 + int.from_bytes(content[8:12], "big") + 124
    parts = [content[:at]]
    while at < len(content):
        size = int.from_bytes(content[at + 1 : at + 4], "big") + RECORD_OVERHEAD
        parts.append(content[at : at + size])
        at += size
    return parts


def outcome(path: Path) -> tuple[bytes | None, bool, bool]:
    """What is read of the video, whether the file passes for finished, whether it passes verification."""
    try:
        reader = opened(path)
    except WatchkeepError:
        return None, False, False
    try:
        reader.verify()
        is_sound = True
    except DataLoss:
        is_sound = False
    try:
        return reader.read_video(0, 1 << 20), reader.is_final, is_sound
    except DataLoss:
        return None, reader.is_final, is_sound
    finally:
        reader.close()


def test_a_file_cut_at_any_byte_reads_as_a_marked_prefix_and_never_as_finished(tmp_path: Path) -> None:
    video = a_segment_file(tmp_path / "whole", SIZES)
    whole = (tmp_path / "whole").read_bytes()
    reader = opened(tmp_path / "whole")
    ends = {0} | {mark.offset + mark.length for mark in reader.marks}
    reader.close()
    cut, seen = tmp_path / "cut", set()

    for size in range(len(whole)):
        cut.write_bytes(whole[:size])
        read, is_final, is_sound = outcome(cut)
        assert not is_final
        assert not is_sound
        if read is not None:
            assert len(read) in ends
            assert read == video[: len(read)]
            seen.add(len(read))

    assert seen == ends


@pytest.mark.parametrize("finish", [True, False], ids=["finished", "unfinished"])
def test_a_changed_bit_in_any_byte_is_refused_and_never_gives_a_wrong_byte(
    tmp_path: Path, finish: bool
) -> None:
    video = a_segment_file(tmp_path / "whole", SIZES, finish=finish)
    whole = (tmp_path / "whole").read_bytes()
    changed = tmp_path / "changed"

    for position in range(len(whole)):
        content = bytearray(whole)
        content[position] ^= 1 << position % 8
        changed.write_bytes(content)
        read, _, is_sound = outcome(changed)
        assert not is_sound, f"a change of byte {position} passed"
        assert read is None or read == video[: len(read)], f"wrong bytes after a change of byte {position}"
        if not finish:
            assert read != video, f"a change of byte {position} went unnoticed"


def test_a_changed_bit_in_any_byte_is_refused_without_making_digests_too(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "whole", SIZES)
    whole = (tmp_path / "whole").read_bytes()
    changed = tmp_path / "changed"

    def look(path: Path) -> None:
        reader = opened(path)
        try:
            reader.verify(with_digests=False)
        finally:
            reader.close()

    look(tmp_path / "whole")

    for position in range(len(whole)):
        content = bytearray(whole)
        content[position] ^= 1 << position % 8
        changed.write_bytes(content)
        with pytest.raises(WatchkeepError):
            look(changed)


def test_a_changed_video_record_costs_its_own_fragment_only(tmp_path: Path) -> None:
    video = a_segment_file(tmp_path / "file", SIZES)
    reader = opened(tmp_path / "file")
    second = reader.marks[1]
    content = bytearray((tmp_path / "file").read_bytes())
    content[second.record_offset + 20] ^= 1
    (tmp_path / "file").write_bytes(content)

    with pytest.raises(Tampered):
        reader.read_video(second.offset, 1)

    end = second.offset + second.length
    assert reader.read_video(0, second.offset) == video[: second.offset]
    assert reader.read_video(end, 1000) == video[end:]
    reader.close()


def test_a_changed_index_costs_nothing_but_is_noticed(tmp_path: Path) -> None:
    video = a_segment_file(tmp_path / "file", SIZES)
    content = bytearray((tmp_path / "file").read_bytes())
    content[-120] ^= 1
    (tmp_path / "file").write_bytes(content)

    reader = opened(tmp_path / "file")

    assert reader.is_final
    assert isinstance(reader.damage, Tampered)
    assert reader.read_video(0, 1000) == video
    with pytest.raises(Tampered):
        reader.verify()
    reader.close()


def test_records_swapped_repeated_or_dropped_are_refused(tmp_path: Path) -> None:
    video = a_segment_file(tmp_path / "whole", (60, 60, 60))  # alike, so that only their place tells
    parts = records_of(tmp_path / "whole")
    changed = tmp_path / "changed"
    orders = []
    for first in range(1, len(parts)):
        orders.append(parts[:first] + parts[first + 1 :])
        orders.append([*parts[: first + 1], *parts[first:]])
        for second in range(first + 1, len(parts)):
            order = list(parts)
            order[first], order[second] = order[second], order[first]
            orders.append(order)

    for order in orders:
        changed.write_bytes(b"".join(order))
        read, _, is_sound = outcome(changed)
        assert not is_sound
        assert read is None or read == video[: len(read)]


def test_records_of_another_segment_under_the_same_shred_key_are_refused(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "one", SIZES, rng=CountingRng(1))
    a_segment_file(tmp_path / "two", SIZES, rng=CountingRng(2), header=a_header(sequence=1))
    one, two = records_of(tmp_path / "one"), records_of(tmp_path / "two")
    changed = tmp_path / "changed"

    for number in range(1, len(one)):
        changed.write_bytes(b"".join([*one[:number], two[number], *one[number + 1 :]]))
        _, _, is_sound = outcome(changed)
        assert not is_sound, f"record {number} of another segment passed"


@pytest.mark.parametrize(
    "change", [{"digest": bytes(32)}, {"number": 1}, {"record_counter": 0}, {"offset": 23}]
)
def test_a_mark_that_does_not_fit_its_fragment_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    head, cipher = make_head(a_header(), A_SHRED_KEY.key, CountingRng())
    payload = b"moof....mdat....picture"
    mark = FragmentMark(
        number=0,
        starts_with_key=True,
        packet_count=1,
        offset=24,
        length=len(payload),
        media_offset=16,
        start_ticks=0,
        duration_ticks=45_000,
        when=a_fragment().when,
        record_offset=len(head) + 24 + RECORD_OVERHEAD,
        record_counter=1,
        salt=bytes(16),
        digest=digest_media(bytes(16), b"picture"),
    )

    def passes(mark: FragmentMark) -> bool:
        records = (
            seal_record(cipher, RecordType.VIDEO, 0, b"<- the init section ->\r\n"),
            seal_record(cipher, RecordType.VIDEO, 1, payload),
            seal_record(cipher, RecordType.METADATA, 2, pack_mark(mark)),
        )
        (tmp_path / "file").write_bytes(head + b"".join(part for record in records for part in record))
        reader = opened(tmp_path / "file")
        try:
            reader.verify()
        except Tampered:
            return False
        except DataLoss:
            return len(reader.marks) == 1  # not finished, which nobody claims it is
        finally:
            reader.close()
        return False

    assert passes(mark)
    assert not passes(replace(mark, **change))  # type: ignore[arg-type]


def test_a_head_does_not_pass_for_another_segments(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "one", SIZES)
    content = (tmp_path / "one").read_bytes()
    other = str(SEGMENT).replace("000d", "0010").encode()
    (tmp_path / "one").write_bytes(content.replace(str(SEGMENT).encode(), other))

    assert str(read_header(tmp_path / "one", fs=SystemFs()).segment).encode() == other
    with pytest.raises(Tampered):
        opened(tmp_path / "one")


def test_a_wrong_key_a_destroyed_key_and_an_unknown_key_are_told_apart(tmp_path: Path) -> None:
    keystore = a_keystore(tmp_path / "keystore")
    header = a_header()
    key = keystore.shred_key(camera=header.camera, day=header.shred_day, data_class=header.data_class)
    path = tmp_path / "file"
    a_segment_file(path, SIZES, header=a_header(shred_key=key.id), shred_key=key)
    wrong = ShredKey(key.id, bytes(32))

    with pytest.raises(Tampered, match="another one"):
        SealedReader.open(path, fs=SystemFs(), keys=lambda _id, _day: wrong)
    with pytest.raises(NotFound):
        SealedReader.open(path, fs=SystemFs(), keys=a_keystore(tmp_path / "other").find_shred_key)
    keystore.destroy_shred_key(key.id, header.shred_day)
    with pytest.raises(KeyShredded, match="on purpose"):
        SealedReader.open(path, fs=SystemFs(), keys=keystore.find_shred_key)


def test_a_newer_version_and_a_strange_file_are_said_to_be_that(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "file", SIZES)
    content = (tmp_path / "file").read_bytes()
    (tmp_path / "newer").write_bytes(b"\x02" + content[1:])
    (tmp_path / "strange").write_bytes(b"RIFF" + content)

    with pytest.raises(Invalid, match="newer"):
        opened(tmp_path / "newer")
    with pytest.raises(Invalid, match="no segment file"):
        opened(tmp_path / "strange")
    with pytest.raises(NotFound):
        opened(tmp_path / "absent")


def test_a_header_that_is_not_in_canonical_form_is_refused(tmp_path: Path) -> None:
    a_segment_file(tmp_path / "file", SIZES)
    content = (tmp_path / "file").read_bytes()
    size = int.from_bytes(content[8:12], "big")
    text = content[12 : 12 + size]
    for other in (
        text.replace(b'"epoch":0', b'"epoch": 0'),
        text.replace(b'"epoch":0', b'"epoch":0.0'),
        text.replace(b'"epoch":0', b'"epoch":true'),
        text.replace(b'{"camera"', b'{"about":1,"camera"'),
        b"[" * 50_000,
        b"\xff",
    ):
        (tmp_path / "file").write_bytes(
            content[:8] + len(other).to_bytes(4, "big") + other + content[12 + size :] + bytes(200)
        )
        with pytest.raises(Invalid, match="header"):
            read_header(tmp_path / "file", fs=SystemFs())


def test_neither_a_key_nor_a_cipher_shows_itself() -> None:
    assert A_SHRED_KEY.key.hex() not in repr(A_SHRED_KEY)
    assert repr(A_SHRED_KEY.key) not in repr(A_SHRED_KEY)
    assert repr(ShredKey(ShredKeyId("x"), b"secret")) == "ShredKey(id='x')"
