"""Who sends faster than time passes is held back; a live stream never is."""

from builders import NOON
from watchkeep.domain.media import TICKS_PER_SECOND, Codec, Packet, RunStarted, SourceNotice, VideoParameters
from watchkeep.sources.pacing import Lead

SECOND_NS = 1_000_000_000
START = RunStarted(
    parameters=VideoParameters(codec=Codec.H264, parameter_sets=(), width_px=64, height_px=64),
    is_clear_text=True,
)


def picture(media_s: float) -> SourceNotice:
    ticks = round(media_s * TICKS_PER_SECOND)
    return Packet((b"\x41",), ticks, ticks, False, NOON)


def test_a_stream_that_comes_all_at_once_stays_two_seconds_ahead_at_most() -> None:
    lead, now_ns = Lead(), 0
    lead.take([START], now_ns)
    for second in range(600):
        now_ns += lead.take([picture(second)], now_ns)

    # A second of each minute is forgiven: the recorder itself ties a run to the last minute's packets.
    assert 585 <= now_ns / SECOND_NS <= 598


def test_a_camera_whose_clock_is_fast_is_never_held_back() -> None:
    lead = Lead()

    waits = {lead.take([picture(2 * n)], round(2 * n * (1 - 300e-6) * SECOND_NS)) for n in range(130_000)}

    assert waits == {0}  # 78 s ahead after three days


def test_a_stream_that_stalled_may_catch_up() -> None:
    lead = Lead()
    live = [lead.take([picture(n / 10)], n * SECOND_NS // 10) for n in range(1000)]
    burst = [lead.take([picture(100 + n / 10)], 106 * SECOND_NS) for n in range(60)]

    assert {*live, *burst} == {0}


def test_a_slow_stream_saves_up_no_time_to_be_ahead_later() -> None:
    lead = Lead()
    for n in range(1000):
        lead.take([picture(n / 2)], n * SECOND_NS)

    wait_ns = sum(lead.take([picture(500 + n / 2)], 1000 * SECOND_NS) > 0 for n in range(60))

    assert wait_ns >= 35  # of the 30 s, about 12 are let through


def test_one_run_after_the_other_is_no_way_round_it() -> None:
    lead, now_ns = Lead(), 0
    for number in range(100):
        burst = [START, *(picture(1000 * number + n) for n in range(3))]
        now_ns += lead.take(burst, now_ns)

    assert now_ns / SECOND_NS > 190


def test_what_came_is_no_longer_ahead_when_its_time_has_passed() -> None:
    lead = Lead()
    lead.take([picture(0)], 0)
    lead.take([picture(1.5)], 0)

    assert lead.ahead_ns(0) == 1_500_000_000
    assert lead.ahead_ns(SECOND_NS) == 500_000_000
    assert lead.ahead_ns(2 * SECOND_NS) == 0
