-- Footage by the hour: what came, what is there. Kept in the transaction that changes a segment, so it is never behind.
-- A segment counts from when it is settled; where one is open the hour says so, and readers look it up. Decision 0026.

create table stream_hours (
    stream_id uuid not null,
    hour timestamptz not null,
    camera_id varchar(50) not null,
    role text not null check (role in ('main', 'sub')),
    came_bytes bigint not null default 0 check (came_bytes >= 0),
    open integer not null default 0 check (open >= 0),
    recorded_us bigint not null default 0 check (recorded_us between 0 and 3600000000),
    first_at timestamptz,
    last_at timestamptz,
    primary key (stream_id, hour)
) with (fillfactor = 80);
comment on table stream_hours is 'One UTC hour of a stream. Its row is the lock under which the hour is counted.';
comment on column stream_hours.came_bytes is 'Of segments that began in the hour, when they were settled; stays when they are deleted.';
comment on column stream_hours.open is 'Segments that began in the hour and are not settled; nothing else here knows of them.';
comment on column stream_hours.recorded_us is 'Of the hour, covered by living segments that are settled, overlaps counted once; microseconds.';
comment on column stream_hours.first_at is 'Start of the first of that footage within the hour; null when there is none.';
comment on column stream_hours.last_at is 'End of the last of it within the hour.';
create index stream_hours_camera on stream_hours (camera_id, hour) where recorded_us > 0;
create index stream_hours_open on stream_hours (stream_id, hour) where open > 0;

create table stored_hours (
    stream_id uuid not null,
    hour timestamptz not null,
    data_class text not null,
    volume_id uuid not null,
    camera_id varchar(50) not null,
    role text not null check (role in ('main', 'sub')),
    closed integer not null check (closed >= 0),
    recovered integer not null check (recovered >= 0),
    doomed integer not null check (doomed >= 0),
    lost integer not null check (lost >= 0),
    size_bytes bigint not null check (size_bytes >= 0),
    primary key (stream_id, hour, data_class, volume_id)
) with (fillfactor = 80);
comment on table stored_hours is 'Settled segments that began in a UTC hour, by class and volume. Each hour is counted whole, never counted up.';
comment on column stored_hours.size_bytes is 'Of all but the lost ones.';
create index stored_hours_camera on stored_hours (camera_id, hour);

create function hours_of(started_at timestamptz, ended_at timestamptz) returns setof timestamptz
language sql immutable rows 1 as $$
    select date_bin('1 hour', started_at, 'epoch'::timestamptz)
    union
    select date_bin('1 hour', greatest(started_at, ended_at - interval '1 microsecond'), 'epoch'::timestamptz)
$$;
comment on function hours_of(timestamptz, timestamptz) is 'The UTC hours that a segment touches: one or two, for none is longer than five minutes.';

-- The bounds are given as values of their own: only then are the days that hold nothing of it left out in planning.
create function count_hours(streams uuid[], hours timestamptz[]) returns void
language plpgsql as $$
declare
    since timestamptz := (select min(hour) from unnest(hours) as hour);
    until timestamptz := (select max(hour) from unnest(hours) as hour) + interval '1 hour';
begin
    delete from public.stored_hours s
     using unnest(streams, hours) as t (stream_id, hour)
     where s.stream_id = t.stream_id and s.hour = t.hour;
    execute $q$
        insert into public.stored_hours (
            stream_id, hour, data_class, volume_id, camera_id, role, closed, recovered, doomed, lost, size_bytes
        )
        select v.stream_id, t.hour, v.data_class, v.volume_id, min(v.camera_id), min(v.role),
               count(*) filter (where v.state = 'closed'),
               count(*) filter (where v.state = 'recovered'),
               count(*) filter (where v.state = 'doomed'),
               count(*) filter (where v.state = 'lost'),
               coalesce(sum(v.size_bytes) filter (where v.state <> 'lost'), 0)
          from unnest($1, $2) as t (stream_id, hour)
          join public.video_segments v
            on v.stream_id = t.stream_id and v.start_time >= t.hour and v.start_time < t.hour + interval '1 hour'
         where v.start_time >= $3 and v.start_time < $4 and v.state <> 'open'
         group by v.stream_id, t.hour, v.data_class, v.volume_id
    $q$ using streams, hours, since, until;
    execute $q$
        update public.stream_hours h
           set open = found.open,
               recorded_us = coalesce(
                   (select sum(extract(epoch from upper(span) - lower(span)) * 1000000) from unnest(found.spans) as span), 0
               ),
               first_at = found.first_at,
               last_at = found.last_at
          from (
              select stream_id, hour,
                     count(*) filter (where state = 'open' and start_time >= hour) as open,
                     range_agg(tstzrange(piece_start, piece_end)) filter (where is_there) as spans,
                     min(piece_start) filter (where is_there) as first_at,
                     max(piece_end) filter (where is_there) as last_at
                from (
                    select t.stream_id, t.hour, v.state, v.start_time, span is not null and v.state <> 'open' as is_there,
                           greatest(lower(span), t.hour) as piece_start,
                           least(upper(span), t.hour + interval '1 hour') as piece_end
                      from unnest($1, $2) as t (stream_id, hour)
                      left join public.video_segments v
                        on v.stream_id = t.stream_id
                       and v.start_time > t.hour - interval '5 minutes'
                       and v.start_time < t.hour + interval '1 hour'
                       and v.start_time > $3 and v.start_time < $4
                       and v.state in ('open', 'closed', 'recovered')
                      -- What is left of a segment, where a part was given up; an empty one has its instant.
                      left join lateral (
                          select span from unnest(v.claims) as span where v.claims is not null
                           union all
                          select tstzrange(v.start_time, v.end_time, '[]') where v.claims is null and v.state is not null
                      ) as whole on (upper(span) > t.hour or v.start_time >= t.hour) and lower(span) < t.hour + interval '1 hour'
                ) as pieces
               group by stream_id, hour
          ) as found
         where h.stream_id = found.stream_id and h.hour = found.hour
    $q$ using streams, hours, since - interval '5 minutes', until;
end
$$;
comment on function count_hours(uuid[], timestamptz[]) is 'Counts hours of streams anew; their rows of stream_hours must be there and locked.';

-- The functions name their schema instead of setting a path, which would cost as much again at every statement.

create function count_new_segments() returns trigger
language plpgsql as $$
declare
    streams uuid[];
    hours timestamptz[];
begin
    with put as (
        insert into public.stream_hours as known (stream_id, hour, camera_id, role, came_bytes)
        select f.stream_id, hour, min(f.camera_id), min(f.role),
               coalesce(sum(f.size_bytes) filter (where f.start_time >= hour and f.state in ('closed', 'recovered') and not f.is_thinned), 0)
          from fresh f
         cross join lateral public.hours_of(f.start_time, f.end_time) as hour
         group by f.stream_id, hour
         order by f.stream_id, hour
        on conflict (stream_id, hour) do update set came_bytes = known.came_bytes + excluded.came_bytes
        returning stream_id, hour
    )
    select array_agg(stream_id), array_agg(hour) into streams, hours from put;
    if streams is not null then
        perform public.count_hours(streams, hours);
    end if;
    return null;
end
$$;

create function count_changed_segments() returns trigger
language plpgsql as $$
declare
    streams uuid[];
    hours timestamptz[];
begin
    if not exists (select from fresh where state <> 'open') then
        return null;  -- one that is written grows every few seconds
    end if;
    with put as (
        insert into public.stream_hours as known (stream_id, hour, camera_id, role, came_bytes)
        select f.stream_id, hour, min(f.camera_id), min(f.role),
               coalesce(sum(f.size_bytes) filter (
                   where f.start_time >= hour and s.state = 'open' and f.state in ('closed', 'recovered')
               ), 0)
          from fresh f
          join stale s using (segment_id, start_time)
         cross join lateral (
             select public.hours_of(f.start_time, f.end_time) union select public.hours_of(f.start_time, s.end_time)
         ) as touched (hour)
         where f.state <> 'open'
           and (s.state, s.end_time, s.data_class, s.volume_id, s.size_bytes, s.claims)
               is distinct from (f.state, f.end_time, f.data_class, f.volume_id, f.size_bytes, f.claims)
         group by f.stream_id, hour
         order by f.stream_id, hour
        on conflict (stream_id, hour) do update set came_bytes = known.came_bytes + excluded.came_bytes
        returning stream_id, hour
    )
    select array_agg(stream_id), array_agg(hour) into streams, hours from put;
    if streams is not null then
        perform public.count_hours(streams, hours);
    end if;
    return null;
end
$$;

create function count_gone_segments() returns trigger
language plpgsql as $$
declare
    streams uuid[];
    hours timestamptz[];
begin
    with put as (
        insert into public.stream_hours as known (stream_id, hour, camera_id, role)
        select s.stream_id, hour, min(s.camera_id), min(s.role)
          from stale s
         cross join lateral public.hours_of(s.start_time, s.end_time) as hour
         group by s.stream_id, hour
         order by s.stream_id, hour
        on conflict (stream_id, hour) do update set came_bytes = known.came_bytes
        returning stream_id, hour
    )
    select array_agg(stream_id), array_agg(hour) into streams, hours from put;
    if streams is not null then
        perform public.count_hours(streams, hours);
    end if;
    return null;
end
$$;

create trigger segments_new after insert on video_segments
    referencing new table as fresh for each statement execute function count_new_segments();
create trigger segments_changed after update on video_segments
    referencing old table as stale new table as fresh for each statement execute function count_changed_segments();
create trigger segments_gone after delete on video_segments
    referencing old table as stale for each statement execute function count_gone_segments();

-- What is there already is counted, too.
insert into stream_hours (stream_id, hour, camera_id, role, came_bytes)
select stream_id, hour, min(camera_id), min(role),
       coalesce(sum(size_bytes) filter (where start_time >= hour and state in ('closed', 'recovered')), 0)
  from video_segments
 cross join lateral hours_of(start_time, end_time) as hour
 group by stream_id, hour;
select count_hours(array_agg(stream_id), array_agg(hour)) from stream_hours group by date_trunc('day', hour);

grant select, insert, update, delete on stream_hours, stored_hours to watchkeep_writer;
grant select on stream_hours, stored_hours to watchkeep_reader;
revoke execute on function
    hours_of(timestamptz, timestamptz), count_hours(uuid[], timestamptz[]), count_new_segments(),
    count_changed_segments(), count_gone_segments()
    from public;
grant execute on function
    hours_of(timestamptz, timestamptz), count_hours(uuid[], timestamptz[]), count_new_segments(),
    count_changed_segments(), count_gone_segments()
    to watchkeep_writer;
