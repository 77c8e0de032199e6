"""Object types and their groups."""

import pytest

from watchkeep.domain.detection import ObjectGroup, group_of


@pytest.mark.parametrize(
    ("object_type", "group"),
    [
        ("person", ObjectGroup.PERSON),
        ("car", ObjectGroup.VEHICLE),
        ("truck", ObjectGroup.VEHICLE),
        ("bicycle", ObjectGroup.CYCLE),
        ("dog", ObjectGroup.ANIMAL),
        ("umbrella", ObjectGroup.OTHER),
        ("a type that no model has", ObjectGroup.OTHER),
    ],
)
def test_a_type_belongs_to_one_group(object_type: str, group: ObjectGroup) -> None:
    assert group_of(object_type) is group


def test_the_name_of_a_group_is_a_type_of_that_group() -> None:
    for group in (ObjectGroup.PERSON, ObjectGroup.VEHICLE):
        assert group_of(group) is group
