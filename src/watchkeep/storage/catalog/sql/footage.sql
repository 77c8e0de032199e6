-- between --
-- Living segments of a stream that share an instant with [start, end), oldest first. No segment is longer than
-- five minutes (a constraint), so the search is bounded below, by a value of its own: only then are the other days
-- left out in planning. Index: segments_stream.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where stream_id = %(stream)s
   and start_time > %(reach)s
   and start_time < %(end)s
   and end_time > %(start)s
   and state in ('open', 'closed', 'recovered')
 order by start_time, segment_id;

-- segment_near --
-- A segment by its id, looked for around the time that its id carries. Index: primary key.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where segment_id = %(id)s
   and start_time between %(from)s and %(to)s;

-- segment_anywhere --
-- A segment by its id in all partitions: only for one whose clock was wrong when it was made.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where segment_id = %(id)s;

-- gaps_between --
-- Gaps of a stream that share an instant with [start, end), oldest first. Index: gaps_span.
select gap_id, camera_id, stream_id, started_at, ended_at, cause, detail
  from gaps
 where stream_id = %(stream)s
   and tstzrange(started_at, ended_at) && tstzrange(%(start)s, %(end)s)
 order by started_at, gap_id;

-- recorded_per_bucket --
-- Seconds recorded in each bucket of [start, end) that has any; overlapping segments count once.
with pieces as (
    select bucket,
           greatest(lower(span), %(start)s::timestamptz + bucket * %(bucket)s::interval) as piece_start,
           least(upper(span), %(end)s::timestamptz, %(start)s::timestamptz + (bucket + 1) * %(bucket)s::interval) as piece_end
      from video_segments,
           lateral unnest(coalesce(claims, tstzmultirange(tstzrange(start_time, end_time)))) as span,
           lateral generate_series(
               floor(extract(epoch from greatest(lower(span), %(start)s) - %(start)s) / extract(epoch from %(bucket)s::interval))::bigint,
               floor(extract(epoch from least(upper(span), %(end)s) - %(start)s) / extract(epoch from %(bucket)s::interval))::bigint
           ) as bucket
     where stream_id = %(stream)s
       and start_time > %(reach)s
       and start_time < %(end)s
       and end_time > %(start)s
       and state in ('open', 'closed', 'recovered')
),
merged as (
    select bucket, range_agg(tstzrange(piece_start, piece_end)) as spans
      from pieces
     where piece_end > piece_start
     group by bucket
)
select %(start)s::timestamptz + bucket * %(bucket)s::interval,
       (select sum(extract(epoch from upper(span) - lower(span))) from unnest(spans) as span)::double precision
  from merged
 order by bucket;

-- unwanted_per_bucket --
-- Seconds of gaps that somebody wants in each bucket of [start, end) that has any. Index: gaps_span.
select %(start)s::timestamptz + bucket * %(bucket)s::interval,
       sum(extract(epoch from
           least(coalesce(ended_at, %(end)s), %(end)s::timestamptz, %(start)s::timestamptz + (bucket + 1) * %(bucket)s::interval)
           - greatest(started_at, %(start)s::timestamptz + bucket * %(bucket)s::interval)
       ))::double precision
  from gaps,
       lateral generate_series(
           floor(extract(epoch from greatest(started_at, %(start)s) - %(start)s) / extract(epoch from %(bucket)s::interval))::bigint,
           floor(extract(epoch from least(coalesce(ended_at, %(end)s), %(end)s) - %(start)s) / extract(epoch from %(bucket)s::interval))::bigint
       ) as bucket
 where stream_id = %(stream)s
   and cause = any (%(on_purpose)s)
   and tstzrange(started_at, ended_at) && tstzrange(%(start)s, %(end)s)
 group by bucket
 order by bucket;

-- gap_totals --
-- How many gaps each camera's main stream had in [start, end), and for how many seconds; what somebody wants is none.
select g.camera_id,
       count(*),
       sum(extract(epoch from least(coalesce(g.ended_at, %(end)s), %(end)s) - greatest(g.started_at, %(start)s)))::double precision
  from gaps g
  join streams s using (stream_id)
 where tstzrange(g.started_at, g.ended_at) && tstzrange(%(start)s, %(end)s)
   and s.role = 'main'
   and g.cause <> all (%(on_purpose)s)
 group by g.camera_id
 order by g.camera_id;

-- settled_of_camera --
-- The closed and recovered segments of a camera and class that began in [start, end), all streams. Index: segments_due.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where camera_id = %(camera)s
   and data_class = %(data_class)s
   and start_time >= %(start)s
   and start_time < %(end)s
   and state in ('closed', 'recovered')
 order by start_time, segment_id;

-- cameras_with_footage --
-- The cameras that any settled segment belongs to, removed ones included; one index probe a camera.
-- Index: segments_due.
with recursive names as (
    (
        select camera_id from video_segments
         where state in ('closed', 'recovered', 'lost') order by camera_id limit 1
    )
    union all
    select (
               select v.camera_id from video_segments v
                where v.camera_id > names.camera_id and v.state in ('closed', 'recovered', 'lost')
                order by v.camera_id limit 1
           )
      from names
     where names.camera_id is not null
)
select camera_id from names where camera_id is not null;

-- doom --
-- Marks a segment for deletion with the reason; one that is open, already doomed or held stays. Without an instant no
-- hold has expired. Index: primary key; holds_standing.
update video_segments s
   set state = 'doomed', reason = %(reason)s
 where s.segment_id = %(id)s
   and s.start_time = %(start)s
   and s.state in ('closed', 'recovered', 'lost')
   and not exists (
       select from holds h
        where h.start_time < s.end_time
          and h.end_time > s.start_time
          and h.released_at is null
          and (h.expires_at is null or %(at)s::timestamptz is null or h.expires_at > %(at)s)
          and (h.is_for_all
               or exists (select from hold_cameras c where c.hold_id = h.hold_id and c.camera_id = s.camera_id))
   );

-- doomed --
-- Segments whose files are to go, oldest first. Index: segments_unsettled.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where state = 'doomed'
 order by start_time, segment_id
 limit %(limit)s;

-- drop_row --
-- Removes the row of a doomed segment that has no copy left, and remembers that it was deleted, and why.
with gone as (
    delete from video_segments s
     where segment_id = %(id)s
       and start_time = %(start)s
       and state = 'doomed'
       and not exists (
           select from placements p where p.segment_id = s.segment_id and p.start_time = s.start_time
       )
 returning segment_id, camera_id, stream_id, start_time, end_time, reason
)
insert into segment_tombstones (segment_id, camera_id, stream_id, start_time, end_time, reason)
select segment_id, camera_id, stream_id, start_time, end_time, reason from gone
on conflict (segment_id) do nothing;

-- mark_lost --
-- Notes that a segment's file is gone though nobody ordered it; not of one that was moved to another volume meanwhile.
update video_segments
   set state = 'lost', reason = %(reason)s
 where segment_id = %(id)s
   and start_time = %(start)s
   and volume_id = %(volume)s
   and state in ('open', 'closed', 'recovered');

-- deletions --
-- What was deleted of a camera in [start, end) and why, oldest first. Index: tombstones_camera.
select segment_id, stream_id, start_time, end_time, dropped_at, reason
  from segment_tombstones
 where camera_id = %(camera)s
   and start_time > %(start)s::timestamptz - interval '5 minutes'
   and start_time < %(end)s
   and end_time > %(start)s
 order by start_time;

-- forget_tombstones --
-- Forgets deletions so old that no row can come late any more.
delete from segment_tombstones where dropped_at < %(before)s;

-- all_segments --
-- Every segment, oldest first; read in steps. Index: segments_time.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 order by start_time, segment_id;
