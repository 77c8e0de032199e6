-- put_placement --
-- Adds a copy of a segment or notes its new state.
insert into placements (segment_id, start_time, volume_id, path, size_bytes, state, verified_at)
values (%(segment)s, %(start)s, %(volume)s, %(path)s, %(size_bytes)s, %(state)s, %(verified_at)s)
on conflict (segment_id, start_time, volume_id) do update
   set path = excluded.path,
       size_bytes = excluded.size_bytes,
       state = excluded.state,
       verified_at = greatest(placements.verified_at, excluded.verified_at);

-- placements --
-- The copies of a segment beside the one that its row names. Index: primary key.
select segment_id, start_time, volume_id, path, size_bytes, state, verified_at
  from placements
 where segment_id = %(segment)s
   and start_time = %(start)s
 order by volume_id;

-- drop_placement --
-- Forgets a copy that is gone.
delete from placements where segment_id = %(segment)s and start_time = %(start)s and volume_id = %(volume)s;

-- whereabouts --
-- Where a segment can be read: its own place, then verified copies. Index: primary key.
select volume_id, file_path
  from video_segments
 where segment_id = %(segment)s
   and start_time = %(start)s
   and state in ('open', 'closed', 'recovered')
union all
select volume_id, path
  from placements
 where segment_id = %(segment)s
   and start_time = %(start)s
   and state = 'verified';

-- placements_on --
-- Every copy on a volume, whatever its state, with the segment that it is of; read in steps, as all segments are.
select s.segment_id, s.start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class,
       case when p.state = 'verified' then s.state else 'doomed' end as state, p.volume_id, p.path as file_path,
       s.size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset,
       camera_clock_drift_ppm, camera_clock_reports, camera_clock_at, claims, is_thinned
  from placements p
  join video_segments s on s.segment_id = p.segment_id and s.start_time = p.start_time
 where p.volume_id = %(volume)s
 order by s.start_time, s.segment_id;
