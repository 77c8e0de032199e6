-- due --
-- The oldest segments of each camera and class that ended at or before an instant, without those that a hold covers
-- whole: what `judge` may have something to say about. Nothing is looked for before the front of a camera and class:
-- its oldest segment when that was last asked. Index: segments_due.
select due.*
  from unnest(%(cameras)s::text[], %(classes)s::text[], %(fronts)s::timestamptz[], %(befores)s::timestamptz[])
           as limits (camera, class, front, before)
 cross join lateral (
     select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
            file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
            camera_clock_at, claims, is_thinned
       from video_segments
      where camera_id = limits.camera
        and data_class = limits.class
        and state in ('closed', 'recovered', 'lost')
        and start_time >= limits.front
        and start_time <= limits.before
        and (%(volume)s::uuid is null or volume_id = %(volume)s)
        and end_time <= limits.before
        and not exists (
            select from unnest(%(held)s::text[], %(held_from)s::timestamptz[], %(held_to)s::timestamptz[])
                     as hold (camera, start, stop)
             where hold.camera = camera_id and hold.start <= start_time and hold.stop >= end_time
        )
      order by start_time
      limit %(limit)s
 ) as due;

-- fronts --
-- The start of the oldest segment of each camera and class; looks into every partition, so not at every turn.
-- Index: segments_due.
select limits.camera, limits.class, oldest.start_time
  from unnest(%(cameras)s::text[], %(classes)s::text[]) as limits (camera, class)
 cross join lateral (
     select start_time
       from video_segments
      where camera_id = limits.camera
        and data_class = limits.class
        and state in ('closed', 'recovered', 'lost')
      order by start_time
      limit 1
 ) as oldest;

-- claiming_events --
-- When some events of cameras began and ended that may claim footage of [start, end), each of its own camera, and
-- whether a person archived them; such as began in the day before, and with them those that last longer than a day, for
-- which there is no bound, because there are few. Index: events_camera, events_long.
select spans.camera, found.began, found.ended, i.archived_at is not null
  from unnest(%(cameras)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) as spans (camera, start, stop)
 cross join lateral (
     select e."timestamp" as began, greatest(e.seen_until, e.ended_at) as ended, e.incident_id
       from events e
      where e.camera_id = spans.camera
        and e."timestamp" > spans.start - interval '24 hours'
        and e."timestamp" < spans.stop
        and greatest(e.seen_until, e.ended_at) > spans.start
      union all
     select e."timestamp", greatest(e.seen_until, e.ended_at), e.incident_id
       from events e
      where e.camera_id = spans.camera
        and e.seen_until - e."timestamp" > interval '24 hours'
        and e."timestamp" <= spans.start - interval '24 hours'
        and greatest(e.seen_until, e.ended_at) > spans.start
 ) as found
  left join incidents i using (incident_id);

-- narrow --
-- Says what of a segment may still be handed out, and its class from now on.
update video_segments
   set data_class = %(data_class)s, claims = %(claims)s
 where segment_id = %(id)s
   and start_time = %(start)s
   and state in ('closed', 'recovered', 'lost');

-- covered_by_sub --
-- The oldest raw footage of the main stream of a camera that its sub stream shows, too, with no hole of a second;
-- what begins after an instant.
-- Index: segments_due.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments main
 where camera_id = %(camera)s
   and data_class = 'raw_footage'
   and state in ('closed', 'recovered')
   and role = 'main'
   and shred_key <> ''
   and volume_id = %(volume)s
   and end_time <= %(before)s
   and start_time > %(after)s
   and start_time <= %(before)s
   and (
       select coalesce(
                  range_agg(tstzrange(sub.start_time - interval '0.5 s', sub.end_time + interval '0.5 s'))
                      @> tstzrange(main.start_time, main.end_time),
                  false
              )
         from video_segments sub
        where sub.camera_id = %(camera)s
          and sub.data_class = 'raw_footage'
          and sub.state in ('closed', 'recovered')
          and sub.role = 'sub'
          and sub.claims is null
          and not sub.is_thinned
          and sub.start_time > main.start_time - interval '5 minutes 1 second'
          and sub.start_time < main.end_time
   )
 order by start_time
 limit %(limit)s;

-- thinnable --
-- The oldest raw footage of a camera that still has all its pictures; what begins after an instant. Index: segments_due.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where camera_id = %(camera)s
   and data_class = 'raw_footage'
   and state in ('closed', 'recovered')
   and not is_thinned
   and shred_key <> ''
   and volume_id = %(volume)s
   and end_time <= %(before)s
   and start_time > %(after)s
   and start_time <= %(before)s
 order by start_time
 limit %(limit)s;

-- put_thinned --
-- Adds the segment that takes the place of another, with key pictures only; all but what it holds is the other's. Not of
-- one that was moved to another volume meanwhile: the new file lies beside the old one. Who erases waits, or is waited for.
-- Who looks for files without a row may have taken the new one in already.
insert into video_segments (
    segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
    file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, claims, is_thinned
)
select %(id)s, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       %(path)s, %(size_bytes)s, %(fragment_count)s, %(root_digest)s, shred_key, node_id, claims, true
  from video_segments
 where segment_id = %(old)s
   and start_time = %(start)s
   and volume_id = %(volume)s
   and state in ('closed', 'recovered')
   for update
on conflict (segment_id, start_time) do update
   set data_class = excluded.data_class, claims = excluded.claims, is_thinned = true;

-- bytes_of_camera --
-- What all footage of a camera takes, without adopted files, which are not ours to delete; walks all of it, so only for
-- cameras with a quota. Index: segments_due.
select coalesce(sum(size_bytes), 0)::bigint
  from video_segments
 where camera_id = %(camera)s and state in ('closed', 'recovered') and shred_key <> '';

-- bytes_of_class --
-- What all footage of a class takes; as bytes_of_camera, so only for classes with a quota.
select coalesce(sum(size_bytes), 0)::bigint
  from video_segments
 where data_class = %(data_class)s and state in ('closed', 'recovered') and shred_key <> '';

-- recorded_bytes --
-- Bytes recorded since an instant. Index: segments_time.
select coalesce(sum(size_bytes), 0)::bigint
  from video_segments
 where start_time >= %(since)s and state in ('open', 'closed', 'recovered');

-- expiring_bytes --
-- Bytes that reach the limit of their camera and class within a day. Index: segments_due.
select coalesce(sum(due.size_bytes), 0)::bigint
  from unnest(%(cameras)s::text[], %(classes)s::text[], %(befores)s::timestamptz[]) as limits (camera, class, before)
 cross join lateral (
     select size_bytes
       from video_segments
      where camera_id = limits.camera
        and data_class = limits.class
        and state in ('closed', 'recovered')
        and start_time >= limits.before
        and start_time < limits.before + interval '1 day'
 ) as due;
