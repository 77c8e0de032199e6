"""How long to wait after a loss."""

from datetime import timedelta

import pytest

from builders import CountingRng
from watchkeep.domain.media import GapCause
from watchkeep.sources.backoff import Backoff

NOTHING = timedelta(0)


def pauses(backoff: Backoff, count: int, cause: GapCause = GapCause.UNREACHABLE) -> list[float]:
    return [backoff.after(cause, good=NOTHING).total_seconds() for _ in range(count)]


def test_the_first_retry_is_at_once_then_the_pauses_double_up_to_thirty_seconds() -> None:
    found = pauses(Backoff(CountingRng()), 9)

    assert found[0] == 0
    for pause, middle in zip(found[1:], [1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert middle * 0.8 <= pause <= middle * 1.2


def test_cameras_do_not_come_back_all_at_once() -> None:
    found = {pauses(Backoff(CountingRng(seed)), 7)[-1] for seed in range(20)}

    assert len(found) == 20
    assert max(found) - min(found) > 6


@pytest.mark.parametrize("cause", [GapCause.AUTHENTICATION, GapCause.NO_VIDEO])
def test_what_time_alone_does_not_cure_waits_from_the_first_time(cause: GapCause) -> None:
    assert all(30 <= pause <= 60 for pause in pauses(Backoff(CountingRng()), 20, cause))


def test_a_minute_of_good_video_makes_the_next_loss_the_first() -> None:
    backoff = Backoff(CountingRng())
    pauses(backoff, 6)

    assert backoff.after(GapCause.STALLED, good=timedelta(seconds=59)) > timedelta(seconds=20)
    assert backoff.after(GapCause.STALLED, good=timedelta(seconds=60)) == NOTHING


def test_the_pause_stays_bounded_after_days() -> None:
    assert max(pauses(Backoff(CountingRng()), 5000)) <= 36
