-- known_of_day --
-- The segments of a camera that began in [start, end), with their states; 'deleted' are those of which only a
-- tombstone is left. Index: segments_time, tombstones_camera.
select segment_id, state
  from video_segments
 where camera_id = %(camera)s
   and start_time >= %(start)s
   and start_time < %(end)s
 union all
select segment_id, 'deleted'
  from segment_tombstones
 where camera_id = %(camera)s
   and start_time >= %(start)s
   and start_time < %(end)s;

-- copy_new --
-- Takes in lines of found segments of which none is known.
copy video_segments (
    segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
    file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, camera_clock_offset,
    camera_clock_drift_ppm, camera_clock_reports, camera_clock_at
) from stdin;

-- make_found --
-- Makes a table for what was found in files, gone with the transaction; no time bound: it is new.
create temporary table found_segments on commit drop as
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, camera_clock_offset,
       camera_clock_drift_ppm, camera_clock_reports, camera_clock_at
  from video_segments
  with no data;

-- copy_found --
-- Takes in lines of found segments.
copy found_segments from stdin;

-- put_found_run --
-- Adds a run that is known from its segments only; one that is known already stays.
insert into videos (
    video_id, camera_id, stream_id, "timestamp", ended_at, codec, width_px, height_px, parameter_sets, is_provisional
) values (
    %(id)s, %(camera)s, %(stream)s, %(started_at)s, %(ended_at)s, %(codec)s, %(width_px)s, %(height_px)s,
    %(parameter_sets)s, true
)
on conflict (video_id) do update
   set "timestamp" = least(videos."timestamp", excluded."timestamp"),
       ended_at = greatest(videos.ended_at, excluded.ended_at),
       codec = excluded.codec,
       width_px = excluded.width_px,
       height_px = excluded.height_px,
       parameter_sets = excluded.parameter_sets
 where videos.is_provisional;

-- put_found --
-- Adds what was found and is not known; a lost or open row whose whole file is there comes back. What was deleted
-- or is doomed stays so. No time bound: the found rows carry the times of theirs.
insert into video_segments (
    segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
    file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, camera_clock_offset,
    camera_clock_drift_ppm, camera_clock_reports, camera_clock_at
)
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, camera_clock_offset,
       camera_clock_drift_ppm, camera_clock_reports, camera_clock_at
  from found_segments f
 where not exists (select from segment_tombstones t where t.segment_id = f.segment_id)
on conflict (segment_id, start_time) do update
   set end_time = excluded.end_time,
       state = excluded.state,
       volume_id = excluded.volume_id,
       file_path = excluded.file_path,
       size_bytes = excluded.size_bytes,
       fragment_count = excluded.fragment_count,
       root_digest = excluded.root_digest,
       shred_key = excluded.shred_key,
       reason = '',
       camera_clock_offset = excluded.camera_clock_offset,
       camera_clock_drift_ppm = excluded.camera_clock_drift_ppm,
       camera_clock_reports = excluded.camera_clock_reports,
       camera_clock_at = excluded.camera_clock_at
 where video_segments.state in ('open', 'lost');

-- streams_of --
-- The streams of which a camera has footage, each with its span; walks all of the camera's. Index: segments_due or segments_time.
select stream_id, role, min(start_time), max(end_time)
  from video_segments
 where camera_id = %(camera)s
   and state in ('open', 'closed', 'recovered')
 group by stream_id, role
 order by max(end_time);

-- explain_holes --
-- Writes down the holes of a stream's footage in [start, end) of a second and more that no gap, deletion or segment
-- tells of. Within a run footage was there and is no more; between runs files do not say why. Index: segments_stream.
insert into gaps (gap_id, camera_id, stream_id, started_at, ended_at, cause, detail)
select gen_random_uuid(), camera_id, %(stream)s, hole_start, hole_end,
       case when is_one_run then 'deleted' else 'unknown' end,
       case when is_one_run then 'it was recorded, and its files are not there any more'
            else 'the catalog was rebuilt from files, which do not say why' end
  from (
    select camera_id, start_time as hole_end, max(end_time) over before as hole_start,
           video_id = lag(video_id) over in_order as is_one_run
      from video_segments
     where stream_id = %(stream)s
       and start_time >= %(start)s
       and start_time < %(end)s
       and state in ('open', 'closed', 'recovered')
    window in_order as (order by start_time, segment_id),
           before as (order by start_time, segment_id rows between unbounded preceding and 1 preceding)
  ) as neighbours
 where hole_end - hole_start >= interval '1 second'
   and not exists (
       select from gaps g
        where g.stream_id = %(stream)s
          and tstzrange(g.started_at, g.ended_at) && tstzrange(hole_start, hole_end)
   )
   and not exists (
       select from segment_tombstones t
        where t.camera_id = neighbours.camera_id
          and t.stream_id = %(stream)s
          and t.start_time > hole_start - interval '5 minutes'
          and t.start_time < hole_end
          and t.end_time > hole_start
   );
