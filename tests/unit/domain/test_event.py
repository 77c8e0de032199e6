"""Ids of events, and how much they matter."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from unit.domain.words import CAMERA, at
from watchkeep.domain.event import event_id, weigh
from watchkeep.domain.geometry import Point
from watchkeep.domain.ids import CameraId, RuleId, TrackId, made_at
from watchkeep.domain.rule import EventKind, Rule, RuleText, Severity

TRACK = TrackId(UUID(int=5))
VISIT = Rule(
    id=RuleId(UUID(int=1)),
    version=1,
    camera=CAMERA,
    text=RuleText(
        name="Drive",
        kind=EventKind.ZONE_VISIT,
        objects=("person", "vehicle", "animal"),
        points=(Point(0, 0), Point(1, 0), Point(1, 1)),
        severity=Severity.ALERT,
    ),
)
SHORT, LONG = timedelta(seconds=5), timedelta(seconds=60)


def with_severity(severity: Severity) -> Rule:
    return replace(VISIT, text=replace(VISIT.text, severity=severity))


def test_an_id_is_the_same_again_and_tells_the_start() -> None:
    assert event_id(VISIT, TRACK, at(1)) == event_id(VISIT, TRACK, at(1))
    assert made_at(event_id(VISIT, TRACK, at(1))) == at(1)


def test_an_id_is_another_for_another_camera_rule_version_track_or_start() -> None:
    ids = {
        event_id(VISIT, TRACK, at(1)),
        event_id(replace(VISIT, camera=CameraId("other")), TRACK, at(1)),
        event_id(replace(VISIT, id=RuleId(UUID(int=2))), TRACK, at(1)),
        event_id(replace(VISIT, version=2), TRACK, at(1)),
        event_id(VISIT, TrackId(UUID(int=6)), at(1)),
        event_id(VISIT, TRACK, at(1.001)),
    }

    assert len(ids) == 6


def test_an_event_is_worth_what_its_rule_says() -> None:
    found = weigh(VISIT, "car", confidence=0.9, alert_from=0.4, lasted=LONG)

    assert found.severity is Severity.ALERT
    assert found.reasons == ("rule Drive: alert",)


def test_a_person_who_stays_for_a_minute_is_graver() -> None:
    assert weigh(VISIT, "person", confidence=0.9, alert_from=0.4, lasted=SHORT).severity is Severity.ALERT

    found = weigh(VISIT, "person", confidence=0.9, alert_from=0.4, lasted=LONG)

    assert found.severity is Severity.CRITICAL
    assert found.reasons[-1] == "stays longer than 60 s"


def test_only_a_visit_is_graver_when_it_lasts() -> None:
    rule = replace(VISIT, text=replace(VISIT.text, kind=EventKind.OBJECT, points=()))

    assert weigh(rule, "person", confidence=0.9, alert_from=0.4, lasted=LONG).severity is Severity.ALERT


def test_an_animal_matters_less_but_never_less_than_nothing() -> None:
    assert weigh(VISIT, "dog", confidence=0.9, alert_from=0.4, lasted=SHORT).severity is Severity.NOTICE

    info = weigh(with_severity(Severity.INFO), "dog", confidence=0.9, alert_from=0.4, lasted=SHORT)

    assert info.severity is Severity.INFO
    assert info.reasons == ("rule Drive: info",)


def test_what_the_model_is_not_sure_of_is_no_alert() -> None:
    found = weigh(with_severity(Severity.CRITICAL), "person", confidence=0.39, alert_from=0.4, lasted=SHORT)

    assert found.severity is Severity.NOTICE
    assert found.reasons[-1] == "not sure enough for an alert"


def test_severity_does_not_leave_its_scale() -> None:
    found = weigh(with_severity(Severity.CRITICAL), "person", confidence=0.9, alert_from=0.4, lasted=LONG)

    assert found.severity is Severity.CRITICAL


@given(
    st.sampled_from(Severity),
    st.sampled_from(["person", "car", "dog", "umbrella"]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 200),
    st.floats(0, 200),
)
def test_it_never_gets_less_grave_as_it_lasts_or_is_seen_better(
    severity: Severity, object_type: str, sure: float, surer: float, first_s: float, more_s: float
) -> None:
    rule = with_severity(severity)
    before = weigh(rule, object_type, confidence=sure, alert_from=0.5, lasted=timedelta(seconds=first_s))
    after = weigh(
        rule,
        object_type,
        confidence=max(sure, surer),
        alert_from=0.5,
        lasted=timedelta(seconds=first_s + more_s),
    )

    assert after.severity >= before.severity
