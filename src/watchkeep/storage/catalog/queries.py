"""Loads named SQL from the package: each query has a name, a sentence, then its text."""

import re
from importlib import resources
from importlib.resources.abc import Traversable
from typing import LiteralString

_HEAD = re.compile(r"^-- ([a-z][a-z0-9_]*) --$", re.MULTILINE)
_FOLDER = resources.files("watchkeep.storage.catalog") / "sql"


def load(module: str) -> dict[str, LiteralString]:
    """The queries of `sql/<module>.sql` by name.

    They are typed LiteralString because they come from the package, never from a person: the type checker
    then refuses any query that is put together from pieces.

    Raises:
        ValueError: A name appears twice or a query lacks its sentence; a fault of the package.
    """
    text = (_FOLDER / f"{module}.sql").read_text(encoding="utf-8")
    parts = _HEAD.split(text)
    queries: dict[str, LiteralString] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name in queries or not body.lstrip().startswith("-- "):
            raise ValueError(f"{module}.sql: {name} appears twice or lacks its sentence")
        queries[name] = body.strip()
    return queries


def modules() -> list[str]:
    """The names of all query files, sorted."""
    return sorted(file.name.removesuffix(".sql") for file in _FOLDER.iterdir() if file.name.endswith(".sql"))


def migration_files() -> list[Traversable]:
    """The migration files, in the order in which they run."""
    folder = _FOLDER / "migrations"
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )


def literal(text: str) -> LiteralString:
    """Vouch for a text that comes from the package's own files."""
    return text
