-- Jobs as people see them. Who runs what and in which order is the queue's business (the schema procrastinate); these
-- two tables hold only what the queue has no place for. The table jobs of 0005 was never used.

drop table jobs;

create table job_settings (
    kind text primary key,
    schedule text not null default '',
    due_at timestamptz not null,
    paused_by text not null default ''
);
comment on table job_settings is 'What people and the clock said of each kind of job.';
comment on column job_settings.schedule is 'Five fields as cron has them, in UTC; empty: only when it is asked for. The keeper writes it at its start.';
comment on column job_settings.due_at is 'The last due minute for which there was a stint, or since which it is counted.';
comment on column job_settings.paused_by is 'Who paused it; empty while its schedule is followed.';

create table job_stints (
    stint_id bigint primary key references procrastinate.procrastinate_jobs (id) on delete cascade,
    kind text not null,
    due_at timestamptz,
    asked_by text not null default '',
    made_at timestamptz not null,
    progress double precision not null default 0 check (progress between 0 and 1),
    detail text not null default '',
    outcome text not null default ''
);
comment on table job_stints is 'One time that a job is done: for whom, how far it is, what came of it. The queue says whether it runs.';
comment on column job_stints.due_at is 'For which minute of its schedule; null if somebody asked for it.';
create index job_stints_kind on job_stints (kind, stint_id desc);

alter table outbox drop constraint outbox_kind_check;
alter table outbox add constraint outbox_kind_check check (
    kind in ('camera', 'segment', 'gap', 'state', 'user', 'settings', 'event', 'incident', 'storage', 'job')
);

grant select, insert, update, delete on job_settings, job_stints to watchkeep_writer;
grant select on job_settings, job_stints to watchkeep_reader;
