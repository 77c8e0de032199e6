-- keep_days --
-- How long events are kept, and those that a person archived, days.
select events.keep_days, greatest(archived.keep_days, events.keep_days)
  from data_classes events, data_classes archived
 where events.data_class = 'event' and archived.data_class = 'archived_event';

-- orphans --
-- Events that go on as far as is known, though no picture belongs to them since an instant. Of every partition only
-- the index events_open is read: it holds nothing but what goes on.
select event_id, "timestamp", camera_id
  from events
 where ended_at is null
   and seen_until < %(before)s
   and "timestamp" < %(before)s
   and (%(streams)s::uuid[] is null or stream_id = any(%(streams)s::uuid[]));

-- close --
-- Ends events at their last picture; one that has gone on meanwhile stays.
update events e
   set ended_at = e.seen_until, end_reason = %(reason)s, revision = e.revision + 1
  from unnest(%(ids)s::uuid[], %(starts)s::timestamptz[]) as orphan (id, start)
 where e.event_id = orphan.id
   and e."timestamp" = orphan.start
   and e."timestamp" between %(first)s and %(last)s
   and e.ended_at is null
   and e.seen_until < %(before)s
returning e.event_id, e.camera_id, e.incident_id, e.event_type, e.object_type, e.severity;

-- due --
-- The oldest events that began before an instant and have no picture elsewhere, with the place of their picture; of
-- those that a person archived such as began before another. Index: events_time, of the oldest partitions.
select e.event_id, e."timestamp", e.camera_id, e.picture_path
  from events e
  left join incidents i using (incident_id)
 where e."timestamp" < %(before)s
   and (i.archived_at is null or e."timestamp" < %(archived_before)s)
   and (e.picture_volume is null or e.picture_volume = %(volume)s)
 order by e."timestamp", e.event_id
 limit %(limit)s;

-- keep_marks_out --
-- Deletion by age takes raw rows from under their roll-ups, which stay: no marks are left until the transaction ends.
select set_config('watchkeep.is_retention', 'on', true);

-- lock_events --
-- Of some events those that are there and have no other picture than the known one.
select e.event_id
  from events e
  join unnest(%(ids)s::uuid[], %(starts)s::timestamptz[], %(paths)s::text[]) as due (id, start, path)
    on e.event_id = due.id and e."timestamp" = due.start
 where e."timestamp" between %(first)s and %(last)s
   and e.picture_path is not distinct from due.path
   for update of e;

-- delete_objects --
-- Removes the objects of events.
delete from event_objects
 where event_id = any(%(ids)s::uuid[]) and "timestamp" between %(first)s and %(last)s;

-- delete_analytics --
-- Removes what else was found out about events.
delete from event_analytics
 where event_id = any(%(ids)s::uuid[]) and "timestamp" between %(first)s and %(last)s;

-- delete_events --
-- Removes events; returns the incidents that they belonged to.
delete from events
 where event_id = any(%(ids)s::uuid[]) and "timestamp" between %(first)s and %(last)s
returning incident_id;

-- delete_empty --
-- Removes those incidents that have no event left. Index: events_incident.
delete from incidents i
 where i.incident_id = any(%(incidents)s::uuid[])
   and not exists (
       select from events e
        where e.incident_id = i.incident_id and e."timestamp" between i.started_at and i.seen_until
   );

-- left --
-- Which of some incidents are there.
select incident_id from incidents where incident_id = any(%(incidents)s::uuid[]) order by incident_id;

-- delete_tracks --
-- Removes some of the tracks that began before an instant, partition by partition.
with old as (
    select track_id, start_time from tracks where start_time < %(before)s limit %(limit)s
)
delete from tracks t
 using old
 where t.track_id = old.track_id and t.start_time = old.start_time and t.start_time < %(before)s;

-- delete_analysed --
-- Removes some of the notes of frames that were looked at before an instant, partition by partition.
with old as (
    select stream_id, start_time, model_id from analysed_frames where start_time < %(before)s limit %(limit)s
)
delete from analysed_frames f
 using old
 where f.stream_id = old.stream_id
   and f.start_time = old.start_time
   and f.model_id = old.model_id
   and f.start_time < %(before)s;
