-- Tiers are names that the settings give; volumes say how they are; moves are placements with a purpose.

alter table volumes drop constraint volumes_tier_check;
alter table volumes add constraint volumes_tier_check check (tier <> '');
alter table volumes
    add column condition text not null default 'good' check (condition in ('good', 'full', 'away', 'wrong')),
    add column condition_since timestamptz,
    add column detail text not null default '',
    add column free_bytes bigint check (free_bytes >= 0),
    add column total_bytes bigint check (total_bytes >= 0),
    add column used_bytes bigint not null default 0,
    add column seen_at timestamptz;
comment on column volumes.tier is 'A name of the settings; they say in which order footage passes through tiers.';
comment on column volumes.condition_since is 'Since when it is so; null before it was looked at.';
comment on column volumes.detail is 'What is wrong, for a person; empty when nothing is.';
comment on column volumes.free_bytes is 'As last seen; null where nothing bounds it.';
comment on column volumes.total_bytes is 'As last seen; null where nothing bounds it.';
comment on column volumes.used_bytes is 'Of segments whose own place it is; counted now and then, kept up with by moves.';

alter table placements
    add column purpose text not null default 'copy' check (purpose in ('move', 'copy')),
    add column leased_by uuid,
    add column leased_until timestamptz,
    add column not_before timestamptz,
    add column attempts integer not null default 0 check (attempts >= 0),
    add column detail text not null default '';
comment on column placements.purpose is 'move: becomes the segment''s own place; copy: stays beside it.';
comment on column placements.leased_by is 'The node that copies it now.';
comment on column placements.not_before is 'After a failure, when it is tried again.';
comment on column placements.detail is 'Why the last try failed; empty if none did.';

create index segments_volume on video_segments (volume_id, start_time);
