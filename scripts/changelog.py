"""Make CHANGELOG.md of the fragments in changes/, newest release first.

Without argument: the fragments of changes/unreleased are listed under "Unreleased". With a version they are
moved to changes/VERSION first. A fragment begins with "Added:", "Changed:", "Fixed:" or "Removed:".
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHANGES = ROOT / "changes"
KINDS = ("Added", "Changed", "Fixed", "Removed")


def main() -> None:
    """Write the file."""
    if len(sys.argv) > 1:
        release(sys.argv[1])
    folders = sorted((f for f in CHANGES.iterdir() if f.is_dir()), key=order, reverse=True)
    sections = [section(folder) for folder in folders if list(fragments(folder))]
    text = "# Changes\n\nMade by `make changelog` of the files in `changes/`.\n\n" + "\n".join(sections)
    (ROOT / "CHANGELOG.md").write_text(text, encoding="utf-8")


def release(version: str) -> None:
    """Close a release: its fragments get a folder of their own."""
    if re.fullmatch(r"\d+\.\d+\.\d+", version) is None:
        sys.exit(f"'{version}' is no version; write for example 0.2.0")
    target = CHANGES / version
    target.mkdir()
    for path in fragments(CHANGES / "unreleased"):
        path.rename(target / path.name)


def order(folder: Path) -> tuple[int, ...]:
    """Unreleased is newest; versions by number, not by letter."""
    if folder.name == "unreleased":
        return (sys.maxsize,)
    return tuple(int(number) for number in folder.name.split("."))


def fragments(folder: Path) -> list[Path]:
    """The fragments of a folder, in order of their names."""
    return sorted(folder.glob("*.md"))


def section(folder: Path) -> str:
    """One release."""
    entries: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for path in fragments(folder):
        kind, _, text = path.read_text(encoding="utf-8").strip().partition(":")
        if kind not in entries or not text.strip():
            sys.exit(f"{path.relative_to(ROOT)} must begin with one of {', '.join(KINDS)} and a colon.")
        entries[kind].append("- " + text.strip().replace("\n", "\n  "))
    parts = [f"### {kind}\n\n" + "\n".join(entries[kind]) + "\n" for kind in KINDS if entries[kind]]
    return f"## {folder.name.capitalize()}\n\n" + "\n".join(parts)


if __name__ == "__main__":
    main()
