-- Settings, notices to those who watch, and work to be done.

create table settings (
    key text primary key,
    value text not null,
    changed_at timestamptz not null default now()
);
comment on table settings is 'What may be changed while the system runs.';

create table outbox (
    notice_id bigint generated always as identity primary key,
    made_at timestamptz not null default clock_timestamp(),
    kind text not null check (kind in ('camera', 'segment', 'gap', 'state', 'user', 'settings', 'event', 'incident', 'storage')),
    camera_id varchar(50),
    facts jsonb not null default '{}',
    acting_subject text not null default coalesce(current_setting('watchkeep.subject', true), '')
);
comment on table outbox is 'Notices of what changed, in the order of their commits; read by the page and by hooks.';
create index outbox_age on outbox (made_at);

create table jobs (
    job_id uuid primary key,
    kind text not null,
    state text not null check (state in ('waiting', 'running', 'done', 'failed')),
    arguments jsonb not null default '{}',
    progress double precision not null default 0 check (progress between 0 and 1),
    detail text not null default '',
    asked_by text not null,
    asked_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz
);
comment on table jobs is 'Work that people ask for and can watch, such as exports; what runs it keeps its own tables.';
create index jobs_state on jobs (state, asked_at);
