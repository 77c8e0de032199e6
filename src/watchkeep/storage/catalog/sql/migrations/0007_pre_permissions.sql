-- Who may do what in the database. The owner migrates; the writer runs the system; the reader sees no secret
-- and no audit; the auditor adds to the audit. Nobody but the owner changes or removes an audit entry.

revoke all on schema public from public;
grant usage on schema public to watchkeep_writer, watchkeep_reader, watchkeep_auditor;

grant select, insert, update, delete on
    sites, cameras, streams, volumes, videos, video_segments, segment_tombstones, placements, gaps, stream_states,
    recorder_heartbeats, users, roles, grants, grant_cameras, sessions, sign_in_attempts, models, rules, rule_versions,
    incidents, tracks, analysed_frames, events, event_objects, event_analytics, object_counts, event_counts,
    movement_patterns, dirty_buckets, settings, outbox, jobs
    to watchkeep_writer;
grant select on camera_revision, data_classes, metrics, schema_migrations, audit to watchkeep_writer;
grant update on data_classes to watchkeep_writer;
grant select, insert on refused_rows to watchkeep_writer;
grant insert on audit to watchkeep_writer, watchkeep_auditor;

grant select on
    sites, cameras, volumes, videos, video_segments, segment_tombstones, placements, gaps, stream_states,
    recorder_heartbeats, roles, models, rules, rule_versions, incidents, tracks, analysed_frames, events, event_objects,
    event_analytics, object_counts, event_counts, movement_patterns, settings, outbox, jobs, camera_revision,
    data_classes, metrics, schema_migrations
    to watchkeep_reader;
grant select (stream_id, camera_id, role, url, user_name, record, created_at, removed_at) on streams to watchkeep_reader;
grant select (user_id, name, is_enabled, created_at, removed_at) on users to watchkeep_reader;

revoke execute on all functions in schema public from public;
grant execute on function make_partitions(date), drop_empty_segment_partitions(date), note_camera_change(), refuse_reuse()
    to watchkeep_writer;
grant execute on function audit_head() to watchkeep_writer, watchkeep_auditor;
