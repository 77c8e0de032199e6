-- Who may do what, who is signed in, and what was done.

create table users (
    user_id uuid primary key,
    name text not null check (name <> '' and length(name) <= 64),
    password_hash text not null,
    is_enabled boolean not null default true,
    created_at timestamptz not null,
    removed_at timestamptz
);
comment on column users.password_hash is 'Argon2id, encoded.';
create unique index users_name on users (lower(name)) where removed_at is null;

create table roles (
    name text primary key check (name <> '' and length(name) <= 64),
    actions text[] not null,
    is_preset boolean not null default false
);
comment on table roles is 'Named sets of actions. What a preset allows stands in the program; here is only its name.';
insert into roles (name, actions, is_preset) values
    ('administrator', '{}', true), ('operator', '{}', true), ('viewer', '{}', true);

create table grants (
    grant_id bigint generated always as identity primary key,
    user_id uuid not null references users on delete cascade,
    role_name text not null references roles on update cascade,
    is_for_all boolean not null
);
comment on column grants.is_for_all is 'On every camera, those added later too.';
create index grants_user on grants (user_id);

create table grant_cameras (
    grant_id bigint not null references grants on delete cascade,
    camera_id varchar(50) not null references cameras,
    primary key (grant_id, camera_id)
);

create table sessions (
    token_digest bytea primary key check (length(token_digest) = 32),
    user_id uuid not null references users on delete cascade,
    address text not null,
    created_at timestamptz not null,
    seen_at timestamptz not null check (seen_at >= created_at)
);
comment on table sessions is 'Who is signed in.';
comment on column sessions.token_digest is 'SHA-256 of the token; the token itself is nowhere.';
create index sessions_user on sessions (user_id);
create index sessions_age on sessions (seen_at);

create table sign_in_attempts (
    key text primary key,
    failures integer not null check (failures > 0),
    last_at timestamptz not null
);
comment on table sign_in_attempts is 'Failed sign-ins in a row, by account and by address.';
comment on column sign_in_attempts.key is 'account:NAME or address:ADDRESS.';

create table audit (
    sequence bigint primary key check (sequence > 0),
    entry_id uuid not null unique,
    at timestamptz not null,
    subject text not null,
    address text not null,
    action text not null,
    target text not null,
    camera_id varchar(50),
    outcome text not null check (outcome in ('allowed', 'refused', 'failed')),
    reason text not null,
    facts jsonb not null,
    previous bytea not null check (length(previous) = 32),
    digest bytea not null check (length(digest) = 32),
    acting_subject text not null default coalesce(current_setting('watchkeep.subject', true), '')
);
comment on table audit is 'What was done or refused. Rows are only ever added, each chained to the one before.';
comment on column audit.sequence is 'From 1 without holes.';
comment on column audit.previous is 'Digest of the entry before; zeros at first.';
comment on column audit.digest is 'SHA-256 over previous and the canonical encoding of the entry.';
comment on column audit.acting_subject is 'Whom the transaction named as acting; the database wrote it, not the program.';
create index audit_at on audit (at desc);
create index audit_subject on audit (subject, sequence desc);
create index audit_camera on audit (camera_id, sequence desc) where camera_id is not null;

create function audit_head() returns table (head_sequence bigint, head_digest bytea)
language sql stable security definer set search_path = public, pg_temp as $$
    select sequence, digest from audit order by sequence desc limit 1
$$;
comment on function audit_head() is 'What the next entry is chained to; for those who may add but not read.';
