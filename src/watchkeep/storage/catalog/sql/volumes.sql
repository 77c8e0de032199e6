-- put_volume --
-- Adds a volume or changes where it is and how much is to stay free.
insert into volumes (volume_id, kind, location, tier, reserve_bytes, created_at)
values (%(id)s, %(kind)s, %(location)s, %(tier)s, %(reserve_bytes)s, %(created_at)s)
on conflict (volume_id) do update
   set kind = excluded.kind,
       location = excluded.location,
       tier = excluded.tier,
       reserve_bytes = excluded.reserve_bytes,
       retired_at = null;

-- volumes --
-- The volumes in use, oldest first.
select volume_id, kind, location, tier, reserve_bytes, created_at
  from volumes
 where retired_at is null
 order by created_at, volume_id;

-- retire_volume --
-- Takes a volume out of use; its row stays, segments name it.
update volumes set retired_at = greatest(%(at)s, created_at) where volume_id = %(id)s and retired_at is null;

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
