"""From files to a detector: no byte of weights is used before its digest was found right."""

import hashlib
from pathlib import Path

from watchkeep.domain.detection import ModelCard
from watchkeep.domain.errors import Invalid
from watchkeep.domain.fs import Fs, read_whole
from watchkeep.domain.ids import EPOCH, uuid8
from watchkeep.processing.detecting import Detector, trial_picture
from watchkeep.processing.known_models import Engine, KnownModel, ModelFile, find_model
from watchkeep.processing.openvino_engine import OpenModelZooDetector
from watchkeep.processing.ssd_graph import SsdGraphDetector, Tile


def load_detector(folder: Path, name: str, *, fs: Fs) -> Detector:
    """Read, check and try the weights; all threads of the engine are running on return.

    Args:
        folder: Holds the model's files.
        name: Of a known model.
        fs: Reads them.

    Raises:
        NotFound: No model has that name.
        Invalid: A file is missing, has another digest, or is not what its model should be; or the engine for
            it is not installed.
    """
    return detector_of(find_model(name), folder, fs=fs)


def detector_of(model: KnownModel, folder: Path, *, fs: Fs) -> Detector:
    """As `load_detector`, of a model that is at hand."""
    contents = [_checked(file, folder, model, fs) for file in model.files]
    detector = _made(model, card_of(model), contents, folder)
    # Finite numbers in the right shape, or the error that says what is wrong: see `trial_picture`.
    detector.detect(trial_picture(width=detector.input_width, height=detector.input_height))
    return detector


def card_of(model: KnownModel) -> ModelCard:
    """What a person needs to know of it; the digest of several files is that of their digests, in order."""
    digests = [file.sha256 for file in model.files]
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()
    identity = hashlib.sha256(f"{model.name}\n{model.version}\n{digest}".encode()).digest()
    return ModelCard(
        name=model.name,
        version=model.version,
        digest=digest,
        engine=model.engine.value,
        licence=model.licence,
        object_types=model.object_types,
        thresholds=model.thresholds,
        is_stand_in=model.is_stand_in,
        id=uuid8(EPOCH, identity),
    )


def _made(model: KnownModel, card: ModelCard, contents: list[bytes], folder: Path) -> Detector:
    match model.engine:
        case Engine.OPEN_MODEL_ZOO:
            graph, weights = contents
            return OpenModelZooDetector(card, graph=graph, weights=weights, size=model.size)
        case Engine.SSD_GRAPH:
            path = folder / model.files[0].name
            return SsdGraphDetector(
                card, graph=contents[0], path=path, size=model.size, tiles=_tiles(*model.size)
            )
        case Engine.NANODET:
            return _nanodet(card, contents[0], side_px=model.size[0])


def _nanodet(card: ModelCard, weights: bytes, *, side_px: int) -> Detector:
    try:
        # An optional extra: 28 MB that most installations do not need.
        from watchkeep.processing.onnx_engine import NanoDetDetector  # noqa: PLC0415
    except ImportError as error:
        raise Invalid(
            f"The model {card.name} needs ONNX Runtime; install it with `pip install 'watchkeep[onnx]'`."
        ) from error
    return NanoDetDetector(card, weights=weights, side_px=side_px)


def _tiles(width: int, height: int) -> tuple[Tile, ...]:
    """Two squares that overlap in the middle, and the whole for what is wider than their overlap."""
    overlap = 2 * height - width
    return (
        Tile(0, 0, height, height),
        Tile(width - height, 0, width, height),
        Tile(0, 0, width, height, least_px=overlap),
    )


def _checked(file: ModelFile, folder: Path, model: KnownModel, fs: Fs) -> bytes:
    path = folder / file.name
    try:
        content = read_whole(fs, path)
    except FileNotFoundError as error:
        raise Invalid(f"{file.name} of the model {model.name} is not in {folder}; fetch it again.") from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise Invalid(
            f"{path} has another SHA-256 than {model.name} should have; delete it and fetch it again.",
            sha256=file.sha256,
        )
    return content
