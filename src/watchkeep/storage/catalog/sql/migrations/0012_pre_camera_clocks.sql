-- How a camera's own clock stood against ours when a segment was closed: evidence beside the time it was placed at.

alter table video_segments
    add column camera_clock_offset interval,
    add column camera_clock_drift_ppm double precision,
    add column camera_clock_reports integer check (camera_clock_reports > 0),
    add column camera_clock_at timestamptz,
    add constraint camera_clock_is_whole check (
        num_nulls(camera_clock_offset, camera_clock_reports, camera_clock_at) in (0, 3)
        and (camera_clock_drift_ppm is null or camera_clock_offset is not null)
    );
comment on column video_segments.camera_clock_offset is 'Camera less ours at camera_clock_at; null when no report told. The segment file says the same, sealed.';
comment on column video_segments.camera_clock_drift_ppm is 'How much it gains, microseconds a second; null until a minute of a connection was seen.';
comment on column video_segments.camera_clock_reports is 'How many of the camera''s reports this rests on.';
comment on column video_segments.camera_clock_at is 'When the newest of them came, on our clock.';
