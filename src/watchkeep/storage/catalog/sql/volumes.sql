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

-- note_seen --
-- Notes how a volume is; since when only if that changed.
update volumes
   set condition = %(condition)s,
       condition_since = case when condition = %(condition)s and condition_since is not null then condition_since else %(at)s end,
       detail = %(detail)s,
       free_bytes = coalesce(%(free_bytes)s, case when %(condition)s in ('away', 'wrong') then free_bytes end),
       total_bytes = coalesce(%(total_bytes)s, case when %(condition)s in ('away', 'wrong') then total_bytes end),
       seen_at = %(at)s
 where volume_id = %(id)s;

-- note_used --
-- Notes what our footage takes on a volume.
update volumes set used_bytes = %(used_bytes)s where volume_id = %(id)s;

-- states --
-- All volumes that are in use or hold footage, as last seen, oldest first.
select volume_id, kind, location, tier, reserve_bytes, created_at, condition, condition_since, detail, free_bytes,
       total_bytes, used_bytes, seen_at, retired_at is not null as is_retired
  from volumes
 where retired_at is null
    or used_bytes > 0
 order by created_at, volume_id;

-- retire_volume --
-- Takes a volume out of use; its row stays, segments name it.
update volumes set retired_at = greatest(%(at)s, created_at) where volume_id = %(id)s and retired_at is null;
