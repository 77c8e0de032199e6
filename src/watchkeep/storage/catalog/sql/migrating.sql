-- create_ledger --
-- The list of migrations that were applied.
create table if not exists schema_migrations (
    name text primary key,
    checksum bytea not null,
    applied_at timestamptz not null default clock_timestamp()
);

-- has_ledger --
-- Says whether any migration ever ran here.
select to_regclass('schema_migrations') is not null;

-- applied --
-- Names and checksums of the migrations that were applied.
select name, checksum from schema_migrations order by name;

-- lock_out_others --
-- One process migrates at a time; held until the session ends. The number is arbitrary.
select pg_advisory_lock(7242114600001);

-- note --
-- Remembers a migration, in the same transaction as its changes.
insert into schema_migrations (name, checksum) values (%(name)s, %(checksum)s);
