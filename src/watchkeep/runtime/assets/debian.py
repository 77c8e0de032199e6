"""A Debian package as a source, on machines that have apt; without root and without installing anything."""

import tarfile
from pathlib import Path, PurePosixPath

from watchkeep.domain.errors import Unavailable
from watchkeep.domain.fs import Fs
from watchkeep.runtime.assets.commands import emptied, output_of, run
from watchkeep.runtime.assets.delivery import Delivery, chunks_of, write_part
from watchkeep.runtime.assets.manifest import DebianMember

# The machine's own sources and keys, but lists and downloads in our folder. Hooks of the machine (clean-ups,
# package catalogues) are for its administrator's updates, not for ours. Source: apt.conf(5).
_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State "{folder}/state";
Dir::State::lists "{folder}/state/lists";
Dir::State::status "/dev/null";
Dir::Cache "{folder}/cache";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "";
Debug::NoLocking "true";
"""
_LISTS_SHARE, _PACKAGE_SHARE = 0.1, 0.9


def deliver_from_debian(delivery: Delivery, source: DebianMember) -> None:
    """Fetch the package with apt and take one file of it.

    Raises:
        Unavailable: apt is missing or fails, or the package has no such file.
    """
    with emptied(delivery.folder, delivery.fs) as folder:
        package = _download(delivery, source, folder)
        delivery.progress(_PACKAGE_SHARE)
        unpack_member(delivery, package)


def unpack_member(delivery: Delivery, package: Path) -> None:
    """Write the file of the asset's name in a package file to the part.

    Raises:
        Unavailable: The package holds no such file, or dpkg-deb is missing.
    """
    name = delivery.asset.name
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    try:
        with (
            output_of(command, folder=package.parent) as output,
            tarfile.open(fileobj=output, mode="r|") as archive,
        ):
            for member in archive:
                if member.isfile() and PurePosixPath(member.name).name == name:
                    stream = archive.extractfile(member)
                    if stream is not None:
                        write_part(delivery, chunks_of(stream))
                        return
    except tarfile.TarError as error:
        raise Unavailable(f"The package {package.name} cannot be unpacked.") from error
    raise Unavailable(f"The package {package.name} holds no {name}.")


def _download(delivery: Delivery, source: DebianMember, folder: Path) -> Path:
    fs = delivery.fs
    fetched = folder / "package"
    for place in (folder / "state" / "lists" / "partial", folder / "cache" / "archives" / "partial", fetched):
        fs.make_directories(place)
    configuration = folder / "apt.conf"
    file = fs.create(configuration)
    file.append(_CONFIGURATION.format(folder=folder).encode())
    file.close()
    apt = ["apt-get", "-c", str(configuration), "--quiet", "--quiet"]
    run([*apt, "update"], folder=fetched, clock=delivery.clock, watch=lambda: delivery.progress(0.05))
    delivery.progress(_LISTS_SHARE)

    def watch() -> None:
        share = min(_bytes_in(fetched, fs) / source.size_bytes, 1.0)
        delivery.progress(_LISTS_SHARE + share * (_PACKAGE_SHARE - _LISTS_SHARE))

    run([*apt, "download", source.package], folder=fetched, clock=delivery.clock, watch=watch)
    for entry in fs.entries(fetched):
        if entry.name.endswith(".deb"):
            return fetched / entry.name
    raise Unavailable(f"apt brought no package {source.package}.")


def _bytes_in(folder: Path, fs: Fs) -> int:
    return sum(fs.size(folder / entry.name) for entry in fs.entries(folder) if not entry.is_directory)
