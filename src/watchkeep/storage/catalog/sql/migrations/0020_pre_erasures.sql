-- Erasures as people see them. What must never be read again stands in the ledger beside the keystore, not here.

create table erasures (
    erasure_id uuid primary key,
    cameras text[] not null check (cardinality(cameras) > 0),
    start_time timestamptz not null,
    end_time timestamptz not null check (end_time > start_time),
    reason text not null,
    asked_by text not null,
    asked_at timestamptz not null,
    state text not null check (state in ('ordered', 'done', 'refused')),
    told text not null default '',
    done_at timestamptz,
    receipt bytea not null default ''
);
comment on table erasures is 'Orders to erase a span of cameras for good, and their signed receipts.';
comment on column erasures.receipt is 'Canonical JSON with signature; empty until it is done.';
create index erasures_ordered on erasures (asked_at) where state = 'ordered';

grant select, insert, update on erasures to watchkeep_writer;
grant select on erasures to watchkeep_reader;
