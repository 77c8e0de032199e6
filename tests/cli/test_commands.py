"""The command line as a person and a program meet it; each command is a process of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from watchkeep.cli.commands import app
from watchkeep.runtime.config_text import default_file, json_schema

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/cli.md"


def watchkeep(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "watchkeep", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def names(group: typer.Typer, before: str = "watchkeep") -> set[str]:
    found = {
        f"{before} {(command.name or command.callback.__name__)}"  # type: ignore[union-attr]
        for command in group.registered_commands
        if not command.hidden
    }
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        found |= names(inner.typer_instance, f"{before} {inner.name}")
    return found


def test_the_page_names_exactly_the_commands_that_there_are() -> None:
    documented = set(re.findall(r"^\| `(watchkeep [a-z -]+)` \|", PAGE.read_text(), re.MULTILINE))

    assert documented == names(app)


def test_the_version_is_said_in_words_and_in_json() -> None:
    assert watchkeep("version").stdout.startswith("Watchkeep ")
    assert set(json.loads(watchkeep("version", "--json").stdout)) == {"version"}


def test_a_wrong_option_is_a_usage_error() -> None:
    assert watchkeep("version", "--jsn").returncode == 2


def test_wrong_settings_are_all_told_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "watchkeep.yaml").write_text("wep: 1\nsite:\n  zone: Nowhere/Land\nlog:\n  level: loud\n")

    for command in ("run", "doctor"):
        done = watchkeep(command, "--data", str(tmp_path))

        if command == "run":
            assert done.returncode == 4
            assert done.stderr.count("watchkeep.yaml, line ") == 3
            assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["watchkeep.yaml"]


def test_config_check_tells_the_same_and_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "watchkeep.yaml").write_text("web:\n  listen: 8443\n")
    wrong = watchkeep("config", "check", "--data", str(tmp_path), "--json")
    (tmp_path / "watchkeep.yaml").write_text(default_file())
    right = watchkeep("config", "check", "--data", str(tmp_path), "--json")

    assert (wrong.returncode, right.returncode) == (4, 0)
    assert "line 2: web.listen is wrong" in json.loads(wrong.stderr)["sentence"]
    assert json.loads(right.stdout)["is_valid"] is True


def test_schema_and_default_are_printed_as_they_are() -> None:
    assert watchkeep("config", "schema").stdout == json_schema()
    assert watchkeep("config", "default").stdout == default_file()


def test_a_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    done = watchkeep("camera", "list", "--data", str(tmp_path / "nothing"), "--json")

    assert done.returncode == 3
    assert json.loads(done.stderr)["error"] == "NotFound"


def test_a_folder_with_other_things_is_refused_by_run(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    done = watchkeep("run", "--data", str(tmp_path))

    assert done.returncode == 6
    assert "holds other things (thesis.txt)" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_simulator_file_that_is_no_video_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "letter.mp4").write_text("Dear Ada")

    done = watchkeep("camera-simulator", str(tmp_path / "letter.mp4"), "--port", "0")

    assert done.returncode == 4
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("times", [("nonsense", "2026-01-01"), ("2026-01-02", "2026-01-01")])
def test_export_times_are_checked_before_anything_is_opened(tmp_path: Path, times: tuple[str, str]) -> None:
    out = tmp_path / "out.mp4"

    done = watchkeep("export", str(out), "--camera", "door", "--from", times[0], "--to", times[1])

    assert done.returncode == 4
    assert not out.exists()
