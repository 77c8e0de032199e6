-- When a segment's bytes were last read against their tags, so that a scrub goes on where it was interrupted.

alter table video_segments add column verified_at timestamptz;
comment on column video_segments.verified_at is 'When all its bytes last passed their tags; null: not since it was recorded.';
