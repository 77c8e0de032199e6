-- create_roles --
-- Makes the four roles that are missing, none of them a superuser; run by an administrator of the server.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['watchkeep_owner', 'watchkeep_writer', 'watchkeep_reader', 'watchkeep_auditor'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I login nosuperuser nocreatedb nocreaterole nobypassrls', wanted);
        end if;
    end loop;
end
$$;

-- database_exists --
-- Says whether the server has a database of that name.
select exists (select from pg_database where datname = %(name)s);
