-- Sites, cameras and their streams, and the number that changes whenever one of them does.

create table sites (
    site_id uuid primary key,
    name text not null check (name <> ''),
    zone text not null default 'UTC',
    created_at timestamptz not null default now()
);
comment on table sites is 'Places that have cameras.';
comment on column sites.zone is 'IANA name of the time zone; only for display and for local days.';

create table cameras (
    camera_id varchar(50) primary key check (camera_id ~ '^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$'),
    site_id uuid not null references sites,
    name text not null check (name <> ''),
    is_enabled boolean not null default true,
    retention_days integer not null default 30 check (retention_days between 1 and 3650),
    created_at timestamptz not null,
    removed_at timestamptz check (removed_at >= created_at)
);
comment on table cameras is 'Devices. A removed camera keeps its row for ever, so that its id is never used again.';
comment on column cameras.camera_id is 'A short word; part of file paths and shred keys.';
comment on column cameras.retention_days is 'How long raw footage is kept, days.';

create table streams (
    stream_id uuid primary key,
    camera_id varchar(50) not null references cameras,
    role text not null check (role in ('main', 'sub')),
    url text not null check (url !~ '^[a-z]+://[^/]*@'),
    user_name text not null default '',
    sealed_password bytea not null default '',
    record boolean not null default true,
    created_at timestamptz not null,
    removed_at timestamptz check (removed_at >= created_at)
);
comment on table streams is 'Encoded views of a camera. A removed stream keeps its row: footage refers to it.';
comment on column streams.url is 'Where it is fetched, without user and password.';
comment on column streams.sealed_password is 'Sealed by the keystore; empty when there is none. Never in clear.';
create unique index streams_role on streams (camera_id, role) where removed_at is null;

create table camera_revision (
    is_only boolean primary key default true check (is_only),
    revision bigint not null
);
comment on table camera_revision is 'One row: grows with every change of a site, camera or stream, so that the recorder notices.';
insert into camera_revision (revision) values (1);

create function note_camera_change() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update camera_revision set revision = revision + 1;
    return null;
end
$$;

create trigger sites_changed after insert or update or delete on sites
    for each statement execute function note_camera_change();
create trigger cameras_changed after insert or update or delete on cameras
    for each statement execute function note_camera_change();
create trigger streams_changed after insert or update or delete on streams
    for each statement execute function note_camera_change();

create function refuse_reuse() returns trigger
language plpgsql as $$
begin
    raise exception 'a camera id is never used again; a camera is removed by removed_at'
        using errcode = 'restrict_violation';
end
$$;

create trigger cameras_stay before delete on cameras
    for each row execute function refuse_reuse();
