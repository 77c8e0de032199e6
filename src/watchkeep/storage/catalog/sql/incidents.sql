-- touching --
-- Incidents of a camera that are no further than the gap from a span, oldest first. Index: incidents_reach.
select incident_id, started_at, seen_until
  from incidents
 where camera_id = %(camera)s
   and (ended_at is null or ended_at >= %(start)s::timestamptz - %(gap)s::interval)
   and seen_until >= %(start)s::timestamptz - interval '1 day'
   and started_at <= coalesce(%(end)s::timestamptz, 'infinity') + %(gap)s::interval
 order by started_at, incident_id
   for update;

-- begin --
-- A new incident; what it is made of is computed next.
insert into incidents (
    incident_id, camera_id, started_at, seen_until, severity, event_count, event_types, object_types, best_event,
    best_event_at
) values (%(id)s, %(camera)s, %(start)s, %(start)s, 0, 1, '{}', '{}', %(event)s, %(start)s)
on conflict do nothing;

-- join_event --
-- Puts an event into an incident.
update events set incident_id = %(incident)s
 where event_id = %(event)s and "timestamp" = %(start)s and incident_id is distinct from %(incident)s;

-- merge_marks --
-- What people said of incidents that are merged: seen is what was all seen; a verdict outlives the merging, and what
-- was archived of one is archived of all.
update incidents i
   set reviewed_at = case when o.are_seen then i.reviewed_at end,
       reviewed_by = case when o.are_seen then i.reviewed_by end,
       verdict = coalesce(i.verdict, o.verdict),
       verdict_at = coalesce(i.verdict_at, o.verdict_at),
       verdict_by = coalesce(i.verdict_by, o.verdict_by),
       archived_at = coalesce(i.archived_at, o.archived_at),
       archived_by = coalesce(i.archived_by, o.archived_by)
  from (
      select bool_and(reviewed_at is not null) as are_seen,
             (array_agg(verdict order by started_at) filter (where verdict is not null))[1] as verdict,
             (array_agg(verdict_at order by started_at) filter (where verdict is not null))[1] as verdict_at,
             (array_agg(verdict_by order by started_at) filter (where verdict is not null))[1] as verdict_by,
             (array_agg(archived_at order by started_at) filter (where archived_at is not null))[1] as archived_at,
             (array_agg(archived_by order by started_at) filter (where archived_at is not null))[1] as archived_by
        from incidents
       where incident_id = any(%(others)s::uuid[])
  ) o
 where i.incident_id = %(incident)s;

-- move_events --
-- All events of some incidents to another. Index: events_incident.
update events set incident_id = %(incident)s
 where incident_id = any(%(others)s::uuid[]) and "timestamp" between %(first)s and %(last)s;

-- drop --
-- Incidents that were merged into another.
delete from incidents where incident_id = any(%(others)s::uuid[]);

-- compute --
-- An incident whole from its events, all of which begin in the span. Index: events_incident.
update incidents i
   set started_at = found.started_at,
       ended_at = found.ended_at,
       seen_until = found.seen_until,
       severity = found.severity,
       event_count = found.event_count,
       event_types = found.event_types,
       object_types = found.object_types,
       best_event = found.best_event,
       best_event_at = found.best_event_at
  from (
      select min("timestamp") as started_at,
             case when bool_and(ended_at is not null) then max(ended_at) end as ended_at,
             max(coalesce(ended_at, seen_until)) as seen_until,
             max(severity) as severity,
             count(*) as event_count,
             array_agg(distinct event_type::text) as event_types,
             array_agg(distinct object_type::text) as object_types,
             (array_agg(event_id order by picture_path is null, severity desc, best_score desc, event_id))[1]
                 as best_event,
             (array_agg("timestamp" order by picture_path is null, severity desc, best_score desc, event_id))[1]
                 as best_event_at
        from events
       where incident_id = %(id)s
         and "timestamp" between %(first)s and %(last)s
      having count(*) > 0
  ) found
 where i.incident_id = %(id)s;

-- look --
-- An incident as it is told of, and from when to when its events begin.
select camera_id, started_at, ended_at, seen_until, severity, event_count, event_types, object_types, best_event
  from incidents
 where incident_id = %(id)s;

-- unsee --
-- An event came that nobody has seen.
update incidents set reviewed_at = null, reviewed_by = null
 where incident_id = %(id)s and reviewed_at is not null;

-- list --
-- Incidents, newest first, page by page. Index: incidents_time, incidents_camera.
select incident_id, camera_id, started_at, ended_at, seen_until, severity, event_count, event_types, object_types,
       best_event, best_event_at, reviewed_at, reviewed_by, verdict, verdict_by, archived_at, archived_by
  from incidents
 where (started_at, incident_id) < (%(cursor_at)s, %(cursor_id)s::uuid)
   and (%(from)s::timestamptz is null or seen_until >= %(from)s)
   and (%(to)s::timestamptz is null or started_at < %(to)s)
   and (%(cameras)s::text[] is null or camera_id = any(%(cameras)s::text[]))
   and (%(kinds)s::text[] is null or event_types && %(kinds)s::text[])
   and (%(objects)s::text[] is null or object_types && %(objects)s::text[])
   and severity >= %(severity)s
   and (%(is_seen)s::boolean is null or (reviewed_at is not null) = %(is_seen)s)
   and (%(has_verdict)s::boolean is null or (verdict is not null) = %(has_verdict)s)
   and (%(verdict)s::boolean is null or verdict = %(verdict)s)
 order by started_at desc, incident_id desc
 limit %(limit)s;

-- get --
-- One incident.
select incident_id, camera_id, started_at, ended_at, seen_until, severity, event_count, event_types, object_types,
       best_event, best_event_at, reviewed_at, reviewed_by, verdict, verdict_by, archived_at, archived_by
  from incidents
 where incident_id = %(id)s;

-- best --
-- The moments that stand for incidents: of the picture if there is one, else the best. By themselves, because a join
-- would be planned for every partition.
select event_id, picture_path is not null as has_picture, coalesce(picture_at, best_at) as at,
       coalesce(picture_left, best_left) as box_left, coalesce(picture_top, best_top) as box_top,
       coalesce(picture_right, best_right) as box_right, coalesce(picture_bottom, best_bottom) as box_bottom
  from events
 where event_id = any(%(ids)s::uuid[])
   and "timestamp" between %(first)s and %(last)s;

-- mark_seen --
-- Somebody has seen it, or takes that back.
update incidents
   set reviewed_at = case when %(is_seen)s then %(at)s::timestamptz end,
       reviewed_by = case when %(is_seen)s then %(by)s end
 where incident_id = %(id)s;

-- mark_verdict --
-- Somebody says whether it was true.
update incidents
   set verdict = %(verdict)s,
       verdict_at = case when %(verdict)s::boolean is not null then %(at)s::timestamptz end,
       verdict_by = case when %(verdict)s::boolean is not null then %(by)s end
 where incident_id = %(id)s;

-- mark_archived --
-- Somebody wants it and its footage kept as an archived event, or takes that back.
update incidents
   set archived_at = case when %(is_archived)s then %(at)s::timestamptz end,
       archived_by = case when %(is_archived)s then %(by)s end
 where incident_id = %(id)s;

-- disown_footage --
-- Footage that is there only for the sake of archived events of a camera in a span is judged anew, as clips.
-- Index: segments_due.
update video_segments
   set data_class = 'event_clip'
 where camera_id = %(camera)s
   and data_class = 'archived_event'
   and state in ('closed', 'recovered', 'lost')
   and start_time > %(start)s::timestamptz - interval '5 minutes'
   and start_time < %(end)s
   and end_time > %(start)s;
