-- all --
-- Every event with a picture on a volume, oldest first; read in steps. Index: events_time.
select event_id, "timestamp", camera_id, picture_path, picture_bytes, picture_at
  from events
 where picture_volume = %(volume)s
 order by "timestamp", event_id;

-- of --
-- Of some events those with a picture on a volume. Index: events_time, or the partitions' own keys.
select event_id, "timestamp", camera_id, picture_path, picture_bytes, picture_at
  from events
 where "timestamp" >= %(first)s
   and "timestamp" <= %(last)s
   and event_id = any(%(ids)s::uuid[])
   and picture_volume = %(volume)s;
