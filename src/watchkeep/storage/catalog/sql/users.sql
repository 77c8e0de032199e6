-- accounts --
-- Present accounts by name; all, or one by id, or one by name in any case.
select user_id, name, is_enabled, created_at
  from users
 where removed_at is null
   and (%(id)s::uuid is null or user_id = %(id)s)
   and (%(name)s::text is null or lower(name) = lower(%(name)s))
 order by lower(name);

-- grants --
-- What accounts are granted: role, its actions, and the cameras.
select g.user_id,
       g.role_name,
       r.actions,
       r.is_preset,
       g.is_for_all,
       array(select c.camera_id::text from grant_cameras c where c.grant_id = g.grant_id order by 1) as cameras
  from grants g
  join roles r on r.name = g.role_name
 where g.user_id = any (%(users)s::uuid[])
 order by g.user_id, g.grant_id;

-- lock_accounts --
-- Makes others who want to change accounts wait until this transaction ends. The number is arbitrary.
select pg_advisory_xact_lock(7242114600004);

-- password_hash --
-- The encoded hash of an account that may sign in.
select password_hash from users where user_id = %(id)s and removed_at is null and is_enabled;

-- insert_account --
-- Adds an account.
insert into users (user_id, name, password_hash, created_at) values (%(id)s, %(name)s, %(password_hash)s, %(at)s);

-- set_password --
-- Gives an account another password.
update users set password_hash = %(password_hash)s where user_id = %(id)s and removed_at is null;

-- set_enabled --
-- Lets an account sign in or not.
update users set is_enabled = %(is_enabled)s where user_id = %(id)s and removed_at is null;

-- rename_account --
-- Gives an account another name.
update users set name = %(name)s where user_id = %(id)s and removed_at is null;

-- remove_account --
-- Takes an account away; its row stays for the audit, its password hash goes.
update users
   set removed_at = %(at)s, is_enabled = false, password_hash = ''
 where user_id = %(id)s and removed_at is null;

-- clear_grants --
-- Takes everything from an account that it was granted.
delete from grants where user_id = %(user)s;

-- insert_grant --
-- Grants a role.
insert into grants (user_id, role_name, is_for_all) values (%(user)s, %(role)s, %(is_for_all)s) returning grant_id;

-- insert_grant_camera --
-- Names a camera that a grant is for.
insert into grant_cameras (grant_id, camera_id) values (%(grant)s, %(camera)s);

-- roles --
-- All roles by name.
select name, actions, is_preset from roles order by name;

-- insert_role --
-- Adds a role.
insert into roles (name, actions) values (%(name)s, %(actions)s);

-- update_role --
-- Changes what a role allows; presets stay.
update roles set actions = %(actions)s where name = %(name)s and not is_preset;

-- remove_role --
-- Removes a role; presets stay.
delete from roles where name = %(name)s and not is_preset;

-- users_of_role --
-- The present accounts that hold a role.
select distinct g.user_id from grants g join users u using (user_id)
 where g.role_name = %(name)s and u.removed_at is null;
