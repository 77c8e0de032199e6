-- open_hours --
-- The hours in which a segment of these streams (or of any) began that is not settled. Index: stream_hours_open.
select stream_id, camera_id, hour
  from stream_hours
 where open > 0
   and (%(streams)s::uuid[] is null or stream_id = any (%(streams)s))
 order by hour;

-- open_between --
-- The segments that are not settled and began in [start, end). The bounds leave all other days out.
select stream_id, camera_id, start_time, end_time, size_bytes
  from video_segments
 where state = 'open'
   and start_time >= %(start)s
   and start_time < %(end)s;

-- recorded --
-- Seconds of settled footage in each hour of [start, end) of a stream that has any. Index: primary key.
select hour, recorded_us / 1e6::double precision
  from stream_hours
 where stream_id = %(stream)s
   and hour >= %(start)s
   and hour < %(end)s
   and recorded_us > 0
 order by hour;

-- bounds --
-- Where the settled footage of a stream begins and ends; two probes of the primary key, so no bound.
select (select first_at from stream_hours
         where stream_id = %(stream)s and first_at is not null order by hour limit 1),
       (select last_at from stream_hours
         where stream_id = %(stream)s and first_at is not null order by hour desc limit 1);

-- days --
-- On which of these days (spans) there is settled footage of any of these cameras; a probe a day, which the limit
-- sees to. Index: stream_hours_camera.
select day_start
  from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) as days (day_start, day_end),
       lateral (
           select from stream_hours h
            where h.camera_id = any (%(cameras)s::varchar[])
              and h.hour > day_start - interval '1 hour'
              and h.hour < day_end
              and h.recorded_us > 0
              and h.first_at < day_end
              and h.last_at > day_start
            limit 1
       ) as found
 order by day_start;

-- storage --
-- What each camera's settled segments take and how they are. Walks all hours, one row for each, and no segment.
with kept as (
    select camera_id, sum(size_bytes)::bigint as size_bytes, sum(closed)::bigint as closed,
           sum(recovered)::bigint as recovered, sum(lost)::bigint as lost,
           coalesce(sum(size_bytes) filter (where hour >= %(whole_from)s), 0)::bigint as bytes_last_day
      from stored_hours
     group by camera_id
),
bounds as (
    select camera_id, min(first_at) as oldest, max(last_at) as newest
      from stream_hours
     where first_at is not null
     group by camera_id
)
select kept.camera_id, size_bytes, bytes_last_day, closed, recovered, lost, oldest, newest
  from kept
  left join bounds using (camera_id)
 order by camera_id;

-- settled_bytes --
-- What each camera's settled segments take that began in [start, end); a part of an hour.
select camera_id, sum(size_bytes)::bigint
  from video_segments
 where start_time >= %(start)s
   and start_time < %(end)s
   and state not in ('open', 'lost')
 group by camera_id;

-- came --
-- What came of each of these cameras (or of all) in each hour of [start, end): hours since 1970 and bytes, as packed
-- numbers, for there are many. Index: primary key of the hours, else a walk over all of them.
select camera_id,
       string_agg(int4send((extract(epoch from hour) / 3600)::integer), '' order by hour),
       string_agg(int8send(size_bytes), '' order by hour)
  from (
      select camera_id, hour, sum(came_bytes)::bigint as size_bytes
        from stream_hours
       where hour >= %(start)s
         and hour < %(end)s
         and (%(cameras)s::text[] is null or camera_id = any (%(cameras)s))
       group by camera_id, hour
  ) as hours
 group by camera_id
 order by camera_id;

-- stored --
-- What is stored of each of these cameras (or of all) by class and volume: hours since 1970, segments that are not
-- doomed, and bytes, as packed numbers. Walks all hours that are kept, one row for each, and no segment.
select camera_id, data_class, volume_id,
       string_agg(int4send((extract(epoch from hour) / 3600)::integer), '' order by hour),
       string_agg(int4send(segments), '' order by hour),
       string_agg(int8send(size_bytes), '' order by hour)
  from (
      select camera_id, hour, data_class, volume_id, sum(closed + recovered)::integer as segments,
             sum(size_bytes)::bigint as size_bytes
        from stored_hours
       where closed + recovered > 0
         and (%(cameras)s::text[] is null or camera_id = any (%(cameras)s))
       group by camera_id, hour, data_class, volume_id
  ) as hours
 group by camera_id, data_class, volume_id
 order by camera_id, data_class, volume_id;

-- forget --
-- Forgets what came in hours long ago of which nothing is there any more.
delete from stream_hours h
 where h.hour < %(before)s
   and h.open = 0
   and h.first_at is null
   and not exists (select from stored_hours s where s.stream_id = h.stream_id and s.hour = h.hour);

-- outages --
-- When nothing is known of what the main streams of these cameras (or of all) would have brought: gaps of a minute or
-- more that nobody wants, in [start, end). Index: gaps_span.
select g.camera_id, greatest(g.started_at, %(start)s::timestamptz), least(coalesce(g.ended_at, %(end)s), %(end)s::timestamptz)
  from gaps g
  join streams s using (stream_id)
 where tstzrange(g.started_at, g.ended_at) && tstzrange(%(start)s, %(end)s)
   and s.role = 'main'
   and g.cause <> all (%(on_purpose)s)
   and coalesce(g.ended_at, %(end)s) - g.started_at >= interval '1 minute'
   and (%(cameras)s::text[] is null or g.camera_id = any (%(cameras)s))
 order by g.camera_id, g.started_at;
