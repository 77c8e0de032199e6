-- prepare --
-- Makes settings for kinds of job that have none yet: what was due before a kind was known is not made up.
insert into job_settings (kind, schedule, due_at)
select kind, schedule, %(now)s from unnest(%(kinds)s::text[], %(schedules)s::text[]) as new (kind, schedule)
on conflict (kind) do nothing;

-- set_schedules --
-- Gives kinds of job other schedules.
update job_settings s
   set schedule = new.schedule
  from unnest(%(kinds)s::text[], %(schedules)s::text[]) as new (kind, schedule)
 where s.kind = new.kind
   and s.schedule <> new.schedule;

-- settings --
-- What is set for every kind; there are a dozen.
select kind, schedule, due_at, paused_by from job_settings order by kind;

-- lock_setting --
-- What is set for a kind; who makes, pauses or cancels its stints waits here for the others.
select kind, schedule, due_at, paused_by from job_settings where kind = %(kind)s for update;

-- note_due --
-- Remembers up to which due minute a kind has had its stints.
update job_settings set due_at = %(due_at)s where kind = %(kind)s;

-- set_paused --
-- Stops following a kind's schedule, or goes on with it.
update job_settings set paused_by = %(by)s where kind = %(kind)s;

-- enqueue --
-- Puts a job into the queue; its triggers tell the workers when the transaction is committed.
insert into procrastinate.procrastinate_jobs (queue_name, task_name, lock)
values ('jobs', %(kind)s::text, %(kind)s::text)
returning id;

-- begin_stint --
-- Notes for whom a queued job is.
insert into job_stints (stint_id, kind, due_at, asked_by, made_at)
values (%(stint)s, %(kind)s, %(due_at)s, %(asked_by)s, %(now)s);

-- alive --
-- The stint of a kind that waits or runs; there is one at most. Index: job_stints_kind.
select s.stint_id, s.kind, j.status::text, s.due_at, s.asked_by, j.attempts, s.progress, s.detail, s.outcome, s.made_at,
       e.started_at, e.ended_at, j.scheduled_at, j.abort_requested
  from job_stints s
  join procrastinate.procrastinate_jobs j on j.id = s.stint_id
 cross join lateral (
           select max(at) filter (where type = 'started') as started_at,
                  max(at) filter (where type in ('succeeded', 'failed', 'cancelled', 'aborted')) as ended_at
             from procrastinate.procrastinate_events
            where job_id = j.id
       ) e
 where s.kind = %(kind)s
   and j.status in ('todo', 'doing')
 order by s.stint_id desc
 limit 1;

-- latest --
-- The two newest stints of every kind: the one that waits or runs, if any, and the one before. Index: job_stints_kind.
select s.stint_id, s.kind, j.status::text, s.due_at, s.asked_by, j.attempts, s.progress, s.detail, s.outcome, s.made_at,
       e.started_at, e.ended_at, j.scheduled_at, j.abort_requested
  from job_settings k
 cross join lateral (
           select * from job_stints where kind = k.kind order by stint_id desc limit 2
       ) s
  join procrastinate.procrastinate_jobs j on j.id = s.stint_id
 cross join lateral (
           select max(at) filter (where type = 'started') as started_at,
                  max(at) filter (where type in ('succeeded', 'failed', 'cancelled', 'aborted')) as ended_at
             from procrastinate.procrastinate_events
            where job_id = j.id
       ) e
 order by s.stint_id desc;

-- history --
-- Stints of a kind, newest first, in pages; they are kept for a month. Index: job_stints_kind.
select s.stint_id, s.kind, j.status::text, s.due_at, s.asked_by, j.attempts, s.progress, s.detail, s.outcome, s.made_at,
       e.started_at, e.ended_at, j.scheduled_at, j.abort_requested
  from job_stints s
  join procrastinate.procrastinate_jobs j on j.id = s.stint_id
 cross join lateral (
           select max(at) filter (where type = 'started') as started_at,
                  max(at) filter (where type in ('succeeded', 'failed', 'cancelled', 'aborted')) as ended_at
             from procrastinate.procrastinate_events
            where job_id = j.id
       ) e
 where s.kind = %(kind)s
   and s.stint_id < %(before)s
 order by s.stint_id desc
 limit %(limit)s;

-- hasten --
-- Lets a waiting job begin at once.
update procrastinate.procrastinate_jobs set scheduled_at = null where id = %(stint)s and status = 'todo';

-- call_off --
-- Takes a job that waits out of the queue.
update procrastinate.procrastinate_jobs set status = 'cancelled' where id = %(stint)s and status = 'todo';

-- ask_to_end --
-- Asks a job that runs to end; a trigger tells its worker.
update procrastinate.procrastinate_jobs set abort_requested = true where id = %(stint)s and status = 'doing';

-- report --
-- How far a stint is.
update job_stints set progress = %(progress)s, detail = %(detail)s where stint_id = %(stint)s;

-- note_outcome --
-- What came of a stint, or of its last attempt.
update job_stints set outcome = %(outcome)s where stint_id = %(stint)s;

-- stalled --
-- Jobs that run as far as is known, but whose worker is gone or has been silent for so long.
select j.id, j.task_name, j.attempts, j.abort_requested
  from procrastinate.procrastinate_jobs j
  left join procrastinate.procrastinate_workers w on w.id = j.worker_id
 where j.status = 'doing'
   and (w.id is null or w.last_heartbeat < now() - %(silent)s::interval)
 order by j.id
   for update of j skip locked;

-- take_again --
-- Puts a stalled job back into the queue.
update procrastinate.procrastinate_jobs
   set status = 'todo', attempts = attempts + 1, worker_id = null, scheduled_at = null
 where id = %(stint)s and status = 'doing';

-- give_up --
-- Ends a stalled job for good.
update procrastinate.procrastinate_jobs
   set status = %(status)s::procrastinate.procrastinate_job_status, attempts = attempts + 1, abort_requested = false
 where id = %(stint)s and status = 'doing';

-- forget --
-- Removes jobs that ended before an instant, with their stints; the newest of a kind stays. Walks all of a month.
delete from procrastinate.procrastinate_jobs j
 using job_stints s
 where s.stint_id = j.id
   and s.made_at < %(before)s
   and j.status not in ('todo', 'doing')
   and exists (select from job_stints n where n.kind = s.kind and n.stint_id > s.stint_id);
