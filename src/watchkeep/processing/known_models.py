"""The weights that Watchkeep can run, and what their scores mean. Figures: docs/reference/models.md."""

from dataclasses import dataclass
from enum import StrEnum

from watchkeep.domain.detection import Thresholds
from watchkeep.domain.errors import NotFound
from watchkeep.processing.coco import TYPES


class Engine(StrEnum):
    """Whose graph it is, and so who runs and reads it."""

    OPEN_MODEL_ZOO = "openvino"
    SSD_GRAPH = "openvino (TensorFlow graph)"
    NANODET = "onnxruntime"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A file of a model; its name is that of the asset."""

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """A model: its files, who runs them, what it can find.

    Attributes:
        files: In the order in which the engine takes them.
        size: Width and height in pixels of the pictures that its detector takes.
        object_types: For Open Model Zoo in the order of the model's labels.
        is_stand_in: Used only while the default cannot be had.
    """

    name: str
    version: str
    engine: Engine
    files: tuple[ModelFile, ...]
    licence: str
    size: tuple[int, int]
    object_types: tuple[str, ...]
    thresholds: Thresholds
    is_stand_in: bool = False


# Label 0 is a vehicle, 1 a person, 2 a bicycle, with or without its rider: seen on footage.
_STREET_TYPES = ("vehicle", "person", "bicycle")

DEFAULT = KnownModel(
    name="person-vehicle-bike-detection-2004",
    version="2022.3 FP16-INT8",
    engine=Engine.OPEN_MODEL_ZOO,
    files=(
        ModelFile(
            name="person-vehicle-bike-detection-2004.xml",
            sha256="df64979cd58874abf624bf2f79b80ee3b4e58177307e45940afed0b1f27ed553",
            size_bytes=1_623_473,
        ),
        ModelFile(
            name="person-vehicle-bike-detection-2004.bin",
            sha256="446722d01d80cbccfd438e352823445876cec4c0516bb5ba1c14d98f93e213c8",
            size_bytes=2_074_874,
        ),
    ),
    licence="Apache-2.0",
    size=(448, 256),
    object_types=_STREET_TYPES,
    thresholds=Thresholds(low=0.2, high=0.25, birth=0.3, alert=0.4),
)
PRECISE = KnownModel(
    name="person-vehicle-bike-detection-2003",
    version="2022.3 FP16-INT8",
    engine=Engine.OPEN_MODEL_ZOO,
    files=(
        ModelFile(
            name="person-vehicle-bike-detection-2003.xml",
            sha256="47c8bff6b743639b6d60cab292b64f6246b0f790eb4534d0392d09ada436a756",
            size_bytes=1_624_853,
        ),
        ModelFile(
            name="person-vehicle-bike-detection-2003.bin",
            sha256="0172364bf6770a45c61f0edfedd703746da021c6e8691056d376a0fac69439c0",
            size_bytes=2_074_874,
        ),
    ),
    licence="Apache-2.0",
    size=(864, 480),
    object_types=_STREET_TYPES,
    thresholds=Thresholds(low=0.2, high=0.25, birth=0.3, alert=0.4),
)
STAND_IN = KnownModel(
    name="ssd-mobilenet-v3-large-coco",
    version="2020-01-14",
    engine=Engine.SSD_GRAPH,
    files=(
        ModelFile(
            name="frozen_inference_graph.pb",
            sha256="3c95e720eed1bbaf264048ab8fbe6765e5b3a64fafe64020cd53ecd14ccf2c58",
            size_bytes=13_448_454,
        ),
    ),
    licence="Apache-2.0",
    size=(640, 360),
    object_types=TYPES,
    thresholds=Thresholds(low=0.4, high=0.5, birth=0.55, alert=0.65),
    is_stand_in=True,
)
MANY_TYPES = KnownModel(
    name="nanodet-plus-m-416",
    version="416",
    engine=Engine.NANODET,
    files=(
        ModelFile(
            name="nanodet-plus-m-416.onnx",
            sha256="e6869980bb0dea12f976583d325453b404e42e5b8bec209a01ab9d78394d852b",
            size_bytes=4_811_295,
        ),
    ),
    licence="Apache-2.0",
    size=(416, 416),
    object_types=TYPES,
    thresholds=Thresholds(low=0.3, high=0.4, birth=0.45, alert=0.55),
)

MODELS = (DEFAULT, PRECISE, STAND_IN, MANY_TYPES)


def find_model(name: str) -> KnownModel:
    """The model of that name.

    Raises:
        NotFound: There is none.
    """
    for model in MODELS:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in MODELS)
    raise NotFound(f"There is no model {name}; there are {known}.", model=name)
