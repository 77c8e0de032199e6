import pytest

from watchkeep.domain.errors import Invalid
from watchkeep.sources.simulator.fault_script import FaultScript
from watchkeep.sources.simulator.faults import (
    FAULTS,
    Fault,
    Loss,
    MissingMarkers,
    PicturesOf,
    Reset,
    Stall,
    active,
)

NAMES = ("door", "yard")


def test_faults_begin_and_end_when_they_are_due() -> None:
    stall = Stall(stream="door", start_s=2.0, length_s=3.0)
    script = FaultScript([stall], NAMES)

    assert script.turn(10.0).begun == ()  # the script's beginning
    assert script.turn(11.9).begun == ()
    assert script.turn(12.0).begun == (stall,)
    assert script.faults_of("door") == (stall,)
    assert script.faults_of("yard") == ()
    assert script.turn(14.9).ended == ()
    assert script.turn(15.0).ended == (stall,)
    assert script.faults_of("door") == ()


def test_a_fault_that_was_slept_through_begins_and_ends_in_one_turn() -> None:
    stall = Stall(start_s=1.0, length_s=1.0)
    script = FaultScript([stall], NAMES)
    script.turn(0.0)

    change = script.turn(100.0)

    assert (change.begun, change.ended) == ((stall,), (stall,))
    assert script.faults_of("door") == ()


def test_a_fault_of_all_streams_is_on_for_each_and_for_names_that_are_not_there() -> None:
    script = FaultScript([Stall()], NAMES)
    script.turn(0.0)

    assert script.faults_of("door") == script.faults_of("nobody") == (Stall(),)


def test_the_start_of_an_added_fault_counts_from_when_it_was_added() -> None:
    script = FaultScript([], NAMES)
    script.turn(0.0)
    reset = Reset(stream="door", start_s=1.0)
    script.add(reset)

    assert script.turn(50.0).begun == ()
    assert script.turn(51.0).begun == (reset,)


def test_the_newest_fault_of_a_kind_counts() -> None:
    script = FaultScript([Loss(share=0.5, start_s=2.0), Loss(share=0.1), MissingMarkers()], NAMES)
    script.turn(0.0)
    script.turn(2.0)

    assert active(script.faults_of("door"), Loss) == Loss(share=0.5, start_s=2.0)
    assert active(script.faults_of("door"), Stall) is None


def test_faults_of_a_kind_end_on_order_also_those_to_come() -> None:
    script = FaultScript([Stall(), Stall(start_s=5.0), MissingMarkers()], NAMES)
    script.turn(0.0)
    script.end(Stall)

    assert script.turn(1.0).ended == (Stall(),)
    assert script.turn(9.0).begun == ()
    assert script.faults_of("door") == (MissingMarkers(),)


@pytest.mark.parametrize("fault", [Stall(stream="cellar"), PicturesOf(stream="door", other="cellar")])
def test_a_fault_of_a_stream_that_is_not_there_is_refused(fault: Fault) -> None:
    with pytest.raises(Invalid, match="cellar"):
        FaultScript([fault], NAMES)


def test_the_list_of_faults_is_whole() -> None:
    # By name: a dataclass with slots is made twice.
    assert {kind.__name__ for kind in FAULTS} == {kind.__name__ for kind in Fault.__subclasses__()}
