"""Every error is one of seven kinds."""

import inspect

import pytest

from watchkeep.domain import errors
from watchkeep.domain.errors import WatchkeepError

KINDS = (
    errors.NotFound,
    errors.Invalid,
    errors.Forbidden,
    errors.Conflict,
    errors.Unavailable,
    errors.Exhausted,
    errors.DataLoss,
)
CONCRETE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind is not WatchkeepError]


@pytest.mark.parametrize("error", CONCRETE, ids=lambda error: error.__name__)
def test_an_error_is_of_exactly_one_kind_and_says_what_it_means(error: type[WatchkeepError]) -> None:
    assert sum(issubclass(error, kind) for kind in KINDS) == 1
    assert error.__doc__


def test_the_drawing_shows_the_seven_kinds() -> None:
    drawn = [line.split()[1] for line in (errors.__doc__ or "").splitlines() if line.strip().startswith("*")]

    assert drawn == [kind.__name__ for kind in KINDS]


def test_an_error_is_its_sentence_and_carries_its_facts() -> None:
    error = errors.CameraUnreachable("No answer from rtsp://camera.example; is it on?", port=554)

    assert str(error) == "No answer from rtsp://camera.example; is it on?"
    assert error.fields == {"port": 554}
