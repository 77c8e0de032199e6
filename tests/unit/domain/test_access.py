"""Default deny; one function decides."""

import itertools
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.access import (
    ADMINISTRATOR,
    OPERATOR,
    PRESETS,
    SYSTEM_ACTIONS,
    VIEWER,
    AccessObject,
    Action,
    CameraObject,
    Grant,
    Role,
    Subject,
    SystemObject,
    decide,
    visible_cameras,
)
from watchkeep.domain.ids import CameraId, UserId

DOOR, YARD = CameraId("door"), CameraId("yard")
HOUSE = SystemObject("installation")


def someone(*grants: Grant) -> Subject:
    return Subject(UserId(UUID(int=1)), "ada", grants)


ALL = someone(Grant(ADMINISTRATOR, None))
ADMINISTRATOR_OF_DOOR = someone(Grant(ADMINISTRATOR, frozenset({DOOR})))
OPERATOR_OF_ALL = someone(Grant(OPERATOR, None))
VIEWER_OF_DOOR = someone(Grant(VIEWER, frozenset({DOOR})))
VIEWER_OF_NONE = someone(Grant(VIEWER, frozenset()))
NOBODY = Subject(None, "nobody", ())

TABLE = [
    (ALL, Action.CONFIGURE, HOUSE, True),
    (ALL, Action.MANAGE_USERS, HOUSE, True),
    (ALL, Action.DELETE, CameraObject(YARD), True),
    (ALL, Action.VIEW_LIVE, HOUSE, False),
    (ADMINISTRATOR_OF_DOOR, Action.DELETE, CameraObject(DOOR), True),
    (ADMINISTRATOR_OF_DOOR, Action.DELETE, CameraObject(YARD), False),
    (ADMINISTRATOR_OF_DOOR, Action.MANAGE_USERS, HOUSE, False),
    (ADMINISTRATOR_OF_DOOR, Action.READ_AUDIT, HOUSE, False),
    (ADMINISTRATOR_OF_DOOR, Action.CONFIGURE, HOUSE, False),
    (ADMINISTRATOR_OF_DOOR, Action.SEE_STATUS, HOUSE, True),
    (OPERATOR_OF_ALL, Action.EXPORT, CameraObject(YARD), True),
    (OPERATOR_OF_ALL, Action.HOLD, CameraObject(YARD), True),
    (OPERATOR_OF_ALL, Action.DELETE, CameraObject(YARD), False),
    (OPERATOR_OF_ALL, Action.MANAGE_USERS, HOUSE, False),
    (VIEWER_OF_DOOR, Action.VIEW_LIVE, CameraObject(DOOR), True),
    (VIEWER_OF_DOOR, Action.VIEW_LIVE, CameraObject(YARD), False),
    (VIEWER_OF_DOOR, Action.EXPORT, CameraObject(DOOR), False),
    (VIEWER_OF_DOOR, Action.SEE_STATUS, HOUSE, True),
    (VIEWER_OF_NONE, Action.VIEW_LIVE, CameraObject(DOOR), False),
    (NOBODY, Action.SEE_STATUS, HOUSE, False),
    (NOBODY, Action.VIEW_LIVE, CameraObject(DOOR), False),
]


@pytest.mark.parametrize(("subject", "action", "target", "is_allowed"), TABLE)
def test_the_table_of_decisions(
    subject: Subject, action: Action, target: AccessObject, is_allowed: bool
) -> None:
    decision = decide(subject, action, target)

    assert decision.is_allowed is is_allowed
    assert decision.reason


def test_the_reason_of_a_refusal_names_who_and_what() -> None:
    assert decide(VIEWER_OF_DOOR, Action.EXPORT, CameraObject(DOOR)).reason == "no grant of ada allows export"


def test_grants_add_up_and_never_take_away() -> None:
    both = someone(Grant(VIEWER, None), Grant(OPERATOR, frozenset({DOOR})))

    assert decide(both, Action.EXPORT, CameraObject(DOOR)).is_allowed
    assert not decide(both, Action.EXPORT, CameraObject(YARD)).is_allowed
    assert decide(both, Action.VIEW_LIVE, CameraObject(YARD)).is_allowed


def test_the_presets_widen_from_viewer_to_administrator() -> None:
    assert VIEWER.actions < OPERATOR.actions < ADMINISTRATOR.actions
    assert ADMINISTRATOR.actions == frozenset(Action)
    assert all(role.is_preset for role in PRESETS)


def test_visible_cameras_are_those_of_the_grants_or_all() -> None:
    assert visible_cameras(ALL, Action.VIEW_LIVE) is None
    assert visible_cameras(NOBODY, Action.VIEW_LIVE) == frozenset()
    assert visible_cameras(VIEWER_OF_DOOR, Action.VIEW_LIVE) == {DOOR}
    assert visible_cameras(VIEWER_OF_DOOR, Action.EXPORT) == frozenset()
    assert visible_cameras(
        someone(Grant(VIEWER, frozenset({DOOR})), Grant(OPERATOR, frozenset({YARD}))), Action.VIEW_LIVE
    ) == {DOOR, YARD}


CAMERAS = st.sampled_from([CameraId(word) for word in ("a", "b", "c", "d")])
ROLES = st.builds(Role, st.just("own"), st.frozensets(st.sampled_from(Action)), st.just(False))
GRANTS = st.builds(Grant, ROLES, st.none() | st.frozensets(CAMERAS))
SUBJECTS = st.builds(lambda grants: someone(*grants), st.lists(GRANTS, max_size=4))


@given(SUBJECTS, st.sampled_from(Action), CAMERAS)
def test_a_camera_is_visible_exactly_where_the_decision_allows(
    subject: Subject, action: Action, camera: CameraId
) -> None:
    visible = visible_cameras(subject, action)

    assert decide(subject, action, CameraObject(camera)).is_allowed is (visible is None or camera in visible)


@given(SUBJECTS, st.sampled_from(Action), CAMERAS)
def test_nothing_is_allowed_that_no_grant_names(subject: Subject, action: Action, camera: CameraId) -> None:
    for target in (HOUSE, CameraObject(camera)):
        if decide(subject, action, target).is_allowed:
            assert any(action in grant.role.actions for grant in subject.grants)
            assert target != HOUSE or action in SYSTEM_ACTIONS


@given(SUBJECTS, GRANTS)
def test_one_more_grant_never_takes_anything_away(subject: Subject, grant: Grant) -> None:
    wider = someone(*subject.grants, grant)
    targets: list[AccessObject] = [HOUSE, CameraObject(CameraId("a"))]

    for action, target in itertools.product(Action, targets):
        if decide(subject, action, target).is_allowed:
            assert decide(wider, action, target).is_allowed
