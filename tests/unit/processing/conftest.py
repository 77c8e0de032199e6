"""Weights for tests: through the product's own sources, the operator's directory first."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import missing
from watchkeep.domain.errors import Unavailable
from watchkeep.processing.known_models import KnownModel
from watchkeep.runtime.assets.fetch import AssetPlaces
from watchkeep.runtime.models import choose_model
from watchkeep.runtime.system import SystemClock, SystemFs


@pytest.fixture(scope="session")
def weights(assets_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[KnownModel], Path]:
    """Give the folder that holds a model's files: `folder = weights(DEFAULT)`."""
    places = AssetPlaces(cache=tmp_path_factory.mktemp("weights"), directory=assets_folder)

    def find(model: KnownModel) -> Path:
        try:
            chosen = choose_model(
                places, wanted=model.name, fs=SystemFs(), clock=SystemClock(), progress=lambda _: None
            )
        except Unavailable as error:
            missing(model.name, str(error))
        return chosen.folder

    return find
