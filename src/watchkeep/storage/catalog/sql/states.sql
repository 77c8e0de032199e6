-- put_state --
-- Notes what a recorder says of a stream; an older word does not replace a newer one.
insert into stream_states (
    stream_id, condition, since, detail, codec, width_px, height_px, frames_per_second, bits_per_second, is_clear_text,
    seen_at
) values (
    %(stream)s, %(condition)s, %(since)s, %(detail)s, %(codec)s, %(width_px)s, %(height_px)s, %(frames_per_second)s,
    %(bits_per_second)s, %(is_clear_text)s, %(seen_at)s
)
on conflict (stream_id) do update
   set condition = excluded.condition,
       since = excluded.since,
       detail = excluded.detail,
       codec = excluded.codec,
       width_px = excluded.width_px,
       height_px = excluded.height_px,
       frames_per_second = excluded.frames_per_second,
       bits_per_second = excluded.bits_per_second,
       is_clear_text = excluded.is_clear_text,
       seen_at = excluded.seen_at
 where excluded.seen_at >= stream_states.seen_at;

-- states --
-- What was last said of every stream.
select stream_id, condition, since, detail, codec, width_px, height_px, frames_per_second, bits_per_second,
       is_clear_text, seen_at
  from stream_states;

-- beat --
-- Notes a sign of life of a recorder.
insert into recorder_heartbeats (node_id, shard, seen_at, spool_rows, camera_revision, detail)
values (%(node)s, %(shard)s, %(seen_at)s, %(spool_rows)s, %(camera_revision)s, %(detail)s)
on conflict (node_id, shard) do update
   set seen_at = excluded.seen_at,
       spool_rows = excluded.spool_rows,
       camera_revision = excluded.camera_revision,
       detail = excluded.detail;

-- heartbeats --
-- The last sign of life of every recorder.
select node_id, shard, seen_at, spool_rows, camera_revision, detail from recorder_heartbeats order by node_id, shard;

-- bit_rates --
-- What the streams of cameras that are switched on carry, as last measured.
select coalesce(stream_states.bits_per_second, 0)
  from streams
  join cameras on cameras.camera_id = streams.camera_id
  left join stream_states on stream_states.stream_id = streams.stream_id
 where cameras.is_enabled
   and streams.removed_at is null;
