-- try_lock --
-- One refresher at a time; nothing is waited for.
select pg_try_advisory_xact_lock(7242114600009);

-- lock --
-- Waits until no refresh is under way, and keeps others out until the transaction ends.
select pg_advisory_xact_lock(7242114600009);

-- take_marks --
-- Removes the oldest marks and returns them. What they stand for is counted by later statements, which see more.
delete from dirty_buckets
 where mark_id in (select mark_id from dirty_buckets order by mark_id limit %(most)s)
returning family, camera_id, "timestamp", is_rebuild;

-- zones --
-- The zone of each camera.
select c.camera_id, s.zone
  from cameras c
  join sites s using (site_id)
 where c.camera_id = any(%(cameras)s::text[]);

-- seals --
-- What must stay as it is, by family; instants that Python can hold.
select family,
       greatest(raw_before, timestamptz '1970-01-01 00:00+00') as raw_before,
       greatest(fine_before, timestamptz '1970-01-01 00:00+00') as fine_before,
       greatest(coarse_before, timestamptz '1970-01-01 00:00+00') as coarse_before
  from rollup_states;

-- count_objects --
-- Buckets of tracks, whole. One index range of one partition for each.
with wanted as (
    select * from unnest(%(cameras)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        as w (camera_id, starts_at, ends_at)
), counted as (
    select w.camera_id, w.starts_at, found.*
      from wanted w
     cross join lateral (
         select object_type, count(*) as count, sum(confidence_e4) as confidence_e4
           from tracks
          where camera_id = w.camera_id
            and start_time >= w.starts_at
            and start_time < w.ends_at
            and start_time >= %(first)s
            and start_time < %(last)s
            and has_moved
          group by object_type
     ) found
), vanished as (
    delete from object_counts o
     using wanted w
     where o.bucket_s = %(length_s)s
       and o.camera_id = w.camera_id
       and o."timestamp" = w.starts_at
       and not exists (
           select from counted c
            where c.camera_id = o.camera_id and c.starts_at = o."timestamp" and c.object_type = o.object_type
       )
)
insert into object_counts as o (bucket_s, camera_id, "timestamp", object_type, count, confidence_e4)
select %(length_s)s, camera_id, starts_at, object_type, count, confidence_e4 from counted
on conflict (bucket_s, camera_id, "timestamp", object_type) do update
   set count = excluded.count, confidence_e4 = excluded.confidence_e4
 where (o.count, o.confidence_e4) is distinct from (excluded.count, excluded.confidence_e4);

-- roll_objects --
-- Buckets of finer buckets, whole.
with wanted as (
    select * from unnest(%(cameras)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        as w (camera_id, starts_at, ends_at)
), counted as (
    select w.camera_id, w.starts_at, found.*
      from wanted w
     cross join lateral (
         select object_type, sum(count)::bigint as count, sum(confidence_e4)::bigint as confidence_e4
           from object_counts
          where bucket_s = %(child_s)s
            and camera_id = w.camera_id
            and "timestamp" >= w.starts_at
            and "timestamp" < w.ends_at
          group by object_type
     ) found
), vanished as (
    delete from object_counts o
     using wanted w
     where o.bucket_s = %(length_s)s
       and o.camera_id = w.camera_id
       and o."timestamp" = w.starts_at
       and not exists (
           select from counted c
            where c.camera_id = o.camera_id and c.starts_at = o."timestamp" and c.object_type = o.object_type
       )
)
insert into object_counts as o (bucket_s, camera_id, "timestamp", object_type, count, confidence_e4)
select %(length_s)s, camera_id, starts_at, object_type, count, confidence_e4 from counted
on conflict (bucket_s, camera_id, "timestamp", object_type) do update
   set count = excluded.count, confidence_e4 = excluded.confidence_e4
 where (o.count, o.confidence_e4) is distinct from (excluded.count, excluded.confidence_e4);

-- count_events --
-- Buckets of events, whole. One index range of one partition for each.
with wanted as (
    select * from unnest(%(cameras)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        as w (camera_id, starts_at, ends_at)
), counted as (
    select w.camera_id, w.starts_at, found.*
      from wanted w
     cross join lateral (
         select event_type,
                count(*) as count,
                array[
                    count(*) filter (where severity = 0), count(*) filter (where severity = 1),
                    count(*) filter (where severity = 2), count(*) filter (where severity = 3)
                ] as severity_counts
           from events
          where camera_id = w.camera_id
            and "timestamp" >= w.starts_at
            and "timestamp" < w.ends_at
            and "timestamp" >= %(first)s
            and "timestamp" < %(last)s
          group by event_type
     ) found
), vanished as (
    delete from event_counts o
     using wanted w
     where o.bucket_s = %(length_s)s
       and o.camera_id = w.camera_id
       and o."timestamp" = w.starts_at
       and not exists (
           select from counted c
            where c.camera_id = o.camera_id and c.starts_at = o."timestamp" and c.event_type = o.event_type
       )
)
insert into event_counts as o (bucket_s, camera_id, "timestamp", event_type, count, severity_counts)
select %(length_s)s, camera_id, starts_at, event_type, count, severity_counts from counted
on conflict (bucket_s, camera_id, "timestamp", event_type) do update
   set count = excluded.count, severity_counts = excluded.severity_counts
 where (o.count, o.severity_counts) is distinct from (excluded.count, excluded.severity_counts);

-- roll_events --
-- Buckets of finer buckets, whole.
with wanted as (
    select * from unnest(%(cameras)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        as w (camera_id, starts_at, ends_at)
), counted as (
    select w.camera_id, w.starts_at, found.*
      from wanted w
     cross join lateral (
         select event_type,
                sum(count)::bigint as count,
                array[
                    sum(severity_counts[1])::bigint, sum(severity_counts[2])::bigint,
                    sum(severity_counts[3])::bigint, sum(severity_counts[4])::bigint
                ] as severity_counts
           from event_counts
          where bucket_s = %(child_s)s
            and camera_id = w.camera_id
            and "timestamp" >= w.starts_at
            and "timestamp" < w.ends_at
          group by event_type
     ) found
), vanished as (
    delete from event_counts o
     using wanted w
     where o.bucket_s = %(length_s)s
       and o.camera_id = w.camera_id
       and o."timestamp" = w.starts_at
       and not exists (
           select from counted c
            where c.camera_id = o.camera_id and c.starts_at = o."timestamp" and c.event_type = o.event_type
       )
)
insert into event_counts as o (bucket_s, camera_id, "timestamp", event_type, count, severity_counts)
select %(length_s)s, camera_id, starts_at, event_type, count, severity_counts from counted
on conflict (bucket_s, camera_id, "timestamp", event_type) do update
   set count = excluded.count, severity_counts = excluded.severity_counts
 where (o.count, o.severity_counts) is distinct from (excluded.count, excluded.severity_counts);

-- note_refresh --
-- How far a family is now.
update rollup_states
   set late_marks = late_marks + %(late)s, as_of = coalesce(%(as_of)s, as_of)
 where family = %(family)s;

-- seal --
-- Moves the seal towards an instant, but not over what is marked and not counted yet; returns how far.
with reached as (
    select least(%(before)s, min(d."timestamp")) as at
      from rollup_states s
      left join dirty_buckets d on d.family = s.family and d."timestamp" >= s.raw_before and not d.is_rebuild
)
update rollup_states set raw_before = greatest(raw_before, reached.at) from reached returning reached.at;

-- seal_rollups --
-- Moves the ends of what is kept of the roll-ups themselves, as far as nothing older is marked.
update rollup_states s
   set fine_before = greatest(s.fine_before, least(kept.fine_from, kept.marked_from)),
       coarse_before = greatest(s.coarse_before, least(kept.coarse_from, kept.marked_from))
  from (
      select of.family,
             %(now)s::timestamptz - make_interval(days => fine.keep_days) as fine_from,
             %(now)s::timestamptz - make_interval(days => coarse.keep_days) as coarse_from,
             (select min("timestamp") from dirty_buckets d where d.family = of.family) as marked_from
        from rollup_states of
        join data_classes fine on fine.data_class = 'rollup_fine'
        join data_classes coarse on coarse.data_class = 'rollup_coarse'
  ) kept
 where kept.family = s.family;

-- forget_objects --
-- Removes buckets that are kept no longer, camera by camera along the index.
delete from object_counts o
 using cameras c, rollup_states s, unnest(array[300, 900, 3600, 86400, 604800]) as lengths (bucket_s)
 where s.family = 'object_counts'
   and o.bucket_s = lengths.bucket_s
   and o.camera_id = c.camera_id
   and o."timestamp" < case when lengths.bucket_s <= 900 then s.fine_before else s.coarse_before end;

-- forget_events --
-- Removes buckets that are kept no longer, camera by camera along the index.
delete from event_counts o
 using cameras c, rollup_states s, unnest(array[300, 900, 3600, 86400, 604800]) as lengths (bucket_s)
 where s.family = 'event_counts'
   and o.bucket_s = lengths.bucket_s
   and o.camera_id = c.camera_id
   and o."timestamp" < case when lengths.bucket_s <= 900 then s.fine_before else s.coarse_before end;

-- progress --
-- How far a family is for some cameras: counted up to when, oldest bucket that waits, and from when buckets are kept.
select s.as_of,
       (select min("timestamp")
          from dirty_buckets
         where family = s.family and camera_id = any(%(cameras)s::text[])) as waiting_from,
       greatest(case when %(length_s)s <= 900 then s.fine_before else s.coarse_before end,
                timestamptz '1970-01-01 00:00+00') as kept_from
  from rollup_states s
 where s.family = %(family)s;

-- object_counts --
-- Buckets of objects, by camera, type and time. Index: the primary key.
select camera_id, object_type, "timestamp", count, confidence_e4
  from object_counts
 where bucket_s = %(length_s)s
   and camera_id = any(%(cameras)s::text[])
   and "timestamp" >= %(start)s
   and "timestamp" < %(end)s
   and (%(types)s::text[] is null or object_type = any(%(types)s::text[]))
 order by camera_id, object_type, "timestamp";

-- event_counts --
-- Buckets of events, by camera, kind and time. Index: the primary key.
select camera_id, event_type, "timestamp", count, severity_counts
  from event_counts
 where bucket_s = %(length_s)s
   and camera_id = any(%(cameras)s::text[])
   and "timestamp" >= %(start)s
   and "timestamp" < %(end)s
   and (%(types)s::text[] is null or event_type = any(%(types)s::text[]))
 order by camera_id, event_type, "timestamp";
