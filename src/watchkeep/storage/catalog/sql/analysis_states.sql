-- put_stream --
-- What the analyst says of a stream.
insert into analysis_states (
    stream_id, camera_id, condition, since, detail, frames_analysed, frames_skipped, latency_s, objects, seen_at
) values (
    %(stream)s, %(camera)s, %(condition)s, %(since)s, %(detail)s, %(frames_analysed)s, %(frames_skipped)s,
    %(latency_s)s, %(objects)s, %(seen_at)s
)
on conflict (stream_id) do update
   set camera_id = excluded.camera_id,
       condition = excluded.condition,
       since = excluded.since,
       detail = excluded.detail,
       frames_analysed = excluded.frames_analysed,
       frames_skipped = excluded.frames_skipped,
       latency_s = excluded.latency_s,
       objects = excluded.objects,
       seen_at = excluded.seen_at
 where analysis_states.seen_at < excluded.seen_at;

-- streams --
-- What was last said of every stream.
select stream_id, camera_id, condition, since, detail, frames_analysed, frames_skipped, latency_s, objects, seen_at
  from analysis_states
 order by camera_id, stream_id;

-- put_detector --
-- What a node's analyst says of its detector.
insert into detectors (
    node_id, phase, model, version, engine, licence, object_types, is_stand_in, detail, sandbox, seen_at
) values (
    %(node)s, %(phase)s, %(model)s, %(version)s, %(engine)s, %(licence)s, %(object_types)s, %(is_stand_in)s,
    %(detail)s, %(sandbox)s, %(seen_at)s
)
on conflict (node_id) do update
   set phase = excluded.phase,
       model = excluded.model,
       version = excluded.version,
       engine = excluded.engine,
       licence = excluded.licence,
       object_types = excluded.object_types,
       is_stand_in = excluded.is_stand_in,
       detail = excluded.detail,
       sandbox = excluded.sandbox,
       seen_at = excluded.seen_at
 where detectors.seen_at < excluded.seen_at;

-- detectors --
-- What was last said of every detector, newest first.
select phase, model, version, engine, licence, object_types, is_stand_in, detail, sandbox, seen_at
  from detectors
 order by seen_at desc;

-- save_tracker --
-- Where the analyst is in a stream.
insert into tracker_states (stream_id, at, saved) values (%(stream)s, %(at)s, %(saved)s)
on conflict (stream_id) do update
   set at = excluded.at, saved = excluded.saved
 where tracker_states.at < excluded.at;

-- tracker --
-- Where the analyst was in a stream.
select at, saved from tracker_states where stream_id = %(stream)s;
