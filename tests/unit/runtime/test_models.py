"""Which weights are used: the default where it can be had, else the stand-in, and then the default again."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from builders import FixedClock
from unit.runtime.assets.publisher import Publisher, publishing
from watchkeep.domain.errors import AssetMissing, Invalid
from watchkeep.processing.known_models import DEFAULT, MODELS, STAND_IN, ModelFile
from watchkeep.processing.model_files import load_detector
from watchkeep.runtime.assets.fetch import AssetPlaces
from watchkeep.runtime.assets.manifest import ASSETS, WEIGHTS, Address, Asset, find_asset
from watchkeep.runtime.models import ChosenModel, choose_model, look_again
from watchkeep.runtime.system import SystemFs

FS = SystemFs()
FILES = {file.name: f"{file.name} ".encode() * 5000 for model in MODELS for file in model.files}
CLOSED = "http://127.0.0.1:1"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing({}) as running:
        yield running


def places_of(tmp_path: Path, *, base: str, directory: Path | None = None) -> AssetPlaces:
    """Small files under the names of the real ones, from one address."""
    manifest = tuple(
        Asset(
            name=name,
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            licence="CC0-1.0",
            credit="nobody",
            sources=(Address(url=f"{base}/{name}"),),
        )
        for name, content in FILES.items()
    )
    return AssetPlaces(cache=tmp_path / "cache", directory=directory, manifest=manifest)


def chosen_of(
    places: AssetPlaces, *, wanted: str | None = None, clock: FixedClock | None = None
) -> ChosenModel:
    return choose_model(places, wanted=wanted, fs=FS, clock=clock or FixedClock(), progress=lambda _: None)


def contents_of(*files: ModelFile) -> dict[str, bytes]:
    return {file.name: FILES[file.name] for file in files}


def test_the_default_is_taken_where_its_publisher_answers(tmp_path: Path, publisher: Publisher) -> None:
    publisher.files.update(contents_of(*DEFAULT.files, *STAND_IN.files))
    shares: list[float] = []
    places = places_of(tmp_path, base=publisher.url("").rstrip("/"))

    chosen = choose_model(places, wanted=None, fs=FS, clock=FixedClock(), progress=shares.append)

    assert (chosen.name, chosen.is_stand_in) == (DEFAULT.name, False)
    assert {name: (chosen.folder / name).read_bytes() for name in contents_of(*DEFAULT.files)} == contents_of(
        *DEFAULT.files
    )
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_without_the_default_the_stand_in_is_taken_and_the_default_when_it_comes(
    tmp_path: Path, publisher: Publisher
) -> None:
    publisher.files.update(contents_of(*STAND_IN.files))
    places = places_of(tmp_path, base=publisher.url("").rstrip("/"))

    chosen = chosen_of(places)
    assert (chosen.name, chosen.is_stand_in) == (STAND_IN.name, True)
    assert look_again(places, chosen, fs=FS, clock=FixedClock()) is None

    publisher.files.update(contents_of(DEFAULT.files[0]))
    assert look_again(places, chosen, fs=FS, clock=FixedClock()) is None  # half of it is none of it

    publisher.files.update(contents_of(*DEFAULT.files))
    better = look_again(places, chosen, fs=FS, clock=FixedClock())
    assert better is not None
    assert (better.name, better.is_stand_in) == (DEFAULT.name, False)
    assert look_again(places, better, fs=FS, clock=FixedClock()) is None


def test_the_default_comes_from_the_operators_directory_without_any_network(tmp_path: Path) -> None:
    usb = tmp_path / "usb" / "models"
    usb.mkdir(parents=True)
    for name, content in contents_of(*DEFAULT.files).items():
        (usb / name).write_bytes(content)

    assert chosen_of(places_of(tmp_path, base=CLOSED, directory=tmp_path / "usb")).name == DEFAULT.name


def test_wrong_bytes_at_the_publisher_are_not_used(tmp_path: Path, publisher: Publisher) -> None:
    publisher.files.update(contents_of(*DEFAULT.files, *STAND_IN.files))
    name = DEFAULT.files[1].name
    publisher.files[name] = b"X" * len(FILES[name])
    places = places_of(tmp_path, base=publisher.url("").rstrip("/"))

    assert chosen_of(places).name == STAND_IN.name
    assert not places.path(find_asset(name, places.manifest)).exists()
    with pytest.raises(AssetMissing, match=r"No source has .*2004\.bin; put the file with SHA-256") as caught:
        chosen_of(places, wanted=DEFAULT.name)
    assert caught.value.fields["tried"] == [f"{name} has another SHA-256 there."]


def test_a_publisher_that_cannot_be_reached_is_not_waited_for(tmp_path: Path) -> None:
    clock = FixedClock()
    began_ns = clock.monotonic_ns()

    with pytest.raises(AssetMissing, match=STAND_IN.files[0].name):
        chosen_of(places_of(tmp_path, base=CLOSED), clock=clock)

    assert clock.monotonic_ns() == began_ns


def test_a_model_that_is_asked_for_is_no_stand_in(tmp_path: Path, publisher: Publisher) -> None:
    publisher.files.update(FILES)
    places = places_of(tmp_path, base=publisher.url("").rstrip("/"))

    chosen = chosen_of(places, wanted=STAND_IN.name)

    assert (chosen.name, chosen.is_stand_in) == (STAND_IN.name, False)
    assert look_again(places, chosen, fs=FS, clock=FixedClock()) is None


def test_a_model_that_nobody_knows_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"analysis\.model: There is no model yolo; there are person-vehicle"):
        chosen_of(places_of(tmp_path, base=CLOSED), wanted="yolo")


def test_every_file_of_every_model_is_an_asset_and_no_two_assets_share_a_name() -> None:
    assert len({asset.name for asset in ASSETS}) == len(ASSETS)
    for model in MODELS:
        for file in model.files:
            asset = find_asset(file.name)
            assert (asset.sha256, asset.size_bytes) == (file.sha256, file.size_bytes)
    assert all(asset.sources for asset in WEIGHTS)


def test_the_real_default_is_downloaded_and_detects(
    tmp_path: Path, publisher: Publisher, footage: Callable[[str], Path]
) -> None:
    publisher.files.update({file.name: footage_with(footage, file) for file in DEFAULT.files})
    manifest = tuple(replace(asset, sources=(Address(url=publisher.url(asset.name)),)) for asset in WEIGHTS)
    places = AssetPlaces(cache=tmp_path / "cache", manifest=manifest)

    chosen = chosen_of(places)

    detector = load_detector(chosen.folder, chosen.name, fs=FS)
    assert detector.card.name == DEFAULT.name


def footage_with(footage: Callable[[str], Path], file: ModelFile) -> bytes:
    """The file of that digest; another precision of the model has the same name."""
    beside = footage(file.name).parents[1].rglob(file.name)
    return next(
        content
        for content in (path.read_bytes() for path in beside)
        if hashlib.sha256(content).hexdigest() == file.sha256
    )
