"""The rules hold in the package, and each is shown to fail on a planted violation."""

import statistics
from pathlib import Path

import pytest

from architecture import rules
from architecture.rules import ROOT, Module, Quality, Rule

QUALITY = rules.read_quality()
STRICT = Quality(QUALITY.bars, (), QUALITY.unused_words)
MODULES = rules.read_modules()

DOOR = '"""A room.\n\nIn: nothing.\nOut: nothing.\nKnows: nothing.\n"""\n'

PLANTED: list[tuple[Rule, Module]] = [
    (rules.short_files, Module.of("watchkeep.domain.long", "x = 1\n" * 401)),
    (rules.short_functions, Module.of("watchkeep.domain.long", "def f():\n" + "    x = 1\n" * 60)),
    (rules.named_modules, Module.of("watchkeep.storage.utils", "")),
    (rules.named_modules, Module.of("watchkeep.storage.media.segment_helpers", "")),
    (rules.named_modules, Module.of("watchkeep.core.segment", "")),
    (rules.signed_doors, Module.of("watchkeep.domain", '"""A room."""', is_door=True)),
    (rules.signed_doors, Module.of("watchkeep.domain", DOOR.replace("Out: nothing.\n", ""), is_door=True)),
    (rules.signed_doors, Module.of("watchkeep.domain", DOOR.replace("A room.", "A room"), is_door=True)),
    (rules.signed_doors, Module.of("watchkeep.domain", DOOR + "from x import y\n", is_door=True)),
    (rules.signed_doors, Module.of("watchkeep.domain", "", is_door=True)),
    (rules.no_type_checking, Module.of("a", "from typing import TYPE_CHECKING\nif TYPE_CHECKING: pass")),
    (rules.no_type_checking, Module.of("a", "import typing\nif typing.TYPE_CHECKING: pass")),
    (rules.imports_on_top, Module.of("a", "def f():\n    import json")),
    (
        rules.imports_on_top,
        Module.of("a", "class C:\n    async def f(self):\n        from json import loads"),
    ),
    (rules.machine_untouched, Module.of("a", "import os")),
    (rules.machine_untouched, Module.of("a", "import os.path")),
    (rules.machine_untouched, Module.of("a", "from time import monotonic")),
    (rules.machine_untouched, Module.of("a", "import random")),
    (rules.machine_untouched, Module.of("a", "import secrets")),
    (rules.machine_untouched, Module.of("a", "import subprocess as s")),
    (rules.machine_untouched, Module.of("a", "from socket import socket")),
    (rules.machine_untouched, Module.of("a", "import threading")),
    (rules.machine_untouched, Module.of("a", "open('x')")),
    (rules.machine_untouched, Module.of("a", "def f(path):\n    return path.read_text()")),
    (rules.machine_untouched, Module.of("a", "import uuid\nx = uuid.uuid4()")),
    (rules.machine_untouched, Module.of("a", "from uuid import uuid4\nx = uuid4()")),
    (rules.machine_untouched, Module.of("a", "def f(path):\n    return path.read_bytes()")),
    (rules.no_any_dicts, Module.of("a", "def f(x: dict[str, Any]) -> None: ...")),
    (rules.no_any_dicts, Module.of("a", "def f(x: list[Mapping[str, Any]]) -> None: ...")),
    (rules.no_shell, Module.of("a", "subprocess.run('ls', shell=True)")),
    (rules.no_shell, Module.of("a", "subprocess.run('ls', shell=flag)")),
    (rules.no_shell, Module.of("a", "os.system('ls')")),
    (rules.narrow_except, Module.of("a", "try:\n    f()\nexcept Exception:\n    pass")),
    (rules.narrow_except, Module.of("a", "try:\n    f()\nexcept (OSError, BaseException):\n    pass")),
    (rules.narrow_except, Module.of("a", "try:\n    f()\nexcept:\n    pass")),
    (rules.glossary_names, Module.of("a", "class CameraManager: ...")),
    (rules.glossary_names, Module.of("a", "def read(device): ...")),
    (rules.glossary_names, Module.of("a", "for principals in x: ...")),
]

CLEAN = '''"""A module.

Source: docs/formats/segment.md.
"""

import json
from collections.abc import Mapping


def read_segment(fs, path, facts: Mapping[str, str]):
    """Read."""
    try:
        return fs.open(path)
    except FileNotFoundError:
        return None


def open_segment(fs, path):
    """Open and tidy."""
    file = fs.open(path)
    try:
        return file.read_bytes(0, 8)
    except BaseException:
        file.close()
        raise
'''


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    complaints = rules.check(MODULES, QUALITY, [rule])

    assert not complaints, (
        f"{rule.__doc__}\n" + "\n".join(map(str, complaints)) + "\nExempt in quality.toml, with a reason."
    )


@pytest.mark.parametrize(
    ("rule", "module"), PLANTED, ids=[f"{rule.__name__}-{n}" for n, (rule, _) in enumerate(PLANTED)]
)
def test_a_planted_violation_is_seen(rule: Rule, module: Module) -> None:
    assert rules.check([module], STRICT, [rule])


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule for rule, _ in PLANTED} == set(rules.RULES)


def test_a_clean_module_gives_no_complaint() -> None:
    modules = [
        Module.of("watchkeep.domain.segment", CLEAN),
        Module.of("watchkeep.domain", DOOR, is_door=True),
    ]

    assert rules.check(modules, STRICT, rules.RULES) == []


def test_every_allowance_has_a_reason_and_is_still_needed() -> None:
    complaints = rules.check(MODULES, STRICT, rules.RULES)
    for allowance in QUALITY.allowances:
        assert len(allowance.reason) > 10, allowance
        for name in allowance.names:
            narrowed = rules.Allowance(allowance.rule, allowance.module, frozenset({name}), allowance.reason)
            assert any(narrowed.covers(c.rule, c.module, c.subject) for c in complaints), (
                f"quality.toml allows {name} in {allowance.module}, which does not use it"
            )


def test_lengths_stay_small_as_a_whole() -> None:
    """One long file is an accident, many are a habit: the ninth decile and the median are held too."""
    files = [len(module.text.splitlines()) for module in MODULES if not module.is_door]
    functions = rules.function_lengths(MODULES)

    assert statistics.quantiles(files, n=10)[8] <= QUALITY.bars["file_lines_p90"]
    assert statistics.median(functions) <= QUALITY.bars["function_lines_median"]


def test_tests_and_scripts_are_no_longer_than_code() -> None:
    paths = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("bench/**/*.py"), *ROOT.glob("web/src/**/*.ts*")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in paths}

    assert {name: n for name, n in lengths.items() if n > QUALITY.bars["file_lines_max"]} == {}


def test_tests_mock_nothing() -> None:
    """A fake is a small real thing; a mock pins how the code is written."""
    word = "unittest" + ".mock"
    users = [p.name for p in ROOT.glob("tests/**/*.py") if word in p.read_text() and p != Path(__file__)]

    assert users == []
