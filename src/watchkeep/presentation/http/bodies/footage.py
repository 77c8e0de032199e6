"""The timeline and what is stored."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from watchkeep.application.storage_report import StorageReport
from watchkeep.application.timeline import Timeline
from watchkeep.presentation.http.bodies.plain import Body, Instant


class SpanBody(Body):
    """A stretch of one coverage."""

    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    coverage: str
    cause: str | None = None
    is_on_purpose: bool = False
    detail: str | None = None


class TimelineBody(Body):
    """What became of every instant of a span, or of each bucket: the share recorded, the share not wanted."""

    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    known_since: Instant
    oldest: Instant | None
    newest: Instant | None
    spans: list[SpanBody]
    bucket_s: float | None
    buckets: list[tuple[Instant, float, float]]

    @classmethod
    def of(cls, timeline: Timeline) -> "TimelineBody":
        """Write down a timeline."""
        spans = [
            SpanBody.model_validate(
                {
                    "from": span.when.start,
                    "to": span.when.end,
                    "coverage": span.coverage.value,
                    "cause": None if span.cause is None else span.cause.value,
                    "is_on_purpose": span.cause is not None and span.cause.is_on_purpose,
                    "detail": span.detail or None,
                }
            )
            for span in timeline.spans
        ]
        return cls.model_validate(
            {
                "from": timeline.when.start,
                "to": timeline.when.end,
                "known_since": timeline.known_since,
                "oldest": timeline.oldest,
                "newest": timeline.newest,
                "spans": spans,
                "bucket_s": timeline.bucket_s,
                "buckets": [
                    (bucket.start, bucket.recorded_share, bucket.unwanted_share)
                    for bucket in timeline.buckets
                ],
            }
        )


class VolumeBody(Body):
    """Room on a volume."""

    id: UUID
    path_label: str
    free_bytes: int
    total_bytes: int
    reserve_bytes: int


class GapCountBody(Body):
    """Gaps of the last day."""

    count: int
    seconds: float


class CameraStorageBody(Body):
    """What one camera keeps."""

    id: str
    name: str
    bytes: int
    segments: dict[str, int]
    oldest: Instant | None
    newest: Instant | None
    gaps_24h: GapCountBody
    bytes_per_day: int | None


class StorageBody(Body):
    """What is stored, cut to the asker's cameras."""

    volumes: list[VolumeBody]
    cameras: list[CameraStorageBody]
    spool_rows: int

    @classmethod
    def of(cls, report: StorageReport) -> "StorageBody":
        """Write down a report."""
        return cls(
            volumes=[
                VolumeBody(
                    id=volume.id,
                    path_label=volume.label,
                    free_bytes=volume.free_bytes,
                    total_bytes=volume.total_bytes,
                    reserve_bytes=volume.reserve_bytes,
                )
                for volume in report.volumes
            ],
            cameras=[
                CameraStorageBody(
                    id=camera.id,
                    name=camera.name,
                    bytes=camera.size_bytes,
                    segments={state.value: count for state, count in camera.segments.items()},
                    oldest=camera.oldest,
                    newest=camera.newest,
                    gaps_24h=GapCountBody(count=camera.gap_count, seconds=camera.gap_s),
                    bytes_per_day=camera.bytes_per_day,
                )
                for camera in report.cameras
            ],
            spool_rows=report.spool_rows,
        )
