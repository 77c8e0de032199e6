-- Adopted trees of somebody else's files: volumes that are only read. Their segments name no shred key.

alter table volumes drop constraint volumes_kind_check;
alter table volumes add constraint volumes_kind_check check (kind in ('disk', 's3', 'adopted'));
create index segments_adopted on video_segments (start_time, segment_id) where shred_key = '';
comment on column video_segments.shred_key is 'Of the keystore; empty for a part of an adopted file, which is not sealed.';
