"""Fixtures: a served house, clips with a time code."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from builders import FixedClock
from catalog_server import catalog, database, postgres  # noqa: F401
from house_builder import a_house
from site_server import Site, serve
from time_code import make_clip
from watchkeep.application import passwords
from watchkeep.presentation.http.app import create_app
from watchkeep.storage.catalog.connection import Catalog


@pytest.fixture(autouse=True)
def _quick_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real Argon2id, but of little memory and one pass: most tests sign in only to ask something else."""
    if "signing_in" not in request.node.nodeid:
        monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64))


@pytest.fixture
def site(catalog: Catalog, tmp_path: Path) -> Iterator[Site]:  # noqa: F811
    """A house in which nobody is yet."""
    clock = FixedClock()
    house = a_house(catalog, tmp_path, clock=clock)
    app = create_app(house)
    for address in serve(app):
        made = Site(house, app, clock, address)
        yield made
        for browser in made.browsers:
            browser.close()
    house.close()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a clip with a time code: `clip(seconds=20)`; the same is made once."""
    made: dict[str, Path] = {}

    def make(**wishes: object) -> Path:
        key = repr(sorted(wishes.items()))
        if key not in made:
            path = tmp_path_factory.mktemp("clip") / "clip.mp4"
            made[key] = make_clip(path, **{"size": (256, 160), **wishes})  # type: ignore[arg-type]
        return made[key]

    return make
