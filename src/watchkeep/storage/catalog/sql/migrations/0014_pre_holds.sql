-- Holds: orders to keep footage whatever the policies say.

create table holds (
    hold_id uuid primary key,
    start_time timestamptz not null,
    end_time timestamptz not null check (end_time > start_time),
    is_for_all boolean not null,
    incident_id uuid,
    event_id uuid,
    case_name text not null default '',
    reason text not null check (reason <> ''),
    owner_user uuid,
    owner_name text not null,
    created_at timestamptz not null,
    expires_at timestamptz check (expires_at > created_at),
    release_user uuid,
    release_name text,
    release_asked_at timestamptz,
    release_reason text,
    release_ends_at timestamptz,
    released_at timestamptz,
    released_user uuid,
    released_name text,
    constraint release_is_whole check (
        (release_asked_at is null) = (release_name is null) and (release_asked_at is null) = (release_reason is null)
    ),
    constraint two_people_release check (
        released_at is null
        or (release_asked_at is not null and released_name is not null and released_user is distinct from release_user)
    )
);
comment on table holds is 'Orders to keep a span of footage whatever retention, want of space or erasure say. Never removed, only ended.';
comment on column holds.end_time is 'Exclusive; of the span that is held, not of the hold.';
comment on column holds.is_for_all is 'Of every camera, those added later too; else see hold_cameras.';
comment on column holds.owner_user is 'Who placed it; null is the owner of the machine at the command line, one person whatever the name.';
comment on column holds.expires_at is 'When it ends by itself; null is never.';
comment on column holds.release_asked_at is 'When somebody asked for its release; it stands until another person confirms.';
comment on column holds.release_ends_at is 'When the hold is to end if the release is confirmed; null is at once.';
create index holds_standing on holds (end_time) where released_at is null;
create index holds_age on holds (created_at desc, hold_id desc);

create table hold_cameras (
    hold_id uuid not null references holds,
    camera_id varchar(50) not null,
    primary key (hold_id, camera_id)
);
comment on table hold_cameras is 'The cameras of a hold. They are named, not referenced: footage outlives what the catalog knows of them.';

grant select, insert, update on holds to watchkeep_writer;
grant select, insert on hold_cameras to watchkeep_writer;
grant select on holds, hold_cameras to watchkeep_reader;
