-- newest_ahead --
-- The end of the newest footage of any stream in use that ends after an instant. No segment is longer than five
-- minutes, so the search is bounded below. Index: segments_time.
select max(end_time)
  from video_segments
 where start_time > %(now)s::timestamptz - interval '5 minutes'
   and end_time > %(now)s
   and state in ('open', 'closed', 'recovered')
   and stream_id in (select stream_id from streams where removed_at is null);

-- state --
-- What the keeper last said.
select seen_at, doubt, pressure, detail, since, full_on, trusted_at from keeper_state;

-- put_state --
-- Says how it goes. While the clock is doubted, the time at which it was last believed stays.
insert into keeper_state (seen_at, doubt, pressure, detail, since, full_on, trusted_at)
values (%(now)s, %(doubt)s, %(pressure)s, %(detail)s, %(now)s, %(full_on)s, null)
on conflict (is_only) do update
   set seen_at = case when excluded.doubt = '' then excluded.seen_at else keeper_state.seen_at end,
       since = case when keeper_state.pressure = excluded.pressure then keeper_state.since else excluded.since end,
       trusted_at = case when excluded.doubt = '' then null else keeper_state.trusted_at end,
       doubt = excluded.doubt,
       pressure = excluded.pressure,
       detail = excluded.detail,
       full_on = excluded.full_on;

-- trust --
-- A person says that the clock is right.
update keeper_state set trusted_at = %(now)s;

-- last_certificate --
-- The newest certificate, which the next one names.
select number, digest from deletion_certificates order by number desc limit 1;

-- put_certificate --
-- Adds a certificate.
insert into deletion_certificates (number, made_at, body, digest, signature)
values (%(number)s, %(made_at)s, %(body)s, %(digest)s, %(signature)s);

-- certificates --
-- Certificates in their order, from one on.
select number, made_at, body, digest, signature
  from deletion_certificates
 where number >= %(first)s
 order by number
 limit %(limit)s;

-- previews --
-- The pictures of the oldest events on a volume that no person archived. Their number bounds it, not time.
-- Index: events_time, of the oldest partitions.
select e.event_id, e."timestamp", e.camera_id, e.picture_path, e.picture_bytes
  from events e
  left join incidents i using (incident_id)
 where e."timestamp" < %(before)s
   and e.picture_volume = %(volume)s
   and i.archived_at is null
 order by e."timestamp"
 limit %(limit)s;

-- drop_previews --
-- Events whose pictures are gone say so.
update events e
   set picture_volume = null, picture_path = null, picture_bytes = null, picture_at = null,
       picture_left = null, picture_top = null, picture_right = null, picture_bottom = null
  from unnest(%(ids)s::uuid[], %(starts)s::timestamptz[]) as gone (id, start)
 where e.event_id = gone.id
   and e."timestamp" = gone.start
   and e."timestamp" between %(first)s and %(last)s;
