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

-- move_events --
-- All events of some incidents to another.
update events set incident_id = %(incident)s
 where incident_id = any(%(others)s::uuid[]) and "timestamp" between %(first)s and %(last)s;

-- drop --
-- Incidents that were merged into another.
delete from incidents where incident_id = any(%(others)s::uuid[]);

-- compute --
-- An incident whole from its events. Index: events_incident.
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

-- unsee --
-- An event came that nobody has seen.
update incidents set reviewed_at = null, reviewed_by = null where incident_id = %(id)s;

-- list --
-- Incidents, newest first, page by page. Index: incidents_time, incidents_camera.
select i.incident_id, i.camera_id, i.started_at, i.ended_at, i.seen_until, i.severity, i.event_count, i.event_types,
       i.object_types, i.best_event, i.best_event_at, i.reviewed_at, i.reviewed_by, i.verdict, i.verdict_at,
       i.verdict_by, e.picture_path is not null as has_picture, e.best_left, e.best_top, e.best_right, e.best_bottom,
       e.best_at
  from incidents i
  left join events e on e.event_id = i.best_event and e."timestamp" = i.best_event_at
 where (i.started_at, i.incident_id) < (%(cursor_at)s, %(cursor_id)s::uuid)
   and (%(from)s::timestamptz is null or i.seen_until >= %(from)s)
   and (%(to)s::timestamptz is null or i.started_at < %(to)s)
   and (%(cameras)s::text[] is null or i.camera_id = any(%(cameras)s::text[]))
   and (%(kinds)s::text[] is null or i.event_types && %(kinds)s::text[])
   and (%(objects)s::text[] is null or i.object_types && %(objects)s::text[])
   and i.severity >= %(severity)s
   and (%(is_seen)s::boolean is null or (i.reviewed_at is not null) = %(is_seen)s)
   and (%(has_verdict)s::boolean is null or (i.verdict is not null) = %(has_verdict)s)
   and (%(verdict)s::boolean is null or i.verdict = %(verdict)s)
 order by i.started_at desc, i.incident_id desc
 limit %(limit)s;

-- get --
-- One incident.
select i.incident_id, i.camera_id, i.started_at, i.ended_at, i.seen_until, i.severity, i.event_count, i.event_types,
       i.object_types, i.best_event, i.best_event_at, i.reviewed_at, i.reviewed_by, i.verdict, i.verdict_at,
       i.verdict_by, e.picture_path is not null as has_picture, e.best_left, e.best_top, e.best_right, e.best_bottom,
       e.best_at
  from incidents i
  left join events e on e.event_id = i.best_event and e."timestamp" = i.best_event_at
 where i.incident_id = %(id)s;

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
