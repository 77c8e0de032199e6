"""Footage in the catalog alone, a minute of every hour: enough to ask when it goes and what is foretold."""

import hashlib
from datetime import datetime, timedelta

from catalog_rows import NODE, id7
from house_builder import stream_of
from watchkeep.application.house import House
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId, RunId, SegmentId, ShredKeyId
from watchkeep.domain.interval import Interval
from watchkeep.domain.segment import SegmentState
from watchkeep.storage.catalog import recordings
from watchkeep.storage.catalog.recorder_rows import SegmentClosed, StoredSegment

HOUR = timedelta(hours=1)


def keep(
    house: House, camera: CameraId, *, until: datetime, hours: int, size_bytes: int = 1_000_000
) -> list[StoredSegment]:
    """A segment at the begin of each of so many hours before an instant on the hour; oldest first."""
    stream = stream_of(house, camera)
    made: list[StoredSegment] = []
    for number in range(hours):
        start = until - (hours - number) * HOUR
        identifier = SegmentId(id7(start, stream.int % 10_000))
        made.append(
            StoredSegment(
                id=identifier,
                camera=camera,
                stream=stream,
                role=StreamRole.MAIN,
                run=RunId(stream),
                sequence=number,
                data_class=DataClass.RAW_FOOTAGE,
                state=SegmentState.CLOSED,
                when=Interval(start, start + timedelta(minutes=1)),
                size_bytes=size_bytes,
                fragment_count=120,
                root_digest=hashlib.sha256(identifier.bytes).digest(),
                path=f"{camera}/{start:%Y-%m-%d}/{identifier}.wks",
                volume=house.volumes[0].volume.id,
                node=NODE,
                shred_key=ShredKeyId(f"{camera}/{start:%Y-%m-%d}/raw_footage"),
            )
        )
    columns = (
        "segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state,"
        " volume_id, file_path, size_bytes, fragment_count, root_digest, shred_key, node_id"
    )
    with house.catalog.transaction() as conn:
        # The first as a recorder tells it, which makes its run; the rest at once.
        days = sorted({part.when.start.date() for part in made})
        conn.execute("select make_partitions(day) from unnest(%s::date[]) as days (day)", (days,))
        assert recordings.apply(conn, [SegmentClosed(made[0])]) == []
        with conn.cursor() as cursor, cursor.copy(f"copy video_segments ({columns}) from stdin") as copy:
            for part in made[1:]:
                copy.write_row(
                    (
                        part.id,
                        part.when.start,
                        part.when.end,
                        part.run,
                        part.camera,
                        part.stream,
                        part.role,
                        part.sequence,
                        part.data_class,
                        part.state,
                        part.volume,
                        part.path,
                        part.size_bytes,
                        part.fragment_count,
                        part.root_digest,
                        part.shred_key,
                        part.node,
                    )
                )
    return made
