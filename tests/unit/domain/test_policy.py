"""Which policy holds, who said each number, and what is refused."""

from datetime import timedelta

import pytest

from watchkeep.domain.category import DEFAULT_POLICIES, DataClass, DataClassPolicy, Sensitivity
from watchkeep.domain.errors import Invalid
from watchkeep.domain.policy import EffectivePolicy, Figure, Origin, Override, check, keeps_of, resolve

RAW, CLIP = DataClass.RAW_FOOTAGE, DataClass.EVENT_CLIP
DAY = timedelta(days=1)


def policies(**cameras: Override) -> dict[DataClass, EffectivePolicy]:
    return {
        data_class: resolve(data_class, default, site=None, camera=cameras.get(data_class.value))
        for data_class, default in DEFAULT_POLICIES.items()
    }


def test_a_camera_wins_over_its_site_and_the_site_over_the_class() -> None:
    default = DataClassPolicy(30 * DAY, Sensitivity.HIGH, replicas=1)
    site = Override(keep=20 * DAY, replicas=2)
    camera = Override(keep=10 * DAY, residency=("hot",))

    found = resolve(RAW, default, site=site, camera=camera)

    assert found.keep == Figure(10 * DAY, Origin.CAMERA)
    assert found.replicas == Figure(2, Origin.SITE)
    assert found.residency == Figure(("hot",), Origin.CAMERA)
    assert resolve(RAW, default, site=None, camera=None).keep == Figure(30 * DAY, Origin.CLASS)
    assert resolve(RAW, default, site=site, camera=None).keep == Figure(20 * DAY, Origin.SITE)


def test_the_limits_of_footage_are_those_of_its_three_classes() -> None:
    keeps = keeps_of(policies(raw_footage=Override(keep=7 * DAY)))

    assert (keeps.raw, keeps.clip, keeps.archived) == (7 * DAY, 90 * DAY, 365 * DAY)
    assert keeps.before == keeps.after == timedelta(seconds=10)


def test_sound_policies_pass() -> None:
    check(policies(), whose="camera door", tiers=["hot"], volumes=1)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (
            {"raw_footage": Override(keep=120 * DAY)},
            "event clip of camera door would be kept 90 d, shorter than raw footage with 120 d; keep it",
        ),
        (
            {"event_clip": Override(residency=("warm",))},
            "event clip of camera door may only lie on warm, but there is no tier warm; name one of",
        ),
        (
            {"raw_footage": Override(replicas=3)},
            "raw footage of camera door wants 3 copies on different volumes, but there are 2; add volumes",
        ),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(override: dict[str, Override], sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(policies(**override), whose="camera door", tiers=["hot", "cold"], volumes=2)

    assert str(refused.value).startswith(sentence)


def test_a_policy_beyond_the_law_is_refused() -> None:
    lawful = DataClassPolicy(30 * DAY, Sensitivity.HIGH, longest=30 * DAY)
    found = policies()
    found[RAW] = resolve(RAW, lawful, site=None, camera=Override(keep=31 * DAY))

    with pytest.raises(Invalid, match="would be kept 31 d, but the legal maximum is 30 d; shorten it"):
        check(found, whose="camera door", tiers=["hot"], volumes=1)
