"""Every error has a status and an exit code of its kind, not only the root's."""

import inspect
from collections.abc import Mapping

import pytest

from watchkeep.cli import exits
from watchkeep.domain import errors
from watchkeep.domain.errors import WatchkeepError
from watchkeep.presentation.http import problems

CONCRETE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind is not WatchkeepError]


class Unheard(errors.Exhausted):
    """An error nobody put into a table: its kind must do."""


class Rootless(WatchkeepError):
    """An error of no kind: what the test must refuse."""


def stands_in(table: Mapping[type[WatchkeepError], int], kind: type[WatchkeepError]) -> bool:
    return any(ancestor in table for ancestor in kind.__mro__ if ancestor is not WatchkeepError)


@pytest.mark.parametrize("kind", CONCRETE, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status(kind: type[WatchkeepError]) -> None:
    assert stands_in(problems.STATUSES, kind)
    assert 400 <= problems.status_of(kind) <= 599


@pytest.mark.parametrize("kind", CONCRETE, ids=lambda kind: kind.__name__)
def test_every_error_has_an_exit_code_of_its_own(kind: type[WatchkeepError]) -> None:
    assert stands_in(exits.CODES, kind)
    assert exits.code_of(kind) not in {exits.DONE, exits.FAULT, exits.USAGE, exits.INTERRUPTED}


def test_exit_codes_tell_the_kinds_apart() -> None:
    assert len(set(exits.CODES.values())) == len(exits.CODES)


def test_an_error_of_no_kind_is_seen_and_one_of_a_kind_takes_its_status() -> None:
    assert not stands_in(problems.STATUSES, Rootless)
    assert not stands_in(exits.CODES, Rootless)
    assert problems.status_of(Unheard) == problems.status_of(errors.Exhausted)
