-- What the analyst sees: models, rules, tracks, events, figures. The tables come first, their code later.

create table models (
    model_id uuid primary key,
    name text not null,
    version text not null,
    digest bytea not null check (length(digest) = 32),
    metadata jsonb not null default '{}',
    created_at timestamptz not null,
    unique (name, version)
);
comment on column models.digest is 'SHA-256 of the weights.';

create table rules (
    rule_id uuid primary key,
    camera_id varchar(50) references cameras,
    name text not null,
    created_at timestamptz not null,
    removed_at timestamptz
);
comment on column rules.camera_id is 'Null: a rule for every camera.';

create table rule_versions (
    rule_id uuid not null references rules,
    version integer not null check (version > 0),
    definition jsonb not null,
    valid_from timestamptz not null,
    primary key (rule_id, version)
);
comment on table rule_versions is 'Every text that a rule ever had; events name the one that made them.';

create table incidents (
    incident_id uuid primary key,
    title text not null,
    state text not null check (state in ('open', 'closed')),
    opened_at timestamptz not null,
    closed_at timestamptz check (closed_at >= opened_at),
    note text not null default ''
);

create table tracks (
    track_id uuid not null,
    start_time timestamptz not null,
    end_time timestamptz not null check (end_time >= start_time),
    camera_id varchar(50) not null,
    stream_id uuid not null,
    object_type varchar(50) not null,
    model_id uuid references models,
    path jsonb not null default '[]',
    primary key (track_id, start_time)
) partition by range (start_time);
comment on table tracks is 'One object followed through time.';
comment on column tracks.path is 'Places along the way: time offsets in seconds, boxes as shares of the frame.';
create index tracks_camera on tracks (camera_id, start_time desc);

create table analysed_frames (
    stream_id uuid not null,
    start_time timestamptz not null,
    model_id uuid not null references models,
    end_time timestamptz not null check (end_time >= start_time),
    frame_offsets_ms integer[] not null,
    primary key (stream_id, start_time, model_id)
) partition by range (start_time);
comment on table analysed_frames is 'Which frames were analysed, so that a replay can be exact.';
comment on column analysed_frames.frame_offsets_ms is 'Milliseconds after start_time, growing.';

create table events (
    event_id uuid not null,
    "timestamp" timestamptz not null,
    ended_at timestamptz check (ended_at >= "timestamp"),
    detected_at timestamptz not null,
    camera_id varchar(50) not null,
    event_type varchar(100) not null,
    confidence double precision not null check (confidence between 0 and 1),
    severity smallint not null default 0 check (severity between 0 and 4),
    location_coordinates point,
    objects_detected jsonb not null default '{}',
    event_metadata jsonb not null default '{}',
    video_reference uuid,
    video_lost_reason text not null default '',
    rule_id uuid,
    rule_version integer,
    track_id uuid,
    incident_id uuid references incidents,
    created_at timestamptz not null default current_timestamp,
    primary key (event_id, "timestamp")
) partition by range ("timestamp");
comment on table events is 'What happened before a camera, with start and maybe end; one partition a UTC day.';
comment on column events."timestamp" is 'Start.';
comment on column events.severity is '0 note to 4 alarm.';
comment on column events.location_coordinates is 'Site coordinates in metres, where the camera is calibrated.';
comment on column events.objects_detected is 'Counts by type, such as {"person": 2}.';
comment on column events.video_reference is 'The segment at its start; a hint without foreign key, because footage goes before its events. Camera and time find it too.';
comment on column events.video_lost_reason is 'Why the footage is gone, once it is.';
create index events_camera on events (camera_id, "timestamp" desc);
create index events_time on events ("timestamp" desc);
create index events_objects on events using gin (objects_detected jsonb_path_ops);

create table event_objects (
    object_id uuid not null,
    event_id uuid not null,
    "timestamp" timestamptz not null,
    camera_id varchar(50) not null,
    object_type varchar(50) not null,
    box_left real not null,
    box_top real not null,
    box_right real not null,
    box_bottom real not null,
    confidence double precision not null check (confidence between 0 and 1),
    tracking_id varchar(50),
    attributes jsonb not null default '{}',
    primary key (object_id, "timestamp"),
    foreign key (event_id, "timestamp") references events (event_id, "timestamp"),
    constraint box_in_frame check (
        0 <= box_left and box_left <= box_right and box_right <= 1
        and 0 <= box_top and box_top <= box_bottom and box_bottom <= 1
    )
) partition by range ("timestamp");
comment on table event_objects is 'Things in the picture of an event; camera and time are repeated so that searches need no join.';
comment on column event_objects."timestamp" is 'Start of its event.';
comment on column event_objects.box_left is 'Share of the frame, as all four edges.';
create index objects_event on event_objects (event_id);
create index objects_type on event_objects (object_type, camera_id, "timestamp" desc);
create index objects_attributes on event_objects using gin (attributes jsonb_path_ops);

create table event_analytics (
    analytics_id uuid not null,
    event_id uuid not null,
    "timestamp" timestamptz not null,
    analysis_type varchar(50) not null,
    results jsonb not null,
    confidence_score double precision check (confidence_score between 0 and 1),
    processed_at timestamptz not null,
    primary key (analytics_id, "timestamp"),
    foreign key (event_id, "timestamp") references events (event_id, "timestamp")
) partition by range ("timestamp");
comment on column event_analytics."timestamp" is 'Start of its event.';
create index analytics_event on event_analytics (event_id);

create table metrics (
    metric_id text primary key,
    unit text not null,
    description text not null
);
comment on table metrics is 'The one list of figures; roll-ups name them.';
insert into metrics (metric_id, unit, description) values
    ('object_counts', '1', 'Objects seen, by camera and type'),
    ('movement_patterns', '1', 'Movement, by camera, pattern and direction'),
    ('events', '1', 'Events, by camera and type, with their severities');

create table object_counts (
    bucket_s integer not null check (bucket_s in (300, 900, 3600, 86400, 604800)),
    camera_id varchar(50) not null,
    "timestamp" timestamptz not null,
    object_type varchar(50) not null,
    count bigint not null check (count >= 0),
    confidence_sum double precision not null default 0 check (confidence_sum >= 0),
    primary key (bucket_s, camera_id, "timestamp", object_type)
);
comment on table object_counts is 'Roll-up of objects: recomputed whole for each closed bucket, never counted up.';
comment on column object_counts.bucket_s is 'Length of the bucket, seconds.';
comment on column object_counts."timestamp" is 'Start of the bucket.';
comment on column object_counts.confidence_sum is 'Divided by count it is the mean confidence.';

create table event_counts (
    bucket_s integer not null check (bucket_s in (300, 900, 3600, 86400, 604800)),
    camera_id varchar(50) not null,
    "timestamp" timestamptz not null,
    event_type varchar(100) not null,
    count bigint not null check (count >= 0),
    severity_counts bigint[] not null default '{0,0,0,0,0}' check (array_length(severity_counts, 1) = 5),
    primary key (bucket_s, camera_id, "timestamp", event_type)
);
comment on column event_counts.severity_counts is 'How many of severity 0, 1, 2, 3, 4.';

create table movement_patterns (
    bucket_s integer not null check (bucket_s in (300, 900, 3600, 86400, 604800)),
    camera_id varchar(50) not null,
    "timestamp" timestamptz not null,
    pattern_type varchar(50) not null,
    direction varchar(20) not null,
    intensity double precision not null check (intensity >= 0),
    primary key (bucket_s, camera_id, "timestamp", pattern_type, direction)
);
comment on column movement_patterns.intensity is 'Share of the frame that moved, mean over the bucket.';

create table dirty_buckets (
    metric_id text not null references metrics,
    camera_id varchar(50) not null,
    "timestamp" timestamptz not null,
    primary key (metric_id, camera_id, "timestamp")
);
comment on table dirty_buckets is 'Five-minute buckets that changed and must be rolled up again.';
