-- Data classes as policies, what sites and cameras change of them, clips by reference, and proofs of deletion.

alter table data_classes
    add column longest_days integer check (longest_days > 0),
    add column quota_bytes bigint check (quota_bytes > 0),
    add column replicas integer not null default 1 check (replicas between 1 and 9),
    add column residency text[] not null default '{}',
    add column before_s integer not null default 10 check (before_s between 0 and 3600),
    add column after_s integer not null default 10 check (after_s between 0 and 3600),
    add constraint no_longer_than_the_law check (keep_days <= longest_days);
comment on column data_classes.longest_days is 'What the law allows at most, days; null when it says nothing.';
comment on column data_classes.quota_bytes is 'What all footage of the class may take, bytes; the oldest goes first. Null: no limit.';
comment on column data_classes.replicas is 'How many copies there are to be, on different volumes.';
comment on column data_classes.residency is 'The tiers that it may lie on; empty: any.';
comment on column data_classes.before_s is 'Of a clip: footage kept before its event, seconds.';
comment on column data_classes.after_s is 'Of a clip: footage kept after its event, seconds.';

create table policy_overrides (
    site_id uuid references sites,
    camera_id varchar(50) references cameras,
    data_class text not null references data_classes,
    keep_days integer check (keep_days between 1 and 36500),
    replicas integer check (replicas between 1 and 9),
    residency text[] check (residency <> '{}'),
    unique nulls not distinct (site_id, camera_id, data_class),
    check (num_nonnulls(site_id, camera_id) = 1),
    check (num_nonnulls(keep_days, replicas, residency) > 0)
);
comment on table policy_overrides is 'What a site or a camera says differently of a data class; null is inherited: class, then site, then camera.';
comment on column policy_overrides.keep_days is 'Days since the end of the footage.';

insert into policy_overrides (camera_id, data_class, keep_days)
select camera_id, 'raw_footage', retention_days from cameras;
alter table cameras
    drop column retention_days,
    add column quota_bytes bigint check (quota_bytes > 0);
comment on column cameras.quota_bytes is 'What all its footage may take, bytes; the oldest goes first. Null: no limit.';

-- Clips by reference: the file stays whole, the rest of it is not handed out any more.
alter table video_segments
    add column claims tstzmultirange,
    add column is_thinned boolean not null default false;
comment on column video_segments.claims is 'What of it may still be handed out; null: all of it.';
comment on column video_segments.is_thinned is 'Only its key pictures are left.';
-- What a sweep looks for: the oldest of a camera and class. It does the work of segments_camera, too.
create index segments_due on video_segments (camera_id, data_class, start_time)
    where state in ('closed', 'recovered', 'lost');
drop index segments_camera;

alter table incidents
    add column archived_at timestamptz,
    add column archived_by text,
    add constraint archived_by_somebody check ((archived_at is null) = (archived_by is null));
comment on column incidents.archived_at is 'When a person said that it and its footage are to be kept as an archived event.';
-- An event is looked for a day before the footage that it claims; the few that last longer are found here.
create index events_long on events (camera_id, "timestamp") where seen_until - "timestamp" > interval '24 hours';

create table deletion_certificates (
    number bigint primary key check (number > 0),
    made_at timestamptz not null,
    body bytea not null,
    digest bytea not null check (length(digest) = 32),
    signature bytea not null check (length(signature) = 64)
);
comment on table deletion_certificates is 'What was deleted and why, chained and signed; see docs/formats/deletion-certificate.md.';
comment on column deletion_certificates.number is 'From 1 without holes.';
comment on column deletion_certificates.body is 'The canonical bytes that are signed.';
comment on column deletion_certificates.digest is 'SHA-256 of the body; the next body names it.';
create index certificates_age on deletion_certificates (made_at desc);

create table keeper_state (
    is_only boolean primary key default true check (is_only),
    seen_at timestamptz not null,
    doubt text not null default '',
    pressure text not null default 'none'
        check (pressure in ('none', 'warned', 'leftovers', 'sub_only', 'thinning', 'deleting', 'stuck')),
    detail text not null default '',
    since timestamptz not null,
    full_on timestamptz,
    trusted_at timestamptz
);
comment on table keeper_state is 'One row: what the keeper last said of its clock and of the room that there is.';
comment on column keeper_state.doubt is 'Why nothing is deleted, as long as the clock is doubted.';
comment on column keeper_state.full_on is 'When the reserve is reached, as measured; null when it is not in sight.';
comment on column keeper_state.trusted_at is 'When a person last said that the clock is right.';

grant select, insert, update, delete on policy_overrides, keeper_state to watchkeep_writer;
grant select, insert on deletion_certificates to watchkeep_writer;
grant select on policy_overrides, keeper_state, deletion_certificates to watchkeep_reader;
