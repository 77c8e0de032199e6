-- Recording modes: a stream was recorded always or never; it may be recorded by motion, events and the week, too.

alter table streams
    add column recording_mode text not null default 'continuous'
        check (recording_mode in ('continuous', 'motion', 'events', 'off')),
    add column mode_spans jsonb not null default '[]' check (jsonb_typeof(mode_spans) = 'array');
comment on column streams.recording_mode is 'What of it is recorded outside its spans; it can be watched live in any mode.';
comment on column streams.mode_spans is 'Spans of the week with a mode of their own, by the clock of the site; the first that holds counts.';
update streams set recording_mode = 'off' where not record;
alter table streams drop column record;

alter table gaps drop constraint gaps_cause_check;
alter table gaps add constraint gaps_cause_check check (cause in (
    'connecting', 'unreachable', 'authentication', 'stream_ended', 'stalled', 'parameters_changed', 'no_video',
    'packets_lost', 'disk', 'recorder_stopped', 'switched_off', 'scheduled_off', 'nothing_moved', 'no_event',
    'clock_step', 'deleted', 'damaged', 'unknown'
));

alter table stream_states drop constraint stream_states_condition_check;
alter table stream_states add constraint stream_states_condition_check check (
    condition in ('recording', 'standby', 'connecting', 'failed', 'off')
);
