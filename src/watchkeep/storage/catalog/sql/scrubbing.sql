-- due --
-- Finished segments that ended before an instant and were not verified since, oldest first, after a place in that
-- order. Index: segments_time.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where start_time < %(before)s
   and start_time >= %(after)s
   and (start_time, segment_id) > (%(after)s, %(after_id)s)
   and end_time < %(before)s
   and coalesce(verified_at, '-infinity') < %(before)s
   and shred_key <> ''
   and state in ('closed', 'recovered')
   and (%(classes)s::text[] is null or data_class = any (%(classes)s::text[]))
 order by start_time, segment_id
 limit %(limit)s;

-- sample --
-- Some finished segments that began since an instant, by chance. Index: segments_time.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where start_time >= %(since)s
   and shred_key <> ''
   and state in ('closed', 'recovered')
 order by random()
 limit %(limit)s;

-- due_totals --
-- How many bytes the due segments have. Index: segments_time.
select coalesce(sum(size_bytes), 0)::bigint
  from video_segments
 where start_time < %(before)s
   and end_time < %(before)s
   and coalesce(verified_at, '-infinity') < %(before)s
   and shred_key <> ''
   and state in ('closed', 'recovered')
   and (%(classes)s::text[] is null or data_class = any (%(classes)s::text[]));

-- of_classes --
-- Finished segments of some data classes, oldest first, after a place in that order. Index: segments_time.
select segment_id, start_time, root_digest
  from video_segments
 where start_time >= %(after)s
   and (start_time, segment_id) > (%(after)s, %(after_id)s)
   and state in ('closed', 'recovered')
   and data_class = any (%(classes)s::text[])
 order by start_time, segment_id
 limit %(limit)s;

-- note_verified --
-- Notes when the bytes of segments were read. Index: primary key.
update video_segments
   set verified_at = %(at)s
 where segment_id = %(id)s
   and start_time = %(start)s;

-- mend --
-- Takes back the damage of a stream within a span: its bytes are whole again. Index: gaps_stream.
delete from gaps
 where stream_id = %(stream)s
   and cause = 'damaged'
   and started_at >= %(start)s
   and started_at < %(end)s;

-- damages --
-- The spans of a stream in [start, end) whose bytes are damaged, oldest first. Index: gaps_span.
select started_at, ended_at
  from gaps
 where stream_id = %(stream)s
   and cause = 'damaged'
   and ended_at is not null
   and tstzrange(started_at, ended_at) && tstzrange(%(start)s, %(end)s)
 order by started_at;

-- count_damages --
-- How many spans of footage that is still kept are damaged, and for how many seconds; asked once after a scrub, of
-- all times. Index: segments_stream.
select count(*), coalesce(sum(extract(epoch from ended_at - started_at)), 0)::double precision
  from gaps g
 where cause = 'damaged'
   and exists (
       select from video_segments s
        where s.stream_id = g.stream_id
          and s.start_time > g.started_at - interval '5 minutes'
          and s.start_time <= g.started_at
          and s.end_time > g.started_at
          and s.state in ('closed', 'recovered')
   );

-- finished_of_day --
-- The finished segments of a volume that began in [start, end), with their places. Index: segments_time.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where volume_id = %(volume)s
   and start_time >= %(start)s
   and start_time < %(end)s
   and state in ('closed', 'recovered')
 order by start_time, segment_id;

-- bounds --
-- When the first and the last segment of all began. Index: segments_time.
select (select start_time from video_segments order by start_time limit 1),
       (select start_time from video_segments order by start_time desc limit 1);
