"""When the loop reads which streams: those that nobody watches live seldom, and many of them together."""

TURN_S = 0.04
"""A turn: few system calls, and a live picture that is at most this much later."""

ROUND = 15
READ_TURNS = frozenset({0, 8})
"""Of a round of so many turns: in these a stream that nobody watches live is read. What up to eight turns
bring is read at once, for half the price; and as the beat is uneven, no camera's pictures always wait as
long, by which they would be placed too late. A kill loses what waits: a third of a second at most."""

TOGETHER = 128
"""So many streams are read in the same turn, so that code and data are in the caches for all but the first,
and the turns between are slept through. More would make a turn so long that a live picture waits."""


def is_read(turn: int, number: int) -> bool:
    """Whether the loop's stream of that number is read in a turn, if it does not press."""
    return (turn + number // TOGETHER) % ROUND in READ_TURNS


def turns_until_next(turn: int, streams: int) -> int:
    """How many turns after this one streams are read again; at most eight."""
    firsts = range(0, max(streams, 1), TOGETHER)
    following = range(1, ROUND)
    return next(turns for turns in following if any(is_read(turn + turns, first) for first in firsts))
