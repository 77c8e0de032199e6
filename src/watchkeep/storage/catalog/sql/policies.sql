-- classes --
-- What each data class says.
select data_class, keep_days, sensitivity, longest_days, quota_bytes, replicas, residency, before_s, after_s
  from data_classes
 order by data_class;

-- overrides --
-- What sites and cameras say differently.
select site_id, camera_id, data_class, keep_days, replicas, residency
  from policy_overrides;

-- places --
-- The site and the quota of each camera, removed ones included.
select camera_id, site_id, quota_bytes from cameras;

-- put_class --
-- Changes what a class says.
update data_classes
   set keep_days = %(keep_days)s,
       longest_days = %(longest_days)s,
       quota_bytes = %(quota_bytes)s,
       replicas = %(replicas)s,
       residency = %(residency)s,
       before_s = %(before_s)s,
       after_s = %(after_s)s
 where data_class = %(data_class)s;

-- put_override --
-- Changes what a site or a camera says of a class.
insert into policy_overrides (site_id, camera_id, data_class, keep_days, replicas, residency)
values (%(site)s, %(camera)s, %(data_class)s, %(keep_days)s, %(replicas)s, %(residency)s)
on conflict (site_id, camera_id, data_class) do update
   set keep_days = excluded.keep_days,
       replicas = excluded.replicas,
       residency = excluded.residency;

-- drop_override --
-- A site or a camera says nothing of a class any more.
delete from policy_overrides
 where site_id is not distinct from %(site)s
   and camera_id is not distinct from %(camera)s
   and data_class = %(data_class)s;

-- put_quota --
-- What all footage of a camera may take.
update cameras set quota_bytes = %(quota_bytes)s where camera_id = %(camera)s;
