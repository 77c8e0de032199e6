"""Builds a node of its data folder: what every process needs, and no process's own parts."""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from watchkeep.domain.camera import Secret, Stream, StreamAddress
from watchkeep.domain.errors import DataLoss, KeystoreLocked, NotFound
from watchkeep.domain.fs import read_whole
from watchkeep.domain.ids import NodeId
from watchkeep.runtime.clock_trust import clock_is_synchronised, machine_zone
from watchkeep.runtime.config import ProviderName, Settings
from watchkeep.runtime.config_file import read_settings
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.embedded_postgres import EmbeddedPostgres
from watchkeep.runtime.installation import (
    Installation,
    ensure_installation,
    read_installation,
    require_own_keystore,
)
from watchkeep.runtime.recording_plan import RecordingPlan
from watchkeep.runtime.system import Machine
from watchkeep.runtime.tiers import attach_volumes, known_volumes, recording_folder, remember_volume
from watchkeep.storage.blobs.volumes import Volumes
from watchkeep.storage.catalog import cameras
from watchkeep.storage.catalog.cameras import SealedStream
from watchkeep.storage.catalog.connection import Catalog, CatalogRole
from watchkeep.storage.encryption.erasure_ledger import ErasureLedger
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.encryption.providers import KeyProvider, MachineProvider, PassphraseProvider
from watchkeep.storage.media.volume import Volume

log = logging.getLogger(__name__)

PASSWORD_PURPOSE = "camera password"  # noqa: S105  # the purpose's name, as in application.cameras


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An opened data folder.

    Attributes:
        volume: The one that is recorded to.
        volumes: All of them, it too.
        catalog: As writer; connects when it is first asked.
        dsn: Leads to the catalog's database as one of its roles; may hold a password.
        clock_is_synchronised: Asks the system now; None where it does not say.
    """

    id: NodeId
    installation: UUID
    paths: DataFolder
    settings: Settings
    machine: Machine
    keystore: Keystore
    ledger: ErasureLedger
    volume: Volume
    volumes: Volumes
    catalog: Catalog
    dsn: Callable[[CatalogRole], Secret] = field(repr=False)
    clock_is_synchronised: Callable[[], bool | None] = field(default=clock_is_synchronised)


def ensure_node(paths: DataFolder, *, machine: Machine, environment: Mapping[str, str] = os.environ) -> Node:
    """Open the data folder, made when there is none; nothing that exists is overwritten.

    Raises:
        Invalid: watchkeep.yaml is wrong; all its errors are in the sentence.
        Conflict: The folder, its keystore or its footage belongs to something else.
        Forbidden: The folder cannot be written.
        Exhausted: The disk is full.
        KeystoreLocked: The passphrase is missing or wrong.
        DataLoss: Something that was there is gone or damaged.
    """
    settings = _settings_or_defaults(paths, machine)

    def make_keys() -> Keystore:
        # A first start that was killed may have made it already.
        provider = _provider(settings, paths, machine, environment)
        is_there = (paths.keystore / "keystore.json").exists()
        make = Keystore.open if is_there else Keystore.create
        return make(paths.keystore, fs=machine.fs, clock=machine.clock, rng=machine.rng, provider=provider)

    installation = ensure_installation(paths, machine=machine, make_keys=make_keys, zone=machine_zone())
    return _open(installation, paths, machine, environment)


def open_node(paths: DataFolder, *, machine: Machine, environment: Mapping[str, str] = os.environ) -> Node:
    """Open an existing data folder; as `ensure_node`, but NotFound when there is none."""
    return _open(read_installation(paths, machine=machine), paths, machine, environment)


def _open(
    installation: Installation, paths: DataFolder, machine: Machine, environment: Mapping[str, str]
) -> Node:
    settings = _settings_or_defaults(paths, machine)
    keystore = _open_keystore(settings, paths, machine, environment)
    require_own_keystore(installation, keystore, paths)
    ledger = ErasureLedger(paths.erasures, fs=machine.fs)
    keystore.heed(ledger.erased)
    volume = _open_volume(settings, paths, machine, installation)
    external = settings.database.dsn
    embedded = EmbeddedPostgres(paths.database, clock=machine.clock)

    def dsn(role: CatalogRole) -> Secret:
        return external or Secret(embedded.dsn(role))

    return Node(
        id=installation.node,
        installation=installation.id,
        paths=paths,
        settings=settings,
        machine=machine,
        keystore=keystore,
        ledger=ledger,
        volume=volume,
        volumes=attach_volumes(settings, paths, machine, installation=installation.id, recording=volume),
        catalog=Catalog(dsn(CatalogRole.WRITER).reveal(), role=CatalogRole.WRITER),
        dsn=dsn,
    )


def _open_volume(
    settings: Settings, paths: DataFolder, machine: Machine, installation: Installation
) -> Volume:
    """Open the footage folder; one that was used before must be the same disk again."""
    root = recording_folder(settings, paths)
    expected = known_volumes(paths, machine).get(str(root))
    volume = Volume.open(
        root, fs=machine.fs, rng=machine.rng, installation=installation.id, expected=expected
    )
    if expected is None:
        remember_volume(paths, machine, str(root), volume.id)
    return volume


def _open_keystore(
    settings: Settings, paths: DataFolder, machine: Machine, environment: Mapping[str, str]
) -> Keystore:
    provider = _provider(settings, paths, machine, environment)
    try:
        return Keystore.open(
            paths.keystore, fs=machine.fs, clock=machine.clock, rng=machine.rng, provider=provider
        )
    except NotFound:
        raise DataLoss(
            f"{paths.keystore} is gone, and without it the footage cannot be read; restore it from a backup, "
            "nothing was changed",
            path=str(paths.keystore),
        ) from None


def _settings_or_defaults(paths: DataFolder, machine: Machine) -> Settings:
    try:
        return read_settings(paths.settings, fs=machine.fs)
    except (NotFound, NotADirectoryError):
        return Settings()


def _provider(
    settings: Settings, paths: DataFolder, machine: Machine, environment: Mapping[str, str]
) -> KeyProvider:
    if settings.keystore.provider is ProviderName.PASSPHRASE:
        return PassphraseProvider(_passphrase(settings, machine, environment), rng=machine.rng)
    return MachineProvider(paths.keystore / "machine.key", fs=machine.fs, rng=machine.rng)


def _passphrase(settings: Settings, machine: Machine, environment: Mapping[str, str]) -> Secret:
    path, variable = settings.keystore.passphrase_file, settings.keystore.passphrase_variable
    if path is not None:
        try:
            text = read_whole(machine.fs, path).decode().rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise KeystoreLocked(
                f"keystore.passphrase_file {path} cannot be read; put the passphrase there",
                path=str(path),
            ) from None
    else:
        text = environment.get(variable, "")
    if not text:
        place = f"the file {path}" if path is not None else f"the environment variable {variable}"
        raise KeystoreLocked(f"the keystore needs its passphrase in {place}", place=place)
    return Secret(text)


def read_plan(node: Node, *, unless: int | None = None) -> RecordingPlan | None:
    """The streams to take, also those only watched; None if the catalog still has the revision `unless`.

    A camera whose sealed password cannot be opened is left out and logged: the others are recorded.

    Raises:
        CatalogUnavailable: The database does not answer.
    """
    with node.catalog.transaction("recorder") as connection:
        revision = cameras.revision(connection)
        if revision == unless:
            return None
        found = cameras.list_cameras(connection)
    streams: list[Stream] = []
    for camera in found:
        if not camera.is_enabled:
            continue
        for sealed in camera.streams:
            try:
                streams.append(_open_stream(node.keystore, sealed, audio=camera.audio))
            except DataLoss:
                log.warning("camera password unreadable", extra={"camera": camera.id, "role": sealed.role})
    return RecordingPlan(revision, tuple(streams))


def _open_stream(keystore: Keystore, sealed: SealedStream, *, audio: bool) -> Stream:
    password = b""
    if sealed.sealed_password:
        password = keystore.unseal(PASSWORD_PURPOSE, sealed.sealed_password)
    return Stream(
        id=sealed.id,
        camera=sealed.camera,
        role=sealed.role,
        address=StreamAddress(url=sealed.url, user=sealed.user_name, password=Secret(password.decode())),
        modes=sealed.modes,
        audio=audio,
    )
