-- make_partitions --
-- Makes the partitions of these UTC days where they are missing.
select make_partitions(day) from unnest(%(days)s::date[]) as days (day);

-- lock_camera --
-- One writer of a camera's incidents at a time, until the transaction ends.
select pg_advisory_xact_lock(724211463, hashtext(%(camera)s));

-- known --
-- What is known of these events already.
select e.event_id, e.revision, e.severity, e.ended_at, e.incident_id
  from events e
  join unnest(%(ids)s::uuid[], %(starts)s::timestamptz[]) as wanted (id, start)
    on e.event_id = wanted.id and e."timestamp" = wanted.start
 where e."timestamp" between %(first)s and %(last)s;

-- put_event --
-- Adds an event or replaces an older revision of it.
insert into events (
    event_id, "timestamp", ended_at, detected_at, camera_id, event_type, confidence, severity, objects_detected,
    event_metadata, video_reference, rule_id, rule_version, track_id, stream_id, object_type, seen_until, end_reason,
    revision, severity_reasons, model_id, direction, best_at, best_score, best_left, best_top, best_right, best_bottom
) values (
    %(id)s, %(start)s::timestamptz, %(end)s, %(detected_at)s, %(camera)s::text, %(kind)s, %(confidence)s, %(severity)s,
    jsonb_build_object(%(object)s::text, 1), %(metadata)s,
    (select segment_id
       from video_segments
      where camera_id = %(camera)s::text
        and start_time between %(start)s::timestamptz - interval '5 minutes' and %(start)s::timestamptz
        and (end_time > %(start)s::timestamptz or state = 'open')
      order by start_time desc, role
      limit 1),
    %(rule)s, %(rule_version)s, %(track)s, %(stream)s, %(object)s::text, %(seen_until)s, %(end_reason)s, %(revision)s,
    %(severity_reasons)s, %(model)s, %(direction)s, %(best_at)s, %(best_score)s, %(best_left)s, %(best_top)s,
    %(best_right)s, %(best_bottom)s
)
on conflict (event_id, "timestamp") do update
   set ended_at = excluded.ended_at,
       confidence = excluded.confidence,
       severity = excluded.severity,
       severity_reasons = excluded.severity_reasons,
       objects_detected = excluded.objects_detected,
       object_type = excluded.object_type,
       event_metadata = excluded.event_metadata,
       seen_until = excluded.seen_until,
       end_reason = excluded.end_reason,
       revision = excluded.revision,
       best_at = excluded.best_at,
       best_score = excluded.best_score,
       best_left = excluded.best_left,
       best_top = excluded.best_top,
       best_right = excluded.best_right,
       best_bottom = excluded.best_bottom
 where events.revision < excluded.revision;

-- put_object --
-- The object of an event; there is one, and it has the event's id.
insert into event_objects (
    object_id, event_id, "timestamp", camera_id, object_type, box_left, box_top, box_right, box_bottom, confidence,
    tracking_id
) values (
    %(id)s, %(id)s, %(start)s, %(camera)s, %(object)s, %(box_left)s, %(box_top)s, %(box_right)s, %(box_bottom)s,
    %(confidence)s, %(track)s::text
)
on conflict (object_id, "timestamp") do update
   set object_type = excluded.object_type, confidence = excluded.confidence;

-- put_track --
-- Adds a track or replaces what was known of it; what is over stays over.
insert into tracks (
    track_id, start_time, end_time, camera_id, stream_id, object_type, model_id, confidence_e4, observations, has_moved,
    is_over
) values (
    %(id)s, %(start)s, %(end)s, %(camera)s, %(stream)s, %(object)s, %(model)s, %(confidence_e4)s, %(observations)s,
    %(has_moved)s, %(is_over)s
)
on conflict (track_id, start_time) do update
   set end_time = excluded.end_time,
       object_type = excluded.object_type,
       confidence_e4 = excluded.confidence_e4,
       observations = excluded.observations,
       has_moved = excluded.has_moved,
       is_over = excluded.is_over
 where tracks.observations < excluded.observations
    or (tracks.observations = excluded.observations and excluded.is_over and not tracks.is_over);

-- put_analysed --
-- Which frames of a stream were looked at.
insert into analysed_frames (stream_id, start_time, model_id, end_time, frame_offsets_ms)
values (%(stream)s, %(start)s, %(model)s, %(end)s, %(offsets)s)
on conflict do nothing;

-- open_events --
-- Events of these streams that go on. Index: events_open.
select e.event_id, e."timestamp", e.ended_at, e.detected_at, e.camera_id, e.event_type, e.confidence, e.severity,
       e.event_metadata, e.rule_id, e.rule_version, e.track_id, e.stream_id, e.object_type, e.seen_until, e.end_reason,
       e.revision, e.severity_reasons, e.model_id, e.direction, e.best_at, e.best_score, e.best_left, e.best_top,
       e.best_right, e.best_bottom, e.incident_id, e.picture_volume, e.picture_path, e.picture_bytes, e.picture_at,
       o.box_left, o.box_top, o.box_right, o.box_bottom, '' as rule_name, '' as model_name, '' as model_version
  from events e
  join event_objects o on o.object_id = e.event_id and o."timestamp" = e."timestamp"
 where e.stream_id = any(%(streams)s::uuid[])
   and e.ended_at is null
   and e."timestamp" > %(after)s
   and o."timestamp" > %(after)s;

-- days --
-- From when to when there are partitions; null when there is none.
select min(to_date(right(c.relname, 10), 'YYYY_MM_DD'))::timestamp at time zone 'UTC',
       (max(to_date(right(c.relname, 10), 'YYYY_MM_DD')) + 1)::timestamp at time zone 'UTC'
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid
 where i.inhparent = 'events'::regclass;

-- list --
-- Events of a span, newest first. Its partitions are read one after the other, newest first, each along its index
-- events_time or events_camera, until the page is full; the others are not even planned for.
select e.event_id, e."timestamp", e.ended_at, e.detected_at, e.camera_id, e.event_type, e.confidence, e.severity,
       e.event_metadata, e.rule_id, e.rule_version, e.track_id, e.stream_id, e.object_type, e.seen_until, e.end_reason,
       e.revision, e.severity_reasons, e.model_id, e.direction, e.best_at, e.best_score, e.best_left, e.best_top,
       e.best_right, e.best_bottom, e.incident_id, e.picture_volume, e.picture_path, e.picture_bytes, e.picture_at,
       o.box_left, o.box_top, o.box_right, o.box_bottom, r.name as rule_name, m.name as model_name,
       m.version as model_version
  from (
      select *
        from events
       where "timestamp" >= %(from)s
         and "timestamp" <= %(to)s
         and ("timestamp", event_id) < (%(cursor_at)s, %(cursor_id)s::uuid)
         and (%(overlaps_from)s::timestamptz is null or coalesce(ended_at, seen_until) >= %(overlaps_from)s)
         and (%(cameras)s::text[] is null or camera_id = any(%(cameras)s::text[]))
         and (%(kinds)s::text[] is null or event_type = any(%(kinds)s::text[]))
         and (%(objects)s::text[] is null or object_type = any(%(objects)s::text[]))
         and (%(rule)s::uuid is null or rule_id = %(rule)s::uuid)
         and (%(incident)s::uuid is null or incident_id = %(incident)s::uuid)
         and severity >= %(severity)s
       order by "timestamp" desc, event_id desc
       limit %(limit)s
  ) e
  join event_objects o on o.object_id = e.event_id and o."timestamp" = e."timestamp"
   and o."timestamp" >= %(from)s
   and o."timestamp" <= %(to)s
  join rules r on r.rule_id = e.rule_id
  left join models m on m.model_id = e.model_id
 order by e."timestamp" desc, e.event_id desc;

-- set_picture --
-- Notes the sealed picture of an event; its incident is returned.
update events
   set picture_volume = %(volume)s,
       picture_path = %(path)s,
       picture_bytes = %(size_bytes)s,
       picture_at = %(at)s,
       picture_left = %(left)s,
       picture_top = %(top)s,
       picture_right = %(right)s,
       picture_bottom = %(bottom)s
 where event_id = %(id)s
   and "timestamp" = %(start)s
returning incident_id;

-- refuse --
-- Puts an event aside that breaks a rule of the catalog.
insert into refused_rows (row_text, reason) values (%(row)s, %(reason)s);
