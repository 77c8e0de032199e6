-- Whether a camera's audio is recorded: for no camera until somebody says so.

alter table cameras add column audio boolean not null default false;
comment on column cameras.audio is 'Whether its audio is recorded, too.';
