-- A node may have several recorder processes; each gives its own sign of life.

alter table recorder_heartbeats add column shard integer not null default 0 check (shard >= 0);
alter table recorder_heartbeats drop constraint recorder_heartbeats_pkey;
alter table recorder_heartbeats add primary key (node_id, shard);
comment on column recorder_heartbeats.shard is 'Which recorder process of the node, from 0.';
