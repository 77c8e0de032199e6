"""What a rule may say."""

from dataclasses import replace
from uuid import UUID

import pytest

from watchkeep.domain.errors import Invalid
from watchkeep.domain.geometry import Point
from watchkeep.domain.ids import CameraId, RuleId
from watchkeep.domain.rule import (
    OBJECT_NAMES_LIMIT,
    Direction,
    EventKind,
    Rule,
    RuleText,
    Severity,
    checked_rule,
    lacking,
)

ANYBODY = RuleText(name="Anybody", kind=EventKind.OBJECT, objects=("person",))
TRIANGLE = (Point(0.1, 0.1), Point(0.9, 0.1), Point(0.5, 0.9))
ZONE = replace(ANYBODY, kind=EventKind.ZONE_VISIT, points=TRIANGLE)
LINE = replace(ANYBODY, kind=EventKind.LINE_CROSS, points=TRIANGLE[:2])


def test_a_rule_for_a_type_means_that_type_only() -> None:
    rule = Rule(
        id=RuleId(UUID(int=1)), version=1, camera=CameraId("a"), text=replace(ANYBODY, objects=("car",))
    )

    assert rule.means("car")
    assert not rule.means("truck")


def test_a_rule_for_a_group_means_all_its_types() -> None:
    rule = Rule(
        id=RuleId(UUID(int=1)), version=1, camera=CameraId("a"), text=replace(ANYBODY, objects=("vehicle",))
    )

    assert rule.means("car")
    assert rule.means("truck")
    assert rule.means("vehicle")
    assert not rule.means("person")
    assert not rule.means("umbrella")


def test_severities_are_ordered() -> None:
    assert Severity.INFO < Severity.NOTICE < Severity.ALERT < Severity.CRITICAL


@pytest.mark.parametrize("text", [ANYBODY, ZONE, LINE, replace(LINE, direction=Direction.LEFT_TO_RIGHT)])
def test_a_good_rule_comes_back_as_it_is(text: RuleText) -> None:
    assert checked_rule(text) is text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (replace(ANYBODY, name="  "), "name has 1 to 64 characters"),
        (replace(ANYBODY, name="n" * 65), "name has 1 to 64 characters"),
        (replace(ANYBODY, objects=()), "names no object"),
        (
            replace(ANYBODY, objects=("person",) * (OBJECT_NAMES_LIMIT + 1)),
            "names 41 objects; choose 1 to 40",
        ),
        (replace(ANYBODY, points=TRIANGLE), "takes no points"),
        (replace(ZONE, points=()), "A zone has 3 to 64 points"),
        (replace(LINE, points=TRIANGLE[:1]), "A line has 2 to 64 points"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_a_sentence(text: RuleText, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        checked_rule(text)


def test_a_model_lacks_what_it_cannot_find_by_type_or_group() -> None:
    assert lacking(["person", "vehicle", "dog", "animal"], ["person", "car"]) == ["dog", "animal"]
    assert lacking(["car"], ["vehicle"]) == ["car"]
