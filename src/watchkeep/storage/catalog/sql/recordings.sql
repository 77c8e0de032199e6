-- make_partitions --
-- Makes the partitions of these UTC days where they are missing.
select make_partitions(day) from unnest(%(days)s::date[]) as days (day);

-- put_run --
-- Adds a run or completes it; an end once known stays. A provisional row gives way to a real one.
insert into videos (
    video_id, camera_id, stream_id, "timestamp", ended_at, end_cause, codec, width_px, height_px, parameter_sets,
    is_provisional
) values (
    %(id)s, %(camera)s, %(stream)s, %(started_at)s, %(ended_at)s, %(end_cause)s, %(codec)s, %(width_px)s,
    %(height_px)s, %(parameter_sets)s, false
)
on conflict (video_id) do update
   set "timestamp" = excluded."timestamp",
       ended_at = least(videos.ended_at, excluded.ended_at),
       end_cause = coalesce(videos.end_cause, excluded.end_cause),
       codec = excluded.codec,
       width_px = excluded.width_px,
       height_px = excluded.height_px,
       parameter_sets = excluded.parameter_sets,
       is_provisional = false
 where videos.is_provisional or (videos.ended_at is null and excluded.ended_at is not null);

-- put_provisional_run --
-- Makes sure that a segment has a run to belong to, before the row of the run itself arrives.
insert into videos (video_id, camera_id, stream_id, "timestamp", is_provisional)
values (%(run)s, %(camera)s, %(stream)s, %(start)s, true)
on conflict (video_id) do update
   set "timestamp" = excluded."timestamp"
 where videos.is_provisional and videos."timestamp" > excluded."timestamp";

-- put_segment --
-- Adds a segment or moves it forward: open, recovered, closed. What is lost, doomed or deleted stays so.
insert into video_segments (
    segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
    file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, camera_clock_offset, camera_clock_drift_ppm,
    camera_clock_reports, camera_clock_at
)
select %(id)s, %(start)s, %(end)s, %(run)s, %(camera)s, %(stream)s, %(role)s, %(sequence)s, %(data_class)s, %(state)s,
       %(volume)s, %(path)s, %(size_bytes)s, %(fragment_count)s, %(root_digest)s, %(shred_key)s, %(node)s,
       %(clock_offset)s, %(clock_drift_ppm)s, %(clock_reports)s, %(clock_at)s
 where not exists (select from segment_tombstones where segment_id = %(id)s)
on conflict (segment_id, start_time) do update
   set end_time = excluded.end_time,
       state = excluded.state,
       volume_id = excluded.volume_id,
       file_path = excluded.file_path,
       size_bytes = excluded.size_bytes,
       fragment_count = excluded.fragment_count,
       root_digest = excluded.root_digest,
       camera_clock_offset = excluded.camera_clock_offset,
       camera_clock_drift_ppm = excluded.camera_clock_drift_ppm,
       camera_clock_reports = excluded.camera_clock_reports,
       camera_clock_at = excluded.camera_clock_at
 where array_position('{open,recovered,closed,lost,doomed}'::text[], excluded.state)
       > array_position('{open,recovered,closed,lost,doomed}'::text[], video_segments.state)
    or (video_segments.state = 'open' and excluded.state = 'open' and excluded.end_time > video_segments.end_time);

-- put_gap --
-- Adds a gap or ends it; the earliest end that anybody named stays.
insert into gaps (gap_id, camera_id, stream_id, started_at, ended_at, cause, detail)
values (%(id)s, %(camera)s, %(stream)s, %(started_at)s, %(ended_at)s, %(cause)s, %(detail)s)
on conflict (gap_id) do update
   set ended_at = least(gaps.ended_at, excluded.ended_at),
       cause = excluded.cause,
       detail = excluded.detail
 where excluded.ended_at is not null and (gaps.ended_at is null or gaps.ended_at > excluded.ended_at);

-- refuse --
-- Puts a row aside that breaks a rule of the catalog.
insert into refused_rows (row_text, reason) values (%(row)s, %(reason)s);

-- open_segments --
-- All segments that are being written, or were when a recorder died. Index: segments_unsettled.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where state = 'open'
 order by start_time, segment_id;

-- last_footage_end --
-- The end of the newest segment of a stream, whatever became of it since. Index: segments_stream.
select end_time
  from video_segments
 where stream_id = %(stream)s
   and start_time < coalesce(%(before)s::timestamptz, 'infinity')
 order by start_time desc
 limit 1;

-- open_gaps --
-- The gaps of a stream that have not ended. Index: gaps_stream.
select gap_id, camera_id, stream_id, started_at, ended_at, cause, detail
  from gaps
 where stream_id = %(stream)s
   and ended_at is null
 order by started_at, gap_id;
