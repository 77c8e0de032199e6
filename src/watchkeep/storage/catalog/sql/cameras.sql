-- cameras --
-- Cameras within a scope, by name; with or without removed ones. A null scope is every camera. Raw footage is kept as
-- the camera says, else as its site says, else as the class says.
select c.camera_id, c.site_id, c.name, c.is_enabled, own.keep_days as retention_days,
       coalesce(own.keep_days, at_site.keep_days, class.keep_days) as keep_days, c.audio, c.created_at, c.removed_at
  from cameras c
  join data_classes class on class.data_class = 'raw_footage'
  left join policy_overrides own on own.camera_id = c.camera_id and own.data_class = 'raw_footage'
  left join policy_overrides at_site on at_site.site_id = c.site_id and at_site.data_class = 'raw_footage'
 where (c.removed_at is null or %(with_removed)s)
   and (%(scope)s::text[] is null or c.camera_id = any (%(scope)s::text[]))
 order by lower(c.name), c.camera_id;

-- streams --
-- The present streams of cameras, main before sub.
select stream_id, camera_id, role, url, user_name, sealed_password, recording_mode, mode_spans
  from streams
 where camera_id = any (%(cameras)s::text[])
   and removed_at is null
 order by camera_id, role;

-- is_taken --
-- Says whether an id was ever given to a camera.
select exists (select from cameras where camera_id = %(id)s);

-- insert_camera --
-- Adds a camera.
insert into cameras (camera_id, site_id, name, is_enabled, audio, created_at)
values (%(id)s, %(site)s, %(name)s, %(is_enabled)s, %(audio)s, %(created_at)s);

-- put_retention --
-- How long a camera's raw footage is kept, where the camera itself says so.
insert into policy_overrides (camera_id, data_class, keep_days) values (%(id)s, 'raw_footage', %(retention_days)s)
on conflict (site_id, camera_id, data_class) do update set keep_days = excluded.keep_days;

-- update_camera --
-- Changes what an operator says of a camera.
update cameras
   set site_id = %(site)s,
       name = %(name)s,
       is_enabled = %(is_enabled)s,
       audio = %(audio)s
 where camera_id = %(id)s
   and removed_at is null;

-- remove_camera --
-- Takes a camera away; its row and id stay.
update cameras
   set removed_at = greatest(%(at)s, created_at),
       is_enabled = false
 where camera_id = %(id)s
   and removed_at is null;

-- retire_streams --
-- Takes away the streams of a camera that are not in a list; their passwords go at once.
update streams
   set removed_at = greatest(%(at)s, created_at),
       sealed_password = ''
 where camera_id = %(camera)s
   and removed_at is null
   and stream_id <> all (%(kept)s::uuid[]);

-- put_stream --
-- Adds or changes a stream.
insert into streams (
    stream_id, camera_id, role, url, user_name, sealed_password, recording_mode, mode_spans, created_at
) values (
    %(id)s, %(camera)s, %(role)s, %(url)s, %(user_name)s, %(sealed_password)s, %(mode)s, %(spans)s, %(at)s
)
on conflict (stream_id) do update
   set role = excluded.role,
       url = excluded.url,
       user_name = excluded.user_name,
       sealed_password = excluded.sealed_password,
       recording_mode = excluded.recording_mode,
       mode_spans = excluded.mode_spans
 where streams.camera_id = excluded.camera_id
   and streams.removed_at is null;

-- revision --
-- The number that grows with every change of a site, camera or stream.
select revision from camera_revision;

-- put_site --
-- Adds a site or changes its name and zone.
insert into sites (site_id, name, zone) values (%(id)s, %(name)s, %(zone)s)
on conflict (site_id) do update set name = excluded.name, zone = excluded.zone;
