"""How the analyst fares, as it says itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeep.domain.ids import CameraId, StreamId


class AnalysisCondition(StrEnum):
    """Whether a stream is looked at."""

    WATCHING = "watching"
    WAITING = "waiting"
    """No pictures come."""
    FAILED = "failed"
    """Pictures come that cannot be decoded, or broke the decoder; it is tried again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAnalysis:
    """What the analyst says of one stream.

    Attributes:
        detail: Why it is not watched, for a person.
        frames_analysed: Since the analyst started.
        frames_skipped: Since then; too slow for them, or not decodable.
        latency_s: From the capture of the newest analysed picture to its analysis.
        objects: Confirmed tracks now.
    """

    stream: StreamId
    camera: CameraId
    condition: AnalysisCondition
    since: datetime
    detail: str
    frames_analysed: int
    frames_skipped: int
    latency_s: float
    objects: int
    seen_at: datetime


class DetectorPhase(StrEnum):
    """Whether there is something to detect with."""

    STARTING = "starting"
    FETCHING = "fetching"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorState:
    """What the analyst says of its detector; one for each node.

    Attributes:
        model: Name of the model that runs; empty while none does.
        is_stand_in: A better default could not be had yet; it is looked for, and taken when it arrives.
        detail: What is being done or what is in the way, for a person.
        sandbox: What the decoder was forbidden on this platform, as ("network", "files", "programs").
    """

    phase: DetectorPhase
    model: str
    version: str
    engine: str
    licence: str
    object_types: tuple[str, ...]
    is_stand_in: bool
    detail: str
    sandbox: tuple[str, ...]
    seen_at: datetime
