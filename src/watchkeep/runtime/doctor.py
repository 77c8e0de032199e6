"""`watchkeep doctor`: looks at clock, disk, keys, database, cameras and footage; changes nothing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from watchkeep.application import cameras as camera_rooms
from watchkeep.application import recovery
from watchkeep.domain.camera import StreamCondition
from watchkeep.domain.errors import WatchkeepError
from watchkeep.domain.ids import EventId
from watchkeep.domain.tier import Condition
from watchkeep.lifecycle.findings import Comparison, Depth
from watchkeep.lifecycle.picture_comparison import PictureStore, compare_pictures
from watchkeep.runtime.data_folder import recorder_name
from watchkeep.runtime.locks import is_held
from watchkeep.runtime.opening import OpenHouse
from watchkeep.runtime.shards import read_shard_count
from watchkeep.runtime.units import format_size
from watchkeep.runtime.volume_examination import compare_volumes, forgotten_sentences, volume_sentences
from watchkeep.runtime.wiring import Node
from watchkeep.storage.catalog import audit, pictures, states
from watchkeep.storage.catalog.pictures import PictureRow
from watchkeep.storage.encryption.keystore import KEK_LIFETIME

SILENT_AFTER = timedelta(seconds=30)


class Verdict(StrEnum):
    """How a part is."""

    GOOD = "good"
    NOTE = "note"
    """Worth knowing; nothing is lost."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Check:
    """One part looked at, and a sentence about it."""

    part: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Examination:
    """All of it."""

    checks: tuple[Check, ...]
    comparison: Comparison

    @property
    def is_clean(self) -> bool:
        """Whether there is no fault."""
        return self.comparison.is_clean and all(check.verdict is not Verdict.FAULT for check in self.checks)


def examine(opened: OpenHouse, depth: Depth, *, advance: Callable[[int], None]) -> Examination:
    """Look at everything; recording may go on.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    node = opened.node
    checks = [
        _clock(node),
        _disk(node),
        *_volumes(node),
        _keys(node),
        _audit(node),
        *_spool(opened),
        *_recorder(opened),
    ]
    checks += [*_catalog(opened), *_cameras(opened)]
    found = compare_volumes(node, depth, advance=advance)
    compare_pictures(_pictures(node), depth, found)
    return Examination(tuple(checks), found)


def _pictures(node: Node) -> PictureStore:
    def rows() -> Iterable[PictureRow]:
        with node.catalog.transaction("doctor") as connection:
            return list(pictures.all_pictures(connection, node.volume.id))

    def row(event: EventId) -> PictureRow | None:
        with node.catalog.transaction("doctor") as connection:
            return pictures.pictures_of(connection, [event], volume=node.volume.id).get(event)

    return PictureStore(
        volume=node.volume,
        fs=node.machine.fs,
        clock=node.machine.clock,
        keys=node.keystore.find_shred_key,
        rows=rows,
        row=row,
    )


def _clock(node: Node) -> Check:
    match node.clock_is_synchronised():
        case True:
            return Check("clock", Verdict.GOOD, "The clock is synchronised.")
        case False:
            return Check(
                "clock",
                Verdict.NOTE,
                "The clock is not synchronised; footage may carry wrong times: set up NTP.",
            )
        case _:
            return Check("clock", Verdict.NOTE, "The system does not say whether its clock is synchronised.")


def _disk(node: Node) -> Check:
    space = node.volume.space()
    reserve = node.settings.recording.reserve_free.of(space.total_bytes)
    words = f"{format_size(space.free_bytes)} of {format_size(space.total_bytes)} free on {node.volume.root}"
    if space.free_bytes < reserve:
        return Check(
            "disk",
            Verdict.NOTE,
            f"{words}, less than the reserve of {format_size(reserve)}: the oldest footage goes.",
        )
    return Check("disk", Verdict.GOOD, f"{words}.")


def _volumes(node: Node) -> Iterator[Check]:
    verdicts = {Condition.GOOD: Verdict.GOOD, Condition.WRONG: Verdict.FAULT}
    for _, condition, sentence in volume_sentences(node):
        yield Check("volume", verdicts.get(condition, Verdict.NOTE), sentence)
    for sentence in forgotten_sentences(node):
        yield Check("volume", Verdict.NOTE, sentence)


def _keys(node: Node) -> Check:
    age = node.keystore.kek_age()
    if age > KEK_LIFETIME:
        return Check(
            "keys",
            Verdict.NOTE,
            f"The newest KEK version is {age.days} days old, and nothing rotates it yet.",
        )
    return Check("keys", Verdict.GOOD, f"The keystore opens; its newest KEK version is {age.days} days old.")


def _audit(node: Node) -> Check:
    try:
        with node.catalog.transaction("doctor") as connection:
            count = audit.verify(connection)
    except WatchkeepError as error:
        return Check("audit", Verdict.FAULT, str(error))
    return Check("audit", Verdict.GOOD, f"The chain of {count} audit entries is whole.")


def _catalog(opened: OpenHouse) -> Iterator[Check]:
    why = recovery.doubt(opened.house)
    if why:
        yield Check("catalog", Verdict.FAULT, why)


def _spool(opened: OpenHouse) -> Iterator[Check]:
    depth = opened.house.spool.depth()
    if depth:
        yield Check("spool", Verdict.NOTE, f"{depth} rows wait to be written into the database.")


def _recorder(opened: OpenHouse) -> Iterator[Check]:
    node = opened.node
    now = node.machine.clock.now()
    with node.catalog.transaction("doctor") as connection:
        beats = {beat.shard: beat.seen_at for beat in states.heartbeats(connection) if beat.node == node.id}
    count = read_shard_count(node.paths, fs=node.machine.fs).now
    for shard in range(count):
        name = recorder_name(shard)
        who = "The recorder" if count == 1 else f"The process {name}"
        seen_at = beats.get(shard)
        last = (
            "it never has" if seen_at is None else f"it was last heard of at {seen_at:%Y-%m-%d %H:%M:%S} UTC"
        )
        if not is_held(node.paths.process_lock(name)):
            yield Check("recorder", Verdict.NOTE, f"{who} does not run; {last}.")
        elif seen_at is None or now - seen_at > SILENT_AFTER:
            yield Check("recorder", Verdict.NOTE, f"{who} runs and says nothing; {last}.")
        else:
            yield Check("recorder", Verdict.GOOD, f"{who} runs.")


def _cameras(opened: OpenHouse) -> Iterator[Check]:
    for camera in camera_rooms.list_cameras(opened.house, opened.asking):
        for stream in camera.streams:
            if not camera.is_enabled or stream.state is None:
                continue
            state = stream.state
            if state.condition is StreamCondition.FAILED:
                yield Check("camera", Verdict.NOTE, f"{camera.name} ({stream.role}): {state.detail}")
            elif state.is_clear_text:
                yield Check(
                    "camera", Verdict.NOTE, f"{camera.name} ({stream.role}) crosses the network unencrypted."
                )
