"""Documents that code names are there, and links lead somewhere."""

import re
from pathlib import Path

import pytest

from architecture import rules
from architecture.rules import ROOT

PAGES = sorted(
    page for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/**/*.md")]
)
DOCUMENTS = {str(page.relative_to(ROOT)) for page in ROOT.glob("docs/**/*.*")}


def named_in() -> dict[str, str]:
    suffixes = {".py", ".sql", ".toml", ".ts", ".tsx", ".yaml", ".sh"}
    folders = [ROOT / name for name in ("src", "bench", "scripts", "deploy", "web/src")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.suffix in suffixes]
    paths += [ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / "quality.toml", ROOT / ".ci" / "run"]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths if path.is_file()}


def test_every_document_that_code_names_is_there() -> None:
    assert rules.missing_documents(named_in(), DOCUMENTS) == []


def test_a_document_that_is_missing_is_seen() -> None:
    found = rules.missing_documents({"a.py": "# See docs/formats/nothing.md."}, DOCUMENTS)

    assert found == ["a.py names docs/formats/nothing.md, which is not there"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert rules.dead_links(page, page.read_text(encoding="utf-8")) == []


def test_a_dead_link_and_a_dead_heading_are_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One heading\n\n[a](nothing.md) [b](#one-heading) [c](#none) [d](https://example.org)")

    assert rules.dead_links(page, page.read_text()) == [
        "page.md links nothing.md, which is not there",
        "page.md links #none, but there is no such heading",
    ]


def missing_tests(page: str) -> list[str]:
    """Tests that a page names, as `file::test`, and that are not there."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    return [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or f"def {name}(" not in (ROOT / path).read_text()
    ]


def test_every_fault_has_a_test_that_exists_or_a_reason_for_none() -> None:
    page = (ROOT / "docs/development/faults.md").read_text()
    rows = [line.split("|") for line in page.splitlines() if re.match(r"\| F\d+ ", line)]

    assert [row[1].strip() for row in rows] == [f"F{number}" for number in range(1, 27)]
    assert [row[1] for row in rows if "::test_" not in row[4] and not re.search(r"None: \w", row[4])] == []
    assert missing_tests(page) == []


def test_a_test_that_is_named_and_missing_is_seen() -> None:
    here = "tests/architecture/test_documents.py"

    assert missing_tests(f"`{here}::test_a_test_that_is_named_and_missing_is_seen`") == []
    assert missing_tests(f"`{here}::test_of_nothing`") == [f"{here}::test_of_nothing"]
    assert missing_tests("`tests/nowhere.py::test_of_nothing`") == ["tests/nowhere.py::test_of_nothing"]


def test_the_glossary_has_no_word_twice() -> None:
    rows = [
        line.split("|")[1].strip()
        for line in (ROOT / "docs/glossary.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    words = [word.strip() for row in rows for word in row.split(",") if word.strip() not in {"word", "---"}]

    assert sorted(words) == sorted(set(words))


def test_decisions_are_numbered_without_holes_and_have_their_five_parts() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))

    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        for part in ("Status:", "## Context", "## Decision", "## What it costs", "## How we would notice"):
            assert part in text, f"{page.name} lacks '{part}'"
