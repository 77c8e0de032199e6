-- lock --
-- Makes others who add an entry or a notice wait until this transaction ends, so that order is order of commit.
select pg_advisory_xact_lock(7242114600003);

-- head --
-- Number and digest of the newest entry; nothing when there is none.
select head_sequence, head_digest from audit_head();

-- append --
-- Adds an entry.
insert into audit (
    sequence, entry_id, at, subject, address, action, target, camera_id, outcome, reason, facts, previous, digest
) values (
    %(sequence)s, %(id)s, %(at)s, %(subject)s, %(address)s, %(action)s, %(target)s, %(camera)s, %(outcome)s, %(reason)s,
    %(facts)s, %(previous)s, %(digest)s
);

-- read --
-- Entries newest first, below a number; filters that are null let everything through. Index: primary key.
select sequence, entry_id, at, subject, address, action, target, outcome, reason, facts
  from audit
 where sequence < coalesce(%(before)s::bigint, 9223372036854775807)
   and (%(subject)s::text is null or subject = %(subject)s)
   and (%(camera)s::text is null or camera_id = %(camera)s)
   and (%(start)s::timestamptz is null or at >= %(start)s)
   and (%(end)s::timestamptz is null or at < %(end)s)
 order by sequence desc
 limit %(limit)s;

-- chain --
-- All entries oldest first, with their digests.
select sequence, entry_id, at, subject, address, action, target, outcome, reason, facts, previous, digest
  from audit
 order by sequence;
