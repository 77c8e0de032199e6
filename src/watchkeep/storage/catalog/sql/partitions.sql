-- prepare --
-- Makes the partitions of a day and of the days after it; returns how many were missing.
select coalesce(sum(make_partitions(%(today)s::date + days)), 0)::integer
  from generate_series(0, %(days_ahead)s::integer) as days;

-- drop_empty --
-- Drops days of video_segments before the given one that hold nothing any more; returns how many.
select drop_empty_segment_partitions(%(before)s::date);
