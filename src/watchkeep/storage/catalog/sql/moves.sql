-- on_volumes --
-- The oldest finished segments on some volumes that ended at or before an instant and do not move yet.
-- Index: segments_volume.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments s
 where volume_id = any (%(volumes)s)
   and start_time < %(before)s
   and end_time <= %(before)s
   and state in ('closed', 'recovered')
   and not exists (
       select from placements p
        where p.segment_id = s.segment_id and p.start_time = s.start_time and p.purpose = 'move' and p.state <> 'doomed'
   )
 order by start_time, segment_id
 limit %(limit)s;

-- lacking_copies --
-- The oldest finished segments of a data class on some volumes, in [from, before), that have fewer copies on others
-- than they are to have. Index: segments_volume.
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments s
 where data_class = %(data_class)s
   and volume_id = any (%(volumes)s)
   and start_time >= %(from)s
   and start_time < %(before)s
   and state in ('closed', 'recovered')
   and (select count(*)
          from placements p
         where p.segment_id = s.segment_id and p.start_time = s.start_time and p.purpose = 'copy'
           and p.state in ('wanted', 'copying', 'placed', 'verified')
           and p.volume_id = any (%(among)s)) < %(copies)s - 1
 order by start_time, segment_id
 limit %(limit)s;

-- doom_spare_copies --
-- Dooms the copies that segments of a data class on some volumes, in [from, before), have elsewhere than among others
-- on which they have enough that are verified. Index: segments_volume.
update placements spare
   set state = 'doomed'
  from video_segments s
 where s.data_class = %(data_class)s
   and s.volume_id = any (%(volumes)s)
   and s.start_time >= %(from)s
   and s.start_time < %(before)s
   and spare.segment_id = s.segment_id
   and spare.start_time = s.start_time
   and spare.purpose = 'copy'
   and spare.state = 'verified'
   and spare.volume_id <> all (%(among)s)
   and (select count(*)
          from placements p
         where p.segment_id = s.segment_id and p.start_time = s.start_time and p.purpose = 'copy'
           and p.state = 'verified' and p.volume_id = any (%(among)s)) >= %(copies)s - 1;

-- volumes_of --
-- The volumes on which a segment has a copy or is to get one, beside its own place. Index: primary key.
select volume_id from placements where segment_id = %(segment)s and start_time = %(start)s;

-- want --
-- Plans a copy of a segment on another volume, unless the segment went or there is one.
insert into placements (segment_id, start_time, volume_id, path, size_bytes, state, purpose)
select segment_id, start_time, %(volume)s, file_path, size_bytes, 'wanted', %(purpose)s
  from video_segments
 where segment_id = %(segment)s
   and start_time = %(start)s
   and state in ('closed', 'recovered')
   and volume_id <> %(volume)s
on conflict (segment_id, start_time, volume_id) do nothing;

-- lease --
-- Takes the oldest planned copies onto a volume for a while; what another process takes now is passed over.
-- Index: placements_work.
with picked as (
    select segment_id, start_time, volume_id
      from placements
     where volume_id = %(volume)s
       and state in ('wanted', 'copying')
       and (leased_until is null or leased_until < %(now)s)
       and (not_before is null or not_before <= %(now)s)
     order by start_time, segment_id
     limit %(limit)s
       for update skip locked
)
update placements p
   set state = 'copying', leased_by = %(node)s, leased_until = %(until)s
  from picked
 where p.segment_id = picked.segment_id
   and p.start_time = picked.start_time
   and p.volume_id = picked.volume_id
returning p.segment_id, p.start_time, p.purpose, p.attempts;

-- leased_segment --
-- A segment whose copy is leased, if it is still to be copied; prolongs the lease. Index: primary key.
with held as (
    update placements
       set leased_until = %(until)s
     where segment_id = %(segment)s
       and start_time = %(start)s
       and volume_id = %(volume)s
       and state = 'copying'
       and leased_by = %(node)s
 returning segment_id, start_time
)
select segment_id, start_time, end_time, video_id, camera_id, stream_id, role, sequence, data_class, state, volume_id,
       file_path, size_bytes, fragment_count, root_digest, shred_key, node_id, reason, camera_clock_offset, camera_clock_drift_ppm, camera_clock_reports,
       camera_clock_at, claims, is_thinned
  from video_segments
  join held using (segment_id, start_time)
 where start_time = %(start)s
   and state in ('closed', 'recovered')
   and volume_id <> %(volume)s;

-- free_leases --
-- Lets go of what a process of this node held when it died. Index: placements_work.
update placements
   set leased_by = null, leased_until = null
 where leased_by = %(node)s
   and state = 'copying'
   and (%(volume)s::uuid is null or volume_id = %(volume)s);

-- finish_move --
-- Makes a verified copy the segment's own place; what was that becomes a copy, verified if it is still wanted, else
-- doomed. Nothing happens unless segment, source and lease are still what they were. Index: primary key.
with moved as (
    update video_segments s
       set volume_id = %(volume)s, file_path = %(path)s
     where segment_id = %(segment)s
       and start_time = %(start)s
       and volume_id = %(source)s
       and state in ('closed', 'recovered')
       and exists (
           select from placements p
            where p.segment_id = s.segment_id and p.start_time = s.start_time and p.volume_id = %(volume)s
              and p.state = 'copying' and p.leased_by = %(node)s
       )
 returning segment_id, start_time, size_bytes
),
arrived as (
    delete from placements p
     using moved
     where p.segment_id = moved.segment_id and p.start_time = moved.start_time and p.volume_id = %(volume)s
),
others as (
    select count(*) as count
      from placements
     where segment_id = %(segment)s and start_time = %(start)s and volume_id <> %(volume)s and purpose = 'copy'
       and state = 'verified'
),
counted as (
    update volumes v
       set used_bytes = greatest(
               0, used_bytes + case when v.volume_id = %(volume)s then moved.size_bytes else -moved.size_bytes end
           )
      from moved
     where v.volume_id in (%(volume)s, %(source)s)
)
insert into placements (segment_id, start_time, volume_id, path, size_bytes, state, purpose)
select segment_id, start_time, %(source)s, %(source_path)s, size_bytes,
       case when others.count + 1 < %(copies)s then 'verified' else 'doomed' end,
       case when others.count + 1 < %(copies)s then 'copy' else 'move' end
  from moved, others
on conflict (segment_id, start_time, volume_id) do update
   set path = excluded.path, state = excluded.state, purpose = excluded.purpose, leased_by = null, leased_until = null;

-- finish_copy --
-- Notes that a copy was verified, if the lease stands and the segment too. Index: primary key.
update placements p
   set state = 'verified', verified_at = %(now)s, leased_by = null, leased_until = null, not_before = null,
       attempts = 0, detail = ''
 where segment_id = %(segment)s
   and start_time = %(start)s
   and volume_id = %(volume)s
   and state = 'copying'
   and leased_by = %(node)s
   and exists (
       select from video_segments s
        where s.segment_id = %(segment)s and s.start_time = %(start)s and s.state in ('closed', 'recovered')
   );

-- swap --
-- Makes a verified copy the segment's own place without copying anything; as finish_move otherwise. Index: primary key.
with taken as (
    delete from placements
     where segment_id = %(segment)s
       and start_time = %(start)s
       and volume_id = %(volume)s
       and state = 'verified'
       and exists (
           select from video_segments s
            where s.segment_id = %(segment)s and s.start_time = %(start)s and s.volume_id = %(source)s
              and s.state in ('closed', 'recovered')
       )
 returning segment_id, start_time, path
),
moved as (
    update video_segments s
       set volume_id = %(volume)s, file_path = taken.path
      from taken
     where s.segment_id = taken.segment_id and s.start_time = taken.start_time and s.start_time = %(start)s
 returning s.segment_id, s.start_time, s.size_bytes
),
others as (
    select count(*) as count
      from placements
     where segment_id = %(segment)s and start_time = %(start)s and volume_id <> %(volume)s and purpose = 'copy'
       and state = 'verified'
)
insert into placements (segment_id, start_time, volume_id, path, size_bytes, state, purpose)
select segment_id, start_time, %(source)s, %(source_path)s, size_bytes,
       case when others.count + 1 < %(copies)s then 'verified' else 'doomed' end,
       case when others.count + 1 < %(copies)s then 'copy' else 'move' end
  from moved, others
on conflict (segment_id, start_time, volume_id) do update
   set path = excluded.path, state = excluded.state, purpose = excluded.purpose, leased_by = null, leased_until = null;

-- plan_anew --
-- Forgets what is planned for a volume and not begun. Index: placements_work.
delete from placements where volume_id = %(volume)s and state = 'wanted';

-- put_off --
-- Lets go of a planned copy until later, with the reason. Index: primary key.
update placements
   set state = %(state)s, leased_by = null, leased_until = null, not_before = %(not_before)s, detail = %(detail)s,
       attempts = attempts + %(tries)s
 where segment_id = %(segment)s
   and start_time = %(start)s
   and volume_id = %(volume)s
   and state = 'copying'
   and leased_by = %(node)s;

-- give_up_place --
-- Dooms a copy that is not wanted any more, whatever there is of it. Index: primary key.
update placements
   set state = 'doomed', leased_by = null, leased_until = null
 where segment_id = %(segment)s
   and start_time = %(start)s
   and volume_id = %(volume)s;
