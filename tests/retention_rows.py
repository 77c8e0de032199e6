"""Rows of footage and events put into the catalog at once, many of them, in one partition for all time."""

from uuid import UUID

from watchkeep.storage.catalog.connection import Catalog, Connection
from watchkeep.storage.catalog.queries import literal

RECORD = """
insert into video_segments (
    segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state,
    volume_id, file_path, size_bytes, fragment_count, root_digest, shred_key, node_id
)
values (
    %s, %s, %s, %s, %s, gen_random_uuid(), 'main', 0, 'raw_footage', 'closed', %s, %s, %s, 2,
    decode(repeat('00', 32), 'hex'), 'key', gen_random_uuid()
)
"""
EVENT = """
insert into events (
    event_id, "timestamp", seen_until, camera_id, incident_id, detected_at, event_type, confidence, stream_id,
    object_type, revision, best_at, best_score, best_left, best_top, best_right, best_bottom
)
values (%s, %s, %s, %s, %s, now(), 'object', 1, gen_random_uuid(), 'person', 1, now(), 1, 0, 0, 1, 1)
"""
INCIDENT = """
insert into incidents (incident_id, camera_id, started_at, seen_until, severity, event_count, event_types,
    object_types, best_event, best_event_at, archived_at, archived_by)
values (%s, %s, %s, %s, 0, 1, '{}', '{}', %s, %s, %s, %s)
"""


def prepare(catalog: Catalog) -> None:
    """Make one partition for all time, as owner: to make one for every day would be most of the work."""
    with catalog.transaction() as connection:
        for parent in ("video_segments", "events"):
            bounds = "for values from ('2000-01-01') to ('2100-01-01')"
            connection.execute(literal(f"create table {parent}_ever partition of {parent} {bounds}"))
        connection.execute("alter table events disable trigger user")
        connection.execute(
            'insert into videos (video_id, camera_id, stream_id, "timestamp", is_provisional) '
            "values (%s, 'door', gen_random_uuid(), now(), true)",
            (UUID(int=9),),
        )


def forget_everything(connection: Connection) -> None:
    """An empty catalog again."""
    tables = ("video_segments", "events", "incidents", "segment_tombstones", "deletion_certificates")
    with connection.transaction():
        for table in (*tables, "keeper_state", "audit"):
            connection.execute(literal(f"delete from {table}"))
