-- adopted --
-- Segments that lie in adopted trees, oldest first, after a place in that order; of one volume or all.
-- Index: segments_adopted.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where shred_key = ''
   and start_time >= %(after)s
   and (start_time, segment_id) > (%(after)s, %(after_id)s)
   and state in ('closed', 'recovered')
   and (%(volume)s::uuid is null or volume_id = %(volume)s)
 order by start_time, segment_id
 limit %(limit)s;

-- seal --
-- Notes that a segment of an adopted tree lies sealed on a volume of ours now. Index: primary key.
update video_segments
   set end_time = %(end)s,
       volume_id = %(volume)s,
       file_path = %(path)s,
       size_bytes = %(size_bytes)s,
       fragment_count = %(fragment_count)s,
       root_digest = %(root_digest)s,
       shred_key = %(shred_key)s
 where segment_id = %(id)s
   and start_time = %(start)s
   and shred_key = ''
   and state in ('closed', 'recovered');
