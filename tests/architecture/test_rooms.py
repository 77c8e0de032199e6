"""The import contracts hold, and each is shown to fail on a planted import."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from architecture.rules import ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


@dataclass(frozen=True, slots=True)
class Plant:
    """A file that must not be: `text` written into `into`, and the start of the contract's name it breaks."""

    into: str
    text: str
    contract: str


PLANTS = [
    Plant("domain/planted.py", "import watchkeep.application", "Rooms only look down"),
    Plant("ingestion/planted.py", "import watchkeep.sources", "Rooms only look down"),
    Plant("storage/media/planted.py", "import watchkeep.runtime", "Rooms only look down"),
    Plant("lifecycle/planted.py", "from watchkeep import presentation", "Rooms only look down"),
    Plant("utils/__init__.py", "", "Rooms only look down"),
    Plant("ingestion/planted.py", "import watchkeep.storage.media", "Only those who look after stored data"),
    Plant(
        "presentation/planted.py", "import watchkeep.storage.catalog", "Only those who look after stored data"
    ),
    Plant("cli/planted.py", "import watchkeep.storage.encryption", "Only those who look after stored data"),
    Plant("presentation/planted.py", "import watchkeep.lifecycle", "Presentation asks the application"),
    Plant("presentation/planted.py", "import watchkeep.sources", "Presentation asks the application"),
    Plant("application/planted.py", "import psycopg", "SQL is spoken only in the catalog"),
    Plant("runtime/planted.py", "from psycopg import Connection", "SQL is spoken only in the catalog"),
    Plant("storage/catalog/planted.py", "import watchkeep.storage.media", "Storage is built inwards"),
    Plant("storage/encryption/planted.py", "import watchkeep.storage.media", "Storage is built inwards"),
    Plant("storage/blocks/__init__.py", "", "Storage is built inwards"),
    Plant("domain/planted.py", "import pydantic", "The domain knows the standard library"),
    Plant("domain/planted.py", "import av", "The domain knows the standard library"),
    Plant("domain/interval.py", "import watchkeep.domain.coverage", "No cycles in any room"),
]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the package with its configuration, for planting."""

    folder: Path

    @contextmanager
    def with_file(self, name: str, text: str) -> Iterator[None]:
        """Append a text to a file, made with its room if missing; as it was afterwards."""
        path = self.folder / "watchkeep" / name
        is_new_room = not path.parent.exists()
        before = path.read_text() if path.exists() else None
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{before or ''}\n{text}\n")
        try:
            yield
        finally:
            if before is not None:
                path.write_text(before)
            elif is_new_room:
                shutil.rmtree(path.parent)
            else:
                path.unlink()

    def lint(self) -> subprocess.CompletedProcess[str]:
        """Run the contracts over the copy."""
        return lint_imports(self.folder, self.folder)


def lint_imports(where: Path, source: Path) -> subprocess.CompletedProcess[str]:
    """Run lint-imports in a folder with a pyproject.toml, looking for the package in source."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c; c()",
            "--no-cache",
            "--no-logo",
        ],
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def broken(output: str) -> list[str]:
    """The names of the contracts that are broken."""
    return [line.removesuffix("BROKEN").strip() for line in output.splitlines() if line.endswith("BROKEN")]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    folder = tmp_path_factory.mktemp("rooms")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(
        ROOT / "src" / "watchkeep",
        folder / "watchkeep",
        ignore=shutil.ignore_patterns("__pycache__", "webui", "*.sql"),
    )
    return Copy(folder)


def test_the_contracts_hold() -> None:
    result = lint_imports(ROOT, ROOT / "src")

    assert result.returncode == 0, result.stdout[-4000:]


def test_the_copy_keeps_the_contracts_before_anything_is_planted(copy: Copy) -> None:
    result = copy.lint()

    assert result.returncode == 0, result.stdout[-4000:]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.into} {plant.text}")
def test_a_planted_import_breaks_its_contract(copy: Copy, plant: Plant) -> None:
    with copy.with_file(plant.into, plant.text):
        result = copy.lint()

    assert result.returncode == 1
    assert any(name.startswith(plant.contract) for name in broken(result.stdout)), result.stdout[-4000:]


def test_every_contract_has_a_plant() -> None:
    names = {contract["name"] for contract in CONTRACTS}

    assert {name for name in names if not any(name.startswith(plant.contract) for plant in PLANTS)} == set()
