"""A camera that sends more time than passes is noticed; drift, relays and clocks that are set are not."""

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON
from watchkeep.domain.media import TICKS_PER_SECOND, Codec, Packet, RunStarted, SourceNotice, VideoParameters
from watchkeep.sources.pacing import Lead

SECOND_NS = 1_000_000_000
START = RunStarted(
    parameters=VideoParameters(codec=Codec.H264, parameter_sets=(), width_px=16, height_px=16),
    is_clear_text=True,
)


def packet(seconds: float) -> Packet:
    return Packet((b"\x41",), 0, round(seconds * TICKS_PER_SECOND), False, NOON)


def outruns(lead: Lead, notices: list[SourceNotice], now_ns: int) -> bool:
    """As a connection of ours asks."""
    lead.take(notices, now_ns)
    return lead.ahead_ns(now_ns) > 15 * SECOND_NS


def first_outrun(speed: float, *, limit_s: int) -> float | None:
    """When a camera whose clock runs at so many times ours is noticed."""
    lead = Lead()
    outruns(lead, [START], 0)
    for turn in range(limit_s * 5):
        now_s = turn / 5
        if outruns(lead, [packet(now_s * speed)], round(now_s * SECOND_NS)):
            return now_s
    return None


def test_a_camera_three_times_too_fast_is_noticed_within_seconds() -> None:
    found = first_outrun(3, limit_s=60)

    assert found is not None
    assert 7 < found < 8


@given(st.floats(0.2, 1.001))
def test_a_clock_that_only_drifts_is_never_noticed(speed: float) -> None:
    assert first_outrun(speed, limit_s=3600) is None


def test_what_a_relay_sends_at_once_to_who_joins_is_taken() -> None:
    lead = Lead()
    kept: list[SourceNotice] = [START, *(packet(number / 25) for number in range(250))]

    assert not outruns(lead, kept, 0)
    assert not any(outruns(lead, [packet(10 + turn)], turn * SECOND_NS) for turn in range(600))


def test_a_burst_of_hours_in_one_read_is_noticed_at_once() -> None:
    assert outruns(Lead(), [START, *(packet(number * 10) for number in range(1000))], 0)


def test_a_camera_that_sets_its_clock_begins_a_run_and_is_not_noticed() -> None:
    lead = Lead()
    outruns(lead, [START, packet(0)], 0)

    assert not outruns(lead, [packet(1), START, packet(86_400), packet(86_400.04)], SECOND_NS)
    assert not outruns(lead, [packet(86_401)], 2 * SECOND_NS)


def test_new_runs_do_not_wipe_out_a_lead() -> None:
    lead = Lead()
    noticed = [
        outruns(lead, [START, packet(0), packet(10)], run * SECOND_NS)  # ten seconds of pictures each second
        for run in range(5)
    ]

    assert noticed == [False, True, True, True, True]
