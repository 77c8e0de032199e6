-- add --
-- Adds an order to erase.
insert into erasures (erasure_id, cameras, start_time, end_time, reason, asked_by, asked_at, state)
values (%(id)s, %(cameras)s, %(start)s, %(end)s, %(reason)s, %(asked_by)s, %(asked_at)s, 'ordered');

-- get --
-- One erasure. Index: primary key.
select erasure_id, cameras, start_time, end_time, reason, asked_by, asked_at, state, told, done_at, receipt
  from erasures
 where erasure_id = %(id)s;

-- list --
-- Erasures, newest first. There are few, and they are kept for ever: hence no bound of time.
select erasure_id, cameras, start_time, end_time, reason, asked_by, asked_at, state, told, done_at, receipt
  from erasures
 order by asked_at desc, erasure_id desc
 limit %(limit)s;

-- ordered --
-- Those that are to be carried out, oldest first. Index: erasures_ordered.
select erasure_id, cameras, start_time, end_time, reason, asked_by, asked_at, state, told, done_at, receipt
  from erasures
 where state = 'ordered'
 order by asked_at, erasure_id;

-- settle --
-- Says what came of an erasure, or what it waits for; one that is over stays as it is.
update erasures
   set state = %(state)s, told = %(told)s, done_at = %(done_at)s, receipt = %(receipt)s
 where erasure_id = %(id)s and state = 'ordered';

-- touched --
-- Segments of a camera, of all its streams, that share an instant with [start, end), doomed ones too. No segment is
-- longer than five minutes (a constraint). Index: segments_due or segments_time.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where camera_id = %(camera)s
   and start_time > %(start)s::timestamptz - interval '5 minutes'
   and start_time < %(end)s
   and end_time > %(start)s
 order by start_time, segment_id;

-- doom --
-- Dooms what an erasure names, also where a hold keeps what lies beside its span: that was sealed anew, and that no hold
-- touches the span itself was seen when it was decided. Index: primary key.
update video_segments
   set state = 'doomed', reason = %(reason)s
 where segment_id = %(id)s
   and start_time = %(start)s
   and state in ('closed', 'recovered', 'lost');

-- elsewhere --
-- The segments of a camera that began in [from, to) and lie on another volume than one. Index: segments_time.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where camera_id = %(camera)s
   and start_time >= %(from)s
   and start_time < %(to)s
   and volume_id <> %(volume)s
   and shred_key <> ''
   and state in ('open', 'closed', 'recovered')
 order by start_time, segment_id;

-- under_keys --
-- Segments that some shred keys sealed and that began in [from, to): the UTC days of those keys. Index: segments_time.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where shred_key = any(%(keys)s::text[])
   and start_time >= %(from)s
   and start_time < %(to)s
 order by start_time, segment_id;

-- named --
-- Some segments by their ids, which share an instant with [start, end). Index: segments_time.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
 where segment_id = any(%(ids)s::uuid[])
   and start_time > %(start)s::timestamptz - interval '5 minutes'
   and start_time < %(end)s
 order by start_time, segment_id;

-- erased --
-- How many segments went for a reason, and how many seconds of footage that were: those whose files go now and those
-- that are gone. Index: segments_time, tombstones_camera.
select count(*), coalesce(sum(extract(epoch from end_time - start_time)), 0)::double precision
  from (
      select start_time, end_time
        from video_segments
       where state = 'doomed'
         and reason = %(reason)s
         and start_time > %(start)s::timestamptz - interval '5 minutes'
         and start_time < %(end)s
      union all
      select start_time, end_time
        from segment_tombstones
       where reason = %(reason)s
         and camera_id = any(%(cameras)s::text[])
         and start_time > %(start)s::timestamptz - interval '5 minutes'
         and start_time < %(end)s
  ) gone;

-- inherit --
-- Gives what stays of a segment its class, and no more than what of it could be handed out before.
-- Index: primary key.
update video_segments remainder
   set data_class = old.data_class,
       is_thinned = old.is_thinned,
       claims = old.claims * tstzmultirange(tstzrange(remainder.start_time, remainder.end_time))
  from video_segments old
 where old.segment_id = %(old)s
   and old.start_time = %(start)s
   and remainder.segment_id = any(%(remainders)s::uuid[])
   and remainder.start_time between %(start)s and %(end)s;

-- touched_events --
-- Events of a camera that share an instant with [start, end), with the place of their picture. One that began up to a
-- day before may reach into it. Index: events_camera.
select event_id, "timestamp", camera_id, picture_path
  from events
 where camera_id = %(camera)s
   and "timestamp" > %(start)s::timestamptz - interval '1 day'
   and "timestamp" < %(end)s
   and coalesce(ended_at, seen_until, "timestamp") >= %(start)s
 order by "timestamp", event_id;

-- delete_tracks --
-- Removes the tracks of a camera that share an instant with [start, end). Index: tracks_camera.
delete from tracks
 where camera_id = %(camera)s
   and start_time > %(start)s::timestamptz - interval '1 day'
   and start_time < %(end)s
   and end_time >= %(start)s;

-- delete_analysed --
-- Removes the notes of which frames of a camera were looked at in [start, end).
delete from analysed_frames f
 using streams s
 where s.stream_id = f.stream_id
   and s.camera_id = %(camera)s
   and f.start_time > %(start)s::timestamptz - interval '1 hour'
   and f.start_time < %(end)s
   and f.end_time >= %(start)s;

-- keep_marks_out --
-- Counts in roll-ups say nothing of a person and stay: no marks are left until the transaction ends.
select set_config('watchkeep.is_retention', 'on', true);
