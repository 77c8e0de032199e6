-- keep_still --
-- Lets no hold begin, end or change until this transaction ends, and waits for those that are about to: who dooms
-- footage and who holds it come one after the other.
lock table holds in share mode;

-- begin --
-- Waits for who dooms footage now, and makes those wait who want to: see keep_still.
lock table holds in row exclusive mode;

-- add --
-- A new hold.
insert into holds (hold_id, start_time, end_time, is_for_all, incident_id, event_id, case_name, reason, owner_user,
                   owner_name, created_at, expires_at)
values (%(id)s, %(start)s, %(end)s, %(is_for_all)s, %(incident)s, %(event)s, %(case)s, %(reason)s, %(owner)s,
        %(owner_name)s, %(created_at)s, %(expires_at)s);

-- add_cameras --
-- The cameras of a new hold.
insert into hold_cameras (hold_id, camera_id) select %(id)s, unnest(%(cameras)s::text[]);

-- change --
-- Writes what may change of a hold: its expiry and its release.
update holds
   set expires_at = %(expires_at)s,
       release_user = %(release_user)s,
       release_name = %(release_name)s,
       release_asked_at = %(release_asked_at)s,
       release_reason = %(release_reason)s,
       release_ends_at = %(release_ends_at)s,
       released_at = %(released_at)s,
       released_user = %(released_user)s,
       released_name = %(released_name)s
 where hold_id = %(id)s;

-- lock_one --
-- Makes others who change this hold wait until this transaction ends.
select hold_id from holds where hold_id = %(id)s for update;

-- get --
-- One hold by its id. Index: primary key.
select h.*, array(select camera_id from hold_cameras c where c.hold_id = h.hold_id order by camera_id) as cameras
  from holds h
 where h.hold_id = %(id)s;

-- list --
-- Holds, newest first, all of whose cameras lie in a scope; that touch a span when one is given. Holds are few; no
-- bound in time is needed. Index: holds_age.
select h.*, array(select camera_id from hold_cameras c where c.hold_id = h.hold_id order by camera_id) as cameras
  from holds h
 where (h.created_at, h.hold_id) < (%(cursor_at)s, %(cursor_id)s)
   and (%(scope)s::text[] is null
        or (not h.is_for_all
            and not exists (
                select from hold_cameras c where c.hold_id = h.hold_id and c.camera_id <> all (%(scope)s::text[])
            )))
   and (%(camera)s::text is null
        or h.is_for_all
        or exists (select from hold_cameras c where c.hold_id = h.hold_id and c.camera_id = %(camera)s))
   and (%(from)s::timestamptz is null or h.end_time > %(from)s)
   and (%(to)s::timestamptz is null or h.start_time < %(to)s)
   and (%(standing_at)s::timestamptz is null
        or (h.released_at is null and (h.expires_at is null or h.expires_at > %(standing_at)s)))
 order by h.created_at desc, h.hold_id desc
 limit %(limit)s;

-- standing --
-- Holds that stand at an instant, oldest first; that touch a span of some cameras when these are given. Holds are few;
-- no bound in time is needed. Index: holds_standing.
select h.*, array(select camera_id from hold_cameras c where c.hold_id = h.hold_id order by camera_id) as cameras
  from holds h
 where h.released_at is null
   and (h.expires_at is null or h.expires_at > %(at)s)
   and (%(from)s::timestamptz is null or h.end_time > %(from)s)
   and (%(to)s::timestamptz is null or h.start_time < %(to)s)
   and (%(cameras)s::text[] is null
        or h.is_for_all
        or exists (select from hold_cameras c where c.hold_id = h.hold_id and c.camera_id = any (%(cameras)s::text[])))
 order by h.created_at, h.hold_id;

-- has_footage --
-- Whether there is footage of some cameras, or of all, in [start, end). No segment is longer than five minutes (a
-- constraint), so the search is bounded below. Index: segments_due or segments_time.
select exists (
    select from video_segments
     where start_time > %(start)s::timestamptz - interval '5 minutes'
       and start_time < %(end)s
       and end_time > %(start)s
       and state in ('open', 'closed', 'recovered')
       and (%(cameras)s::text[] is null or camera_id = any (%(cameras)s::text[]))
);

-- kept --
-- What a hold keeps: segments and bytes. Bounded as has_footage.
select count(*), coalesce(sum(size_bytes), 0)::bigint
  from video_segments
 where start_time > %(start)s::timestamptz - interval '5 minutes'
   and start_time < %(end)s
   and end_time > %(start)s
   and state in ('open', 'closed', 'recovered')
   and (%(cameras)s::text[] is null or camera_id = any (%(cameras)s::text[]));

-- going --
-- How many segments of a span are doomed. Index: segments_unsettled.
select count(*)
  from video_segments
 where state = 'doomed'
   and start_time > %(start)s::timestamptz - interval '5 minutes'
   and start_time < %(end)s
   and end_time > %(start)s
   and (%(cameras)s::text[] is null or camera_id = any (%(cameras)s::text[]));
