-- Roll-ups of tracks and events: the log of what must be counted again, who writes it, and the counts.
-- How it works and why: storage/catalog/rollups.py.

drop table dirty_buckets, object_counts, event_counts;

create table dirty_buckets (
    mark_id bigint generated always as identity primary key,
    family text not null check (family in ('object_counts', 'event_counts')),
    camera_id varchar(50) not null,
    "timestamp" timestamptz not null,
    is_rebuild boolean not null default false
);
comment on table dirty_buckets is 'A log: buckets that must be counted again. Only ever added to, without any unique key: see rollups.py.';
comment on column dirty_buckets."timestamp" is 'Start of a bucket of five minutes.';
comment on column dirty_buckets.is_rebuild is 'Nothing of its five minutes changed, only the days and weeks are cut anew.';

create table rollup_states (
    family text primary key check (family in ('object_counts', 'event_counts')),
    raw_before timestamptz not null default '0001-01-01 00:00:00+00',
    fine_before timestamptz not null default '0001-01-01 00:00:00+00',
    coarse_before timestamptz not null default '0001-01-01 00:00:00+00',
    late_marks bigint not null default 0 check (late_marks >= 0),
    as_of timestamptz
);
comment on table rollup_states is 'How far each family is, and what is sealed because what it was made of is gone.';
comment on column rollup_states.raw_before is 'The seal: tracks or events that began before may be gone, so their buckets of 5 minutes stay as they are.';
comment on column rollup_states.fine_before is 'Buckets of 5 and 15 minutes before are gone, so the hours and days there stay as they are.';
comment on column rollup_states.coarse_before is 'Hours, days and weeks before are gone.';
comment on column rollup_states.late_marks is 'Changes that came below the seal and were not counted.';
comment on column rollup_states.as_of is 'All that was written before is counted; null before the first refresh.';
insert into rollup_states (family) values ('object_counts'), ('event_counts');

-- Rows change in place again and again: the room left in each page lets that happen without touching the index.
create table object_counts (
    bucket_s integer not null check (bucket_s in (300, 900, 3600, 86400, 604800)),
    camera_id varchar(50) not null,
    "timestamp" timestamptz not null,
    object_type varchar(50) not null,
    count bigint not null check (count > 0),
    confidence_e4 bigint not null check (confidence_e4 between 0 and count * 10000),
    primary key (bucket_s, camera_id, "timestamp", object_type)
) with (fillfactor = 80);
comment on table object_counts is 'Tracks that moved, counted once, where they began. Each bucket is counted whole, never counted up.';
comment on column object_counts.bucket_s is 'Length of the bucket, seconds; of a day and a week the usual one.';
comment on column object_counts."timestamp" is 'Start of the bucket; of a day and a week in the zone of the camera''s site.';
comment on column object_counts.confidence_e4 is 'Sum of their mean confidences, ten-thousandths.';

create table event_counts (
    bucket_s integer not null check (bucket_s in (300, 900, 3600, 86400, 604800)),
    camera_id varchar(50) not null,
    "timestamp" timestamptz not null,
    event_type varchar(100) not null,
    count bigint not null check (count > 0),
    severity_counts bigint[] not null check (array_length(severity_counts, 1) = 4),
    primary key (bucket_s, camera_id, "timestamp", event_type)
) with (fillfactor = 80);
comment on table event_counts is 'Events, counted where they began. Each bucket is counted whole, never counted up.';
comment on column event_counts.bucket_s is 'Length of the bucket, seconds; of a day and a week the usual one.';
comment on column event_counts."timestamp" is 'Start of the bucket; of a day and a week in the zone of the camera''s site.';
comment on column event_counts.severity_counts is 'How many of severity 0, 1, 2, 3.';

-- What is there already is counted, too.
insert into dirty_buckets (family, camera_id, "timestamp")
select distinct 'object_counts', camera_id, date_bin('5 minutes', start_time, 'epoch') from tracks where has_moved;
insert into dirty_buckets (family, camera_id, "timestamp")
select distinct 'event_counts', camera_id, date_bin('5 minutes', "timestamp", 'epoch') from events;

-- The marks are written by whoever changes tracks or events, in the same transaction. Deletion by age leaves none:
-- it says so with `watchkeep.is_retention` for its own transaction, and has moved the seal before (rollups.py).
-- The functions name their schema instead of setting a path, which would cost as much again at every statement;
-- an upsert that adds a row calls those of updates, too, with nothing.

create function mark_new_tracks() returns trigger
language plpgsql as $$
begin
    insert into public.dirty_buckets (family, camera_id, "timestamp")
    select 'object_counts', camera_id, date_bin('5 minutes', start_time, 'epoch') from fresh where has_moved;
    return null;
end
$$;

create function mark_changed_tracks() returns trigger
language plpgsql as $$
begin
    if not exists (select from stale) then
        return null;
    end if;
    insert into public.dirty_buckets (family, camera_id, "timestamp")
    select distinct 'object_counts', touched.camera_id, date_bin('5 minutes', touched.start_time, 'epoch')
      from stale
      full join fresh using (track_id, start_time)
     cross join lateral (
         values (stale.camera_id, start_time, stale.has_moved), (fresh.camera_id, start_time, fresh.has_moved)
     ) as touched (camera_id, start_time, has_moved)
     where touched.has_moved
       and (stale.camera_id, stale.object_type, stale.confidence_e4, stale.has_moved)
           is distinct from (fresh.camera_id, fresh.object_type, fresh.confidence_e4, fresh.has_moved);
    return null;
end
$$;

create function mark_lost_tracks() returns trigger
language plpgsql as $$
begin
    if current_setting('watchkeep.is_retention', true) = 'on' then
        return null;
    end if;
    insert into public.dirty_buckets (family, camera_id, "timestamp")
    select distinct 'object_counts', camera_id, date_bin('5 minutes', start_time, 'epoch') from stale where has_moved;
    return null;
end
$$;

create function mark_new_events() returns trigger
language plpgsql as $$
begin
    insert into public.dirty_buckets (family, camera_id, "timestamp")
    select 'event_counts', camera_id, date_bin('5 minutes', "timestamp", 'epoch') from fresh;
    return null;
end
$$;

create function mark_changed_events() returns trigger
language plpgsql as $$
begin
    if not exists (select from stale) then
        return null;
    end if;
    insert into public.dirty_buckets (family, camera_id, "timestamp")
    select distinct 'event_counts', touched.camera_id, date_bin('5 minutes', touched."timestamp", 'epoch')
      from stale
      full join fresh using (event_id, "timestamp")
     cross join lateral (
         values (stale.camera_id, "timestamp"), (fresh.camera_id, "timestamp")
     ) as touched (camera_id, "timestamp")
     where touched.camera_id is not null
       and (stale.camera_id, stale.event_type, stale.severity)
           is distinct from (fresh.camera_id, fresh.event_type, fresh.severity);
    return null;
end
$$;

create function mark_lost_events() returns trigger
language plpgsql as $$
begin
    if current_setting('watchkeep.is_retention', true) = 'on' then
        return null;
    end if;
    insert into public.dirty_buckets (family, camera_id, "timestamp")
    select distinct 'event_counts', camera_id, date_bin('5 minutes', "timestamp", 'epoch') from stale;
    return null;
end
$$;

create trigger tracks_new after insert on tracks
    referencing new table as fresh for each statement execute function mark_new_tracks();
create trigger tracks_changed after update on tracks
    referencing old table as stale new table as fresh for each statement execute function mark_changed_tracks();
create trigger tracks_lost after delete on tracks
    referencing old table as stale for each statement execute function mark_lost_tracks();
create trigger events_new after insert on events
    referencing new table as fresh for each statement execute function mark_new_events();
create trigger events_changed after update on events
    referencing old table as stale new table as fresh for each statement execute function mark_changed_events();
create trigger events_lost after delete on events
    referencing old table as stale for each statement execute function mark_lost_events();

-- Another zone: days and weeks begin at other instants.

create function recut_days(cameras text[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    -- Whoever refreshes now works with the old zone: wait until its rows can be seen.
    perform pg_advisory_xact_lock(7242114600009);
    -- Four marks meet every new day (of 23 hours or more) that touches an old one (of 25 or less); weeks likewise.
    with gone as (
        delete from object_counts c
         using rollup_states s
         where s.family = 'object_counts'
           and c.bucket_s in (86400, 604800)
           and c.camera_id = any(cameras)
           and c."timestamp" >= s.fine_before - make_interval(secs => case c.bucket_s when 604800 then 604800 else 0 end)
        returning c.bucket_s, c.camera_id, c."timestamp"
    )
    insert into dirty_buckets (family, camera_id, "timestamp", is_rebuild)
    select distinct 'object_counts', camera_id, "timestamp" + make_interval(secs => after_s), true
      from gone, unnest(array[0, bucket_s / 2, bucket_s, bucket_s + 3300]) as after_s;
    with gone as (
        delete from event_counts c
         using rollup_states s
         where s.family = 'event_counts'
           and c.bucket_s in (86400, 604800)
           and c.camera_id = any(cameras)
           and c."timestamp" >= s.fine_before - make_interval(secs => case c.bucket_s when 604800 then 604800 else 0 end)
        returning c.bucket_s, c.camera_id, c."timestamp"
    )
    insert into dirty_buckets (family, camera_id, "timestamp", is_rebuild)
    select distinct 'event_counts', camera_id, "timestamp" + make_interval(secs => after_s), true
      from gone, unnest(array[0, bucket_s / 2, bucket_s, bucket_s + 3300]) as after_s;
end
$$;
comment on function recut_days(text[]) is 'Days and weeks of these cameras go, as far as what they are made of is there, and are marked to be made anew.';

create function note_zone_change() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform recut_days(array(select camera_id::text from cameras where site_id = new.site_id));
    return null;
end
$$;

create function note_move() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform recut_days(array[new.camera_id::text]);
    return null;
end
$$;

create trigger sites_zone after update of zone on sites
    for each row when (old.zone is distinct from new.zone) execute function note_zone_change();
create trigger cameras_move after update of site_id on cameras
    for each row when (old.site_id is distinct from new.site_id) execute function note_move();

grant select, insert, update, delete on object_counts, event_counts, dirty_buckets to watchkeep_writer;
grant select, update on rollup_states to watchkeep_writer;
grant select on object_counts, event_counts, dirty_buckets, rollup_states to watchkeep_reader;
revoke execute on function
    mark_new_tracks(), mark_changed_tracks(), mark_lost_tracks(), mark_new_events(), mark_changed_events(),
    mark_lost_events(), recut_days(text[]), note_zone_change(), note_move()
    from public;
grant execute on function
    mark_new_tracks(), mark_changed_tracks(), mark_lost_tracks(), mark_new_events(), mark_changed_events(),
    mark_lost_events(), note_zone_change(), note_move()
    to watchkeep_writer;
