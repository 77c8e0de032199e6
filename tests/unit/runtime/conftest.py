"""One small clip, and one stream driven by hand."""

from pathlib import Path

import pytest

from recording_rig import EndlessClip, Rig, make_endless_clip


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> EndlessClip:
    return make_endless_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def rig(tmp_path: Path, clip: EndlessClip) -> Rig:
    return Rig(tmp_path, clip)
