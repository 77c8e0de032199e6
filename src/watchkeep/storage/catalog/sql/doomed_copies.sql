-- doom_copies --
-- Dooms the copies of doomed segments on a volume, but those that are being made now. Index: segments_unsettled.
update placements p
   set state = 'doomed', leased_by = null, leased_until = null
  from video_segments s
 where s.state = 'doomed'
   and p.segment_id = s.segment_id
   and p.start_time = s.start_time
   and p.volume_id = %(volume)s
   and p.state <> 'doomed'
   and (p.state <> 'copying' or p.leased_until is null or p.leased_until < %(now)s);

-- doomed_copies --
-- Copies on a volume whose blobs are to go, oldest first; never one that is a segment's own place. Index: placements_work.
select segment_id, start_time, volume_id, path, size_bytes, state, verified_at
  from placements p
 where volume_id = %(volume)s
   and state = 'doomed'
   and not exists (
       select from video_segments s
        where s.segment_id = p.segment_id and s.start_time = p.start_time and s.volume_id = p.volume_id
          and s.state <> 'doomed'
   )
 order by start_time, segment_id
 limit %(limit)s;

-- doomed_places --
-- Doomed segments whose own place is on a volume, oldest first, but those of which a copy is being made now.
-- Index: segments_unsettled.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments s
 where state = 'doomed'
   and volume_id = %(volume)s
   and not exists (
       select from placements p
        where p.segment_id = s.segment_id and p.start_time = s.start_time and p.state = 'copying'
          and p.leased_until >= %(now)s
   )
 order by start_time, segment_id
 limit %(limit)s;

-- doomed_adopted --
-- Doomed segments that lie in adopted files, oldest first. Index: segments_unsettled.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where state = 'doomed'
   and shred_key = ''
 order by start_time, segment_id
 limit %(limit)s;

-- go_on_to_copy --
-- After the own blob of a doomed segment is gone: the row names the next copy, until none is left. Index: primary key.
with next as (
    delete from placements
     where (segment_id, start_time, volume_id) in (
         select segment_id, start_time, volume_id
           from placements
          where segment_id = %(segment)s and start_time = %(start)s
          order by volume_id
          limit 1
     )
 returning volume_id, path
)
update video_segments
   set volume_id = next.volume_id, file_path = next.path
  from next
 where segment_id = %(segment)s
   and start_time = %(start)s
   and state = 'doomed'
   and video_segments.volume_id = %(volume)s;
