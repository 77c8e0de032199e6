-- lock --
-- Makes others who add a notice or an audit entry wait until this transaction ends, so that numbers are in the
-- order of commits and no reader can miss one.
select pg_advisory_xact_lock(7242114600003);

-- publish --
-- Adds a notice.
insert into outbox (kind, camera_id, facts) values (%(kind)s, %(camera)s, %(facts)s) returning notice_id;

-- publish_all --
-- Adds notices in their order.
insert into outbox (kind, camera_id, facts)
select kind, camera_id, facts
  from unnest(%(kinds)s::text[], %(cameras)s::text[], %(facts)s::jsonb[]) with ordinality
       as notices (kind, camera_id, facts, number)
 order by number;

-- since --
-- Notices after a number, oldest first. Index: primary key.
select notice_id, made_at, kind, camera_id, facts
  from outbox
 where notice_id > %(after)s
 order by notice_id
 limit %(limit)s;

-- newest --
-- The number of the newest notice, 0 if there is none.
select coalesce(max(notice_id), 0) from outbox;

-- oldest --
-- The number of the oldest notice that is kept, 0 if there is none.
select coalesce(min(notice_id), 0) from outbox;

-- forget --
-- Removes old notices. Index: outbox_age.
delete from outbox where made_at < %(before)s;
