"""What a recorder that is no more left in the catalog: gaps without an end, and a time when nobody looked."""

from dataclasses import replace
from datetime import datetime

from watchkeep.domain.camera import Stream
from watchkeep.domain.ids import GapId, StreamId
from watchkeep.domain.media import GapCause
from watchkeep.domain.segment import Gap
from watchkeep.domain.sighting import EVENT_DELAY, LATE
from watchkeep.storage.catalog import recordings, states
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.recorder_rows import GapClosed


def signs_of_life(connection: Connection) -> dict[StreamId, datetime]:
    """When a recorder last spoke of each stream; to be asked before a new one does.

    Of the streams, not of the recorder: it may have been another of several processes.
    """
    return {stream: state.seen_at for stream, state in states.stream_states(connection).items()}


def end_gaps(
    connection: Connection,
    stream: Stream,
    *,
    alive_until: datetime | None,
    now: datetime,
    is_taken_up: bool = False,
    current: GapId | None = None,
) -> datetime | None:
    """End the gaps that a dead recorder left, and say up to when the stream is accounted for.

    A gap was true until the dead recorder's last sign of life; from then on nobody looked. A stream that was
    switched off was so until now. Of what waited for a sign in memory, nobody knows any more whether it was
    looked at: it is not called quiet.

    Args:
        connection: The transaction.
        stream: Which.
        alive_until: When the dead recorder last spoke of the stream.
        now: The end of what it may be asked for: when the stream was taken up again.
        is_taken_up: This recorder has begun with the stream: then gaps from `now` on are its own, else
            they were left by one whose footage was ahead of a clock that was set back.
        current: The gap of this recorder, which goes on.
    """
    accounted = None
    for gap in recordings.open_gaps(connection, stream.id):
        # One that begins just then is this recorder's first, of which the end has not come here yet.
        if gap.id == current or (is_taken_up and gap.started_at >= now):
            continue
        alive = now if gap.cause is GapCause.SWITCHED_OFF else min(alive_until or gap.started_at, now)
        if gap.cause in (GapCause.NOTHING_MOVED, GapCause.NO_EVENT):
            alive -= LATE + EVENT_DELAY
        end = max(gap.started_at, alive)
        recordings.apply(connection, [GapClosed(replace(gap, ended_at=end))])
        accounted = end if accounted is None else max(accounted, end)
    return accounted


def explain_absence(
    connection: Connection, stream: Stream, gap: GapId, *, start: datetime, end: datetime
) -> None:
    """Write down that no recorder ran in between."""
    absence = Gap(
        id=gap,
        camera=stream.camera,
        stream=stream.id,
        started_at=start,
        ended_at=end,
        cause=GapCause.RECORDER_STOPPED,
        detail="the recorder was not running",
    )
    recordings.apply(connection, [GapClosed(absence)])
