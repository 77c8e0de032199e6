-- Daily partitions: made ahead by the keeper, and on demand for any day by whoever has a row for it.

create function make_partition(parent text, day date) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    child text := parent || to_char(day, '_YYYY_MM_DD');
    day_start timestamptz := day::timestamp at time zone 'UTC';
begin
    if to_regclass(child) is not null then
        return false;
    end if;
    -- Attaching needs a far weaker lock than `create table … partition of`: readers go on.
    execute format('create table %I (like %I including defaults including constraints including generated)', child, parent);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                   parent, child, day_start, day_start + interval '1 day');
    return true;
end
$$;

create function make_partitions(day date) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    parents text[] := array['video_segments', 'tracks', 'analysed_frames', 'events', 'event_objects', 'event_analytics'];
    parent text;
    made integer := 0;
begin
    if to_regclass('event_analytics' || to_char(day, '_YYYY_MM_DD')) is not null then
        return 0;  -- the last of them is there, so all are: they are made in one transaction
    end if;
    perform pg_advisory_xact_lock(7242114600002);
    foreach parent in array parents loop
        if make_partition(parent, day) then
            made := made + 1;
        end if;
    end loop;
    return made;
end
$$;
comment on function make_partitions(date) is 'Makes what is missing of the partitions of a UTC day; returns how many.';

create function drop_empty_segment_partitions(before date) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    child text;
    is_empty boolean;
    dropped integer := 0;
begin
    for child in
        select c.relname
          from pg_inherits i
          join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'video_segments'::regclass
           and c.relname < 'video_segments' || to_char(before, '_YYYY_MM_DD')
         order by c.relname
    loop
        execute format('select not exists (select from %I)', child) into is_empty;
        if is_empty then
            execute format('lock table %I in access exclusive mode', child);
            execute format('select not exists (select from %I)', child) into is_empty;
        end if;
        if is_empty then
            execute format('drop table %I', child);
            dropped := dropped + 1;
        end if;
    end loop;
    return dropped;
end
$$;
comment on function drop_empty_segment_partitions(date) is 'Drops the days of video_segments before the given one that hold nothing any more; returns how many.';
