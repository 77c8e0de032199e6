-- open_session --
-- Remembers that somebody signed in.
insert into sessions (token_digest, user_id, address, created_at, seen_at)
values (%(digest)s, %(user)s, %(address)s, %(at)s, %(at)s);

-- session --
-- The account of a living session: not idle too long, not too old, account present and enabled.
select s.user_id, s.created_at, s.seen_at
  from sessions s
  join users u using (user_id)
 where s.token_digest = %(digest)s
   and s.seen_at > %(idle_since)s
   and s.created_at > %(made_since)s
   and u.removed_at is null
   and u.is_enabled;

-- touch_session --
-- Notes that a session is in use.
update sessions set seen_at = greatest(seen_at, %(at)s) where token_digest = %(digest)s;

-- close_session --
-- Signs out.
delete from sessions where token_digest = %(digest)s;

-- close_sessions_of --
-- Signs an account out everywhere; but for one session, if its digest is given.
delete from sessions
 where user_id = %(user)s
   and (%(but)s::bytea is null or token_digest <> %(but)s);

-- forget_sessions --
-- Removes sessions that nobody can use any more.
delete from sessions where seen_at <= %(idle_since)s or created_at <= %(made_since)s;

-- attempts --
-- Failed sign-ins in a row of these keys.
select key, failures, last_at from sign_in_attempts where key = any (%(keys)s::text[]);

-- count_attempt --
-- Counts a failed sign-in; after a quiet time the count begins anew.
insert into sign_in_attempts (key, failures, last_at) values (%(key)s, 1, %(at)s)
on conflict (key) do update
   set failures = case when sign_in_attempts.last_at < %(quiet_since)s then 1 else sign_in_attempts.failures + 1 end,
       last_at = greatest(sign_in_attempts.last_at, excluded.last_at)
returning failures;

-- clear_attempts --
-- Forgets the failures of a key after a good sign-in.
delete from sign_in_attempts where key = any (%(keys)s::text[]);

-- forget_attempts --
-- Removes counts that nobody looks at any more.
delete from sign_in_attempts where last_at < %(quiet_since)s;
