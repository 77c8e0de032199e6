"""Chooses the detector's model: the default where it can be had, else the stand-in until it comes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import Invalid, NotFound, Unavailable
from watchkeep.domain.fs import Fs
from watchkeep.processing.known_models import DEFAULT, STAND_IN, KnownModel, find_model
from watchkeep.runtime.assets.delivery import Progress
from watchkeep.runtime.assets.fetch import AssetPlaces, fetch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model whose files lie in the folder, each with the right digest.

    Attributes:
        is_stand_in: Nobody asked for it: the default could not be had, and is worth looking for again.
    """

    name: str
    folder: Path
    is_stand_in: bool


def choose_model(
    places: AssetPlaces, *, wanted: str | None, fs: Fs, clock: Clock, progress: Progress
) -> ChosenModel:
    """Bring the files of the model that is wanted, or of the best that can be had; durable on return.

    Args:
        places: Where files are looked for and kept.
        wanted: A model's name, or None for the default and in its absence the stand-in.
        fs: Keeps them.
        clock: Times the tries.
        progress: Told how far it is.

    Raises:
        Invalid: There is no model of the wanted name.
        AssetMissing: No source has the wanted model, or neither default nor stand-in.
        Unavailable: The cache cannot be written.
    """
    if wanted is not None:
        return _bring(_named(wanted), places, fs, clock, progress)
    try:
        return _bring(DEFAULT, places, fs, clock, progress)
    except Unavailable as error:
        log.warning("default model missing", extra={"model": DEFAULT.name, "reason": str(error)})
    chosen = _bring(STAND_IN, places, fs, clock, progress)
    return ChosenModel(chosen.name, chosen.folder, is_stand_in=True)


def look_again(places: AssetPlaces, chosen: ChosenModel, *, fs: Fs, clock: Clock) -> ChosenModel | None:
    """The default, if the chosen model only stands in for it and it can be had now."""
    if not chosen.is_stand_in:
        return None
    try:
        return _bring(DEFAULT, places, fs, clock, lambda _: None)
    except Unavailable as error:
        log.info("default model still missing", extra={"model": DEFAULT.name, "reason": str(error)})
        return None


def _bring(model: KnownModel, places: AssetPlaces, fs: Fs, clock: Clock, progress: Progress) -> ChosenModel:
    whole_bytes = sum(file.size_bytes for file in model.files)
    done_bytes = 0
    folder = places.cache
    for file in model.files:
        tell = _part_of(progress, start=done_bytes / whole_bytes, length=file.size_bytes / whole_bytes)
        folder = fetch(file.name, places, fs=fs, clock=clock, progress=tell).parent
        done_bytes += file.size_bytes
    return ChosenModel(model.name, folder, is_stand_in=False)


def _part_of(progress: Progress, *, start: float, length: float) -> Callable[[float], None]:
    return lambda share: progress(start + share * length)


def _named(wanted: str) -> KnownModel:
    try:
        return find_model(wanted)
    except NotFound as error:
        raise Invalid(f"analysis.model: {error}", model=wanted) from error
