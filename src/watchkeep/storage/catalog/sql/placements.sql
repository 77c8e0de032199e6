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
