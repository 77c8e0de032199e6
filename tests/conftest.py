"""What every test may ask for: tools, assets, and how thorough properties are."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

# A slow machine is not a failure, and what fails in CI must fail again on the developer's machine.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)

IS_CI = os.environ.get("CI", "").lower() in {"1", "true"}
hypothesis.settings.load_profile("ci" if IS_CI else "local")

CURE = "`make test-tools` installs it"


def missing(what: str, cure: str) -> None:
    """Say that something is missing: a failure in CI, where everything must be there; else a skip."""
    sentence = f"{what} is missing; {cure}"
    if IS_CI:
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def needs_tool() -> Callable[[str], Path]:
    """Give the path of a program, or skip (in CI: fail): `ffmpeg = needs_tool("ffmpeg")`."""

    def find(name: str) -> Path:
        override = os.environ.get(f"WATCHKEEP_TEST_{name.upper()}")
        found = override or shutil.which(name)
        if found is None:
            missing(name, CURE)
        return Path(str(found))

    return find


@pytest.fixture(scope="session")
def needs_disk() -> Callable[[str], None]:
    """Take what a test lacks for a disk of its own, "" for nothing: skip, or in CI fail."""

    def look(what: str) -> None:
        if what:
            missing(what, "a disk of the test's own needs it; run `make test-tools`, as root")

    return look


@pytest.fixture(scope="session")
def chromium(needs_tool: Callable[[str], Path]) -> Path:
    """Debian's Chromium, or another named in WATCHKEEP_TEST_CHROMIUM."""
    return needs_tool("chromium")


@pytest.fixture(scope="session")
def assets_folder() -> Path:
    """The folder WATCHKEEP_ASSETS names: real footage; skips (in CI: fails) when there is none."""
    folder = Path(os.environ.get("WATCHKEEP_ASSETS", ""))
    if not os.environ.get("WATCHKEEP_ASSETS") or not folder.is_dir():
        missing("the folder of assets", "name it in WATCHKEEP_ASSETS")
    return folder


@pytest.fixture(scope="session")
def footage(assets_folder: Path) -> Callable[[str], Path]:
    """Give a clip of real footage by name: `clip = footage("one-by-one-person-detection.mp4")`."""

    def find(name: str) -> Path:
        found = next(iter(sorted(assets_folder.rglob(name))), None)
        if found is None:
            missing(name, f"put it into {assets_folder}")
        return Path(str(found))

    return find


@pytest.fixture(scope="session")
def command() -> list[str]:
    """How to start `watchkeep` as a process of its own, from the same interpreter as the tests."""
    return [sys.executable, "-m", "watchkeep"]


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, object], chromium: Path
) -> dict[str, object]:
    """Launch Debian's Chromium without sandbox (tests may run as root), sound, or talk to its maker."""
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--autoplay-policy=no-user-gesture-required",
        "--mute-audio",
    ]
    return {**browser_type_launch_args, "executable_path": str(chromium), "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    """A desk's window, in UTC, with our own certificate taken as it is."""
    return {
        **browser_context_args,
        "ignore_https_errors": True,
        "viewport": {"width": 1280, "height": 900},
        "timezone_id": "UTC",
        "locale": "en-GB",
        "reduced_motion": "reduce",
    }
