-- rules_of --
-- The newest text of every rule of these cameras, or of all, that was not removed; the default one first.
select r.rule_id, v.version, r.camera_id, r.name, r.is_default, v.definition
  from rules r
  join lateral (
      select version, definition from rule_versions where rule_id = r.rule_id order by version desc limit 1
  ) v on true
 where r.removed_at is null
   and (%(cameras)s::text[] is null or r.camera_id = any(%(cameras)s::text[]))
 order by r.camera_id, r.is_default desc, r.created_at, r.rule_id;

-- rule --
-- The newest text of one rule that was not removed.
select r.rule_id, v.version, r.camera_id, r.name, r.is_default, v.definition
  from rules r
  join lateral (
      select version, definition from rule_versions where rule_id = r.rule_id order by version desc limit 1
  ) v on true
 where r.rule_id = %(rule)s
   and r.removed_at is null;

-- add_rule --
-- A new rule.
insert into rules (rule_id, camera_id, name, created_at) values (%(rule)s, %(camera)s, %(name)s, %(at)s);

-- add_version --
-- A new text; the row of the rule is locked, so that two changes at once get two versions.
with locked as (
    select rule_id from rules where rule_id = %(rule)s and removed_at is null for update
)
insert into rule_versions (rule_id, version, definition, valid_from)
select rule_id,
       coalesce((select max(version) from rule_versions v where v.rule_id = locked.rule_id), 0) + 1,
       %(definition)s,
       %(at)s
  from locked
returning version;

-- rename_rule --
-- The name stands at the rule; old events show the new name.
update rules set name = %(name)s where rule_id = %(rule)s and name <> %(name)s;

-- remove_rule --
-- Removes a rule; its texts stay, for events name them.
update rules set removed_at = %(at)s where rule_id = %(rule)s and removed_at is null;

-- count_rules --
-- How many rules a camera has.
select count(*) from rules where camera_id = %(camera)s and removed_at is null;

-- names --
-- Names of rules, removed ones too.
select rule_id, name from rules where rule_id = any(%(rules)s::uuid[]);
