-- Runs, segments, their copies, and gaps.

create table data_classes (
    data_class text primary key,
    keep_days integer not null check (keep_days > 0),
    sensitivity text not null check (sensitivity in ('low', 'medium', 'high'))
);
comment on table data_classes is 'How long each kind of stored thing is kept and how much harm a leak does.';
comment on column data_classes.keep_days is 'Days since capture.';
insert into data_classes (data_class, keep_days, sensitivity) values
    ('raw_footage', 30, 'high'),
    ('event_clip', 90, 'high'),
    ('archived_event', 365, 'high'),
    ('event', 180, 'high'),
    ('event_skeleton', 365, 'medium'),
    ('rollup_fine', 365, 'medium'),
    ('rollup_coarse', 730, 'medium'),
    ('metadata', 365, 'high'),
    ('system_log', 90, 'medium'),
    ('audit', 365, 'high');

create table volumes (
    volume_id uuid primary key,
    kind text not null check (kind in ('disk', 's3')),
    location text not null,
    tier text not null default 'hot' check (tier in ('hot', 'warm', 'cold')),
    reserve_bytes bigint not null default 0 check (reserve_bytes >= 0),
    created_at timestamptz not null,
    retired_at timestamptz
);
comment on table volumes is 'Places that hold sealed segments; the id stands in the volume itself too.';
comment on column volumes.location is 'A folder of the node, or an address of an object store; never with a key.';
comment on column volumes.reserve_bytes is 'Room to be left free, bytes.';

create table videos (
    video_id uuid primary key,
    camera_id varchar(50) not null,
    stream_id uuid not null,
    "timestamp" timestamptz not null,
    ended_at timestamptz check (ended_at >= "timestamp"),
    end_cause text,
    duration integer generated always as (extract(epoch from ended_at - "timestamp")::integer) stored,
    codec text check (codec in ('h264', 'h265')),
    width_px integer check (width_px > 0),
    height_px integer check (height_px > 0),
    resolution text generated always as (width_px::text || 'x' || height_px::text) stored,
    format text not null default 'fmp4',
    parameter_sets bytea[] not null default '{}',
    metadata jsonb not null default '{}',
    is_provisional boolean not null
);
comment on table videos is 'Runs: what came from one unbroken connection to a stream. Cameras are named, not referenced: footage outlives what the catalog knows of them, and must be registrable without.';
comment on column videos."timestamp" is 'Start of the run.';
comment on column videos.duration is 'Seconds; null while it runs.';
comment on column videos.parameter_sets is 'NAL units without start code, in order.';
comment on column videos.is_provisional is 'Known only from a segment so far; the row of the run itself has not arrived.';
create index videos_stream on videos (stream_id, "timestamp" desc);

create table video_segments (
    segment_id uuid not null,
    start_time timestamptz not null,
    end_time timestamptz not null,
    video_id uuid not null references videos,
    camera_id varchar(50) not null,
    stream_id uuid not null,
    role text not null check (role in ('main', 'sub')),
    sequence integer not null check (sequence >= 0),
    data_class text not null references data_classes,
    state text not null check (state in ('open', 'closed', 'recovered', 'doomed', 'lost')),
    volume_id uuid not null,
    file_path text not null check (file_path <> '' and file_path !~ '(^/|(^|/)\.\.(/|$))'),
    size_bytes bigint not null check (size_bytes >= 0),
    fragment_count integer not null check (fragment_count >= 0),
    root_digest bytea not null default '' check (length(root_digest) in (0, 32)),
    shred_key text not null,
    node_id uuid not null,
    reason text not null default '',
    metadata jsonb not null default '{}',
    primary key (segment_id, start_time),
    -- The upper bound is what every search for an overlap relies on: it looks five minutes back, no further.
    constraint segment_length check (end_time >= start_time and end_time <= start_time + interval '5 minutes'),
    constraint digest_of_closed check (state not in ('closed', 'recovered') or length(root_digest) = 32)
) partition by range (start_time);
comment on table video_segments is 'About a minute of one stream in one sealed file; one partition a UTC day.';
comment on column video_segments.end_time is 'Exclusive; of an open segment up to the last durable fragment known here.';
comment on column video_segments.file_path is 'Relative to the volume.';
comment on column video_segments.size_bytes is 'Of the sealed file, bytes.';
comment on column video_segments.root_digest is 'SHA-256 over the salted digests of the fragments; empty while open.';
comment on column video_segments.reason is 'Why it is doomed or lost; empty otherwise.';
create index segments_stream on video_segments (stream_id, start_time desc);
create index segments_camera on video_segments (camera_id, start_time desc);
create index segments_time on video_segments (start_time);
create index segments_unsettled on video_segments (state, start_time) where state in ('open', 'doomed', 'lost');
create index segments_video on video_segments (video_id);

create table segment_tombstones (
    segment_id uuid primary key,
    camera_id varchar(50) not null,
    stream_id uuid not null,
    start_time timestamptz not null,
    end_time timestamptz not null,
    dropped_at timestamptz not null default now(),
    reason text not null
);
comment on table segment_tombstones is 'Segments that were deleted, so that a late row cannot bring one back, and why.';
create index tombstones_age on segment_tombstones (dropped_at);
create index tombstones_camera on segment_tombstones (camera_id, start_time);

create table placements (
    segment_id uuid not null,
    start_time timestamptz not null,
    volume_id uuid not null references volumes,
    path text not null,
    size_bytes bigint not null check (size_bytes >= 0),
    state text not null check (state in ('wanted', 'copying', 'placed', 'verified', 'doomed', 'lost')),
    verified_at timestamptz,
    primary key (segment_id, start_time, volume_id)
);
comment on table placements is 'Copies of segments on volumes beside the one that the segment row names.';
comment on column placements.verified_at is 'When its bytes were last read against their digests.';
create index placements_work on placements (volume_id, state) where state in ('wanted', 'copying', 'doomed');

create table gaps (
    gap_id uuid primary key,
    camera_id varchar(50) not null,
    stream_id uuid not null,
    started_at timestamptz not null,
    ended_at timestamptz check (ended_at >= started_at),
    cause text not null check (cause in (
        'connecting', 'unreachable', 'authentication', 'stream_ended', 'stalled', 'parameters_changed', 'no_video',
        'packets_lost', 'disk', 'recorder_stopped', 'switched_off', 'clock_step', 'deleted', 'damaged', 'unknown'
    )),
    detail text not null default ''
);
comment on table gaps is 'Spans without footage and why.';
comment on column gaps.ended_at is 'Exclusive; null while it lasts.';
-- By time alone: the gaps of all streams that touch an hour are few, and no extension is needed.
create index gaps_span on gaps using gist (tstzrange(started_at, ended_at));
create index gaps_stream on gaps (stream_id, started_at desc);

create table refused_rows (
    refused_id bigint generated always as identity primary key,
    refused_at timestamptz not null default now(),
    row_text text not null,
    reason text not null
);
comment on table refused_rows is 'Rows of a recorder that break a rule; put aside so that those behind them are not held up.';

create table stream_states (
    stream_id uuid primary key,
    condition text not null check (condition in ('recording', 'connecting', 'failed', 'off')),
    since timestamptz not null,
    detail text not null default '',
    codec text not null default '',
    width_px integer not null default 0 check (width_px >= 0),
    height_px integer not null default 0 check (height_px >= 0),
    frames_per_second double precision not null default 0 check (frames_per_second >= 0),
    bits_per_second bigint not null default 0 check (bits_per_second >= 0),
    is_clear_text boolean not null default false,
    seen_at timestamptz not null
);
comment on table stream_states is 'What the recorder last said of each stream.';
comment on column stream_states.seen_at is 'When it last said so.';

create table recorder_heartbeats (
    node_id uuid primary key,
    seen_at timestamptz not null,
    spool_rows integer not null default 0 check (spool_rows >= 0),
    camera_revision bigint not null default 0,
    detail text not null default ''
);
comment on table recorder_heartbeats is 'The last sign of life of each recorder.';
comment on column recorder_heartbeats.spool_rows is 'Rows that wait for the database.';
comment on column recorder_heartbeats.camera_revision is 'The camera plan that it works by.';
