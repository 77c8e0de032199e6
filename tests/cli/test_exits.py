"""Every kind of error has its exit code, and the page says so."""

import re
from pathlib import Path

import pytest

from watchkeep.cli.exits import CODES, code_of
from watchkeep.domain import errors

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/cli.md"
KINDS = sorted(
    (
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.WatchkeepError)
    ),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_the_code_of_its_kind(kind: type[errors.WatchkeepError]) -> None:
    nearest = next(ancestor for ancestor in kind.__mro__ if ancestor in CODES)

    assert code_of(kind) == CODES[nearest]
    if kind is not errors.WatchkeepError:
        assert code_of(kind) not in (0, 1, 2), f"{kind.__name__} falls to the root"


def test_each_of_the_seven_kinds_has_a_code_of_its_own() -> None:
    seven = [kind for kind in KINDS if kind.__base__ is errors.WatchkeepError]

    assert len({code_of(kind) for kind in seven}) == len(seven) == 7


def test_the_page_has_exactly_these_codes() -> None:
    documented = {
        name: int(code)
        for code, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    }

    assert documented == {kind.__name__: code for kind, code in CODES.items()}
