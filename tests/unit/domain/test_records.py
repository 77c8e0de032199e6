"""Records of the catalog's words: what they say when nothing is asked for."""

from datetime import UTC, datetime

from watchkeep.domain.analyst import AnalysisCondition, DetectorPhase
from watchkeep.domain.event_record import FAR_FUTURE, FAR_PAST, EventFilter
from watchkeep.domain.incident import IncidentFilter


def test_a_filter_without_wishes_takes_everything() -> None:
    events, incidents = EventFilter(), IncidentFilter()

    assert (events.begun_from, events.begun_to) == (FAR_PAST, FAR_FUTURE)
    assert {events.cameras, events.kinds, events.objects, events.lasts_until, events.rule} == {None}
    assert {incidents.cameras, incidents.is_seen, incidents.verdict, incidents.since} == {None}
    assert (events.least_severity, incidents.least_severity) == (0, 0)


def test_no_camera_recorded_before_the_far_past() -> None:
    assert FAR_PAST < datetime(2026, 1, 1, tzinfo=UTC) < FAR_FUTURE


def test_conditions_and_phases_are_the_words_of_the_catalog() -> None:
    assert [each.value for each in AnalysisCondition] == ["watching", "waiting", "failed"]
    assert [each.value for each in DetectorPhase] == ["starting", "fetching", "ready", "failed"]
