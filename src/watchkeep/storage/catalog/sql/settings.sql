-- get --
-- One setting.
select value from settings where key = %(key)s;

-- put --
-- Sets one.
insert into settings (key, value) values (%(key)s, %(value)s)
on conflict (key) do update set value = excluded.value, changed_at = now();

-- delete --
-- Takes one away.
delete from settings where key = %(key)s;
