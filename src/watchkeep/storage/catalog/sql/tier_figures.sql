-- planned --
-- How many copies onto each volume are planned or made now, and their bytes. Index: placements_work.
select volume_id, count(*), sum(size_bytes)::bigint
  from placements
 where state in ('wanted', 'copying')
 group by volume_id;

-- leaving --
-- Bytes of the planned moves by the volume that they leave, and by the one that they go to. Index: placements_work.
select s.volume_id, p.volume_id, count(*), sum(s.size_bytes)::bigint
  from placements p
  join video_segments s on s.segment_id = p.segment_id and s.start_time = p.start_time
 where p.state in ('wanted', 'copying')
   and p.purpose = 'move'
 group by s.volume_id, p.volume_id;

-- next_moves --
-- The planned moves, oldest footage first, with what hinders them. Index: placements_work.
select p.segment_id, s.camera_id, s.start_time, s.end_time, s.volume_id, p.volume_id, p.size_bytes, p.state, p.detail
  from placements p
  join video_segments s on s.segment_id = p.segment_id and s.start_time = p.start_time
 where p.state in ('wanted', 'copying')
   and p.purpose = 'move'
 order by p.start_time, p.segment_id
 limit %(limit)s;

-- used_bytes --
-- Bytes of the segments on each volume and the end of the oldest; walks all of them.
select volume_id, sum(size_bytes)::bigint, min(end_time)
  from video_segments
 where state in ('open', 'closed', 'recovered', 'doomed')
 group by volume_id;

-- begun_between --
-- Bytes of the segments on some volumes that began in [start, end). Index: segments_volume.
select coalesce(sum(size_bytes), 0)::bigint
  from video_segments
 where volume_id = any (%(volumes)s)
   and start_time >= %(start)s
   and start_time < %(end)s
   and state <> 'lost';

-- oldest_on --
-- The end of the oldest segment on a volume. Index: segments_volume.
select end_time
  from video_segments
 where volume_id = %(volume)s
   and state in ('closed', 'recovered')
 order by start_time
 limit 1;
