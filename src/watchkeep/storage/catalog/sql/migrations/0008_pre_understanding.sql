-- What the analyst writes: the tables of 0004 as they are used, and what it remembers between two starts.

alter table events drop constraint events_incident_id_fkey;
drop table incidents;

create table incidents (
    incident_id uuid primary key,
    camera_id varchar(50) not null,
    started_at timestamptz not null,
    ended_at timestamptz check (ended_at >= started_at),
    seen_until timestamptz not null check (seen_until >= started_at),
    severity smallint not null check (severity between 0 and 3),
    event_count integer not null check (event_count > 0),
    event_types text[] not null,
    object_types text[] not null,
    best_event uuid not null,
    best_event_at timestamptz not null,
    reviewed_at timestamptz,
    reviewed_by text,
    verdict boolean,
    verdict_at timestamptz,
    verdict_by text
);
comment on table incidents is 'Events of one camera that overlap or follow within 30 s: what people review. Computed whole from its events.';
comment on column incidents.ended_at is 'Null while one of its events goes on.';
comment on column incidents.seen_until is 'Newest picture that belongs to it.';
comment on column incidents.best_event is 'The one whose picture stands for it; best_event_at is its start, which bounds the partition.';
comment on column incidents.reviewed_at is 'When somebody marked it seen; an event that comes later takes the mark away.';
comment on column incidents.verdict is 'What a person said: true or a false alarm.';
create index incidents_time on incidents (started_at desc, incident_id desc);
create index incidents_camera on incidents (camera_id, started_at desc, incident_id desc);
create index incidents_reach on incidents (camera_id, seen_until desc);

alter table events
    drop constraint events_severity_check,
    add constraint events_severity_check check (severity between 0 and 3),
    add column stream_id uuid not null,
    add column object_type varchar(50) not null,
    add column seen_until timestamptz not null,
    add column end_reason text check (end_reason in (
        'left', 'gone', 'resting', 'passed', 'rule_changed', 'camera_lost', 'restart'
    )),
    add column revision integer not null check (revision > 0),
    add column severity_reasons text[] not null default '{}',
    add column model_id uuid references models,
    add column direction text check (direction in ('left_to_right', 'right_to_left')),
    add column best_at timestamptz not null,
    add column best_score real not null check (best_score between 0 and 1),
    add column best_left real not null,
    add column best_top real not null,
    add column best_right real not null,
    add column best_bottom real not null,
    add column picture_volume uuid,
    add column picture_path text check (picture_path !~ '(^/|(^|/)\.\.(/|$))'),
    add column picture_bytes bigint check (picture_bytes > 0),
    add column picture_at timestamptz,
    add column picture_left real,
    add column picture_top real,
    add column picture_right real,
    add column picture_bottom real,
    add constraint end_has_reason check ((ended_at is null) = (end_reason is null)),
    add constraint picture_is_whole check ((picture_path is null) = (picture_volume is null));
comment on column events.severity is '0 info, 1 notice, 2 alert, 3 critical.';
comment on column events.revision is 'Grows with every change; a lower one that comes late changes nothing.';
comment on column events.seen_until is 'Newest picture that belongs to it.';
comment on column events.best_at is 'When its object was seen best; the best_ columns are its box then, shares of the frame.';
comment on column events.picture_path is 'Of the sealed picture, relative to its volume.';
comment on column events.picture_at is 'Which moment the picture shows.';
comment on column events.picture_left is 'The object''s box in the picture, as all four edges; the best moment may be a later one by now.';
comment on column events.picture_bytes is 'Size of the sealed file, bytes.';
create index events_open on events (stream_id, "timestamp") where ended_at is null;
create index events_incident on events (incident_id);
drop index events_time;
create index events_time on events ("timestamp" desc, event_id desc);

alter table tracks
    add column confidence_e4 integer not null check (confidence_e4 between 0 and 10000),
    add column observations integer not null check (observations > 0),
    add column has_moved boolean not null,
    add column is_over boolean not null;
comment on column tracks.confidence_e4 is 'Mean confidence in ten-thousandths: whole numbers add up the same in any order.';

create table tracker_states (
    stream_id uuid primary key,
    at timestamptz not null,
    saved bytea not null
);
comment on table tracker_states is 'Where the analyst was in each stream; after a restart it goes on there.';
comment on column tracker_states.at is 'The newest picture that was analysed.';

create table analysis_states (
    stream_id uuid primary key,
    camera_id varchar(50) not null,
    condition text not null check (condition in ('watching', 'waiting', 'failed')),
    since timestamptz not null,
    detail text not null,
    frames_analysed bigint not null,
    frames_skipped bigint not null,
    latency_s double precision not null,
    objects integer not null,
    seen_at timestamptz not null
);
comment on table analysis_states is 'What the analyst last said of each stream.';

create table detectors (
    node_id uuid primary key,
    phase text not null check (phase in ('starting', 'fetching', 'ready', 'failed')),
    model text not null,
    version text not null,
    engine text not null,
    licence text not null,
    object_types text[] not null,
    is_stand_in boolean not null,
    detail text not null,
    sandbox text[] not null,
    seen_at timestamptz not null
);
comment on table detectors is 'What each node''s analyst last said of its detector.';

alter table rules
    alter column camera_id set not null,
    add column is_default boolean not null default false;
comment on column rules.camera_id is 'Every rule belongs to a camera.';
comment on column rules.is_default is 'Made with the camera.';
create index rules_camera on rules (camera_id) where removed_at is null;

create function add_default_rule(camera text) returns void
language sql security definer set search_path = public, pg_temp as $$
    with made as (
        insert into rules (rule_id, camera_id, name, created_at, is_default)
        values (gen_random_uuid(), camera, 'Any person or vehicle', now(), true)
        returning rule_id
    )
    insert into rule_versions (rule_id, version, definition, valid_from)
    select rule_id, 1,
           '{"kind": "object", "objects": ["person", "vehicle", "cycle"], "points": [], "direction": "any",
             "severity": 1, "anchor": "foot", "is_enabled": true}'::jsonb,
           now()
      from made
$$;
comment on function add_default_rule(text) is 'Every camera is born with a rule, so that detection needs no setting up.';

create function give_default_rule() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform add_default_rule(new.camera_id);
    return null;
end
$$;

create trigger cameras_begin after insert on cameras for each row execute function give_default_rule();
select add_default_rule(camera_id) from cameras where removed_at is null;

create trigger rules_changed after insert or update or delete on rules
    for each statement execute function note_camera_change();
create trigger rule_versions_changed after insert or update or delete on rule_versions
    for each statement execute function note_camera_change();

grant select, insert, update, delete on incidents, tracker_states, analysis_states, detectors to watchkeep_writer;
grant select on incidents, analysis_states, detectors to watchkeep_reader;
revoke execute on function add_default_rule(text), give_default_rule() from public;
grant execute on function give_default_rule() to watchkeep_writer;
