"""Words for people or JSON for programs; progress only on a terminal, plain lines otherwise."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from watchkeep.cli.exits import code_of
from watchkeep.domain.errors import WatchkeepError

Fact = str | int | float | bool | None | Sequence["Fact"] | Mapping[str, "Fact"]
"""What JSON can say."""

PLAIN_EVERY_SHARE = 0.1
"""Without a terminal a line of progress comes at each tenth."""


PIPE_WIDTH = 1000
"""Characters: a program reads lines, and breaks none."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command speaks. Results go to standard output, progress and errors to standard error."""

    is_json: bool

    def show(self, facts: Fact, text: str) -> None:
        """Write a result: the facts as JSON, or the text."""
        # At once: a command may go on for days after it, into a pipe that somebody reads.
        print(json.dumps(facts, ensure_ascii=False) if self.is_json else text, flush=True)

    def show_facts(self, facts: Mapping[str, Fact]) -> None:
        """Write one thing whole: as JSON, or a line for each fact."""
        self.show(
            facts, "\n".join(f"{name.replace('_', ' ')}: {_word(fact)}" for name, fact in facts.items())
        )

    def show_rows(self, rows: Sequence[Mapping[str, Fact]], columns: Sequence[str], nothing: str) -> None:
        """Write a list: as JSON `{"items": […]}`, or as a table of those columns."""
        if self.is_json:
            print(json.dumps({"items": rows}, ensure_ascii=False))
            return
        if not rows:
            print(nothing)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            # An id is copied into the next command, so it is never broken.
            table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column == "id")
        for row in rows:
            table.add_row(*(_word(row.get(column)) for column in columns))
        Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)

    def step(self, text: str) -> None:
        """Say that a slow step begins."""
        if not self.is_json:
            print(f"{text} …", file=sys.stderr, flush=True)

    @contextmanager
    def progress(self, text: str) -> Iterator[Callable[[float, str], None]]:
        """A bar on a terminal, a line at each tenth otherwise; told the share and what is being done."""
        if sys.stderr.isatty() and not self.is_json:
            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
            with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
                task = bar.add_task(text, total=1.0)
                yield lambda share, detail: bar.update(task, completed=share, description=detail or text)
            return
        yield _plain_progress(text, is_silent=self.is_json)


def fail(error: WatchkeepError, *, is_json: bool) -> int:
    """Write an error as one sentence (or one JSON object) to standard error; returns the exit code."""
    code = code_of(type(error))
    if is_json:
        document = {"error": type(error).__name__, "sentence": str(error), "exit_code": code}
        print(json.dumps(document, ensure_ascii=False), file=sys.stderr)
    else:
        print(f"watchkeep: {error}", file=sys.stderr)
    return code


def instant(moment: datetime | None) -> str | None:
    """A time as ISO 8601 in UTC, to the second."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain_progress(text: str, *, is_silent: bool) -> Callable[[float, str], None]:
    told = -1.0

    def tell(share: float, detail: str) -> None:
        nonlocal told
        if is_silent or (share - told < PLAIN_EVERY_SHARE and not (share >= 1.0 > told)):
            return
        told = share
        print(f"{detail or text}: {share:.0%}", file=sys.stderr, flush=True)

    return tell


def _word(fact: Fact) -> str:
    match fact:
        case None:
            return "–"
        case bool():
            return "yes" if fact else "no"
        case str():
            return fact
        case Mapping():
            return ", ".join(f"{name} {_word(value)}" for name, value in fact.items())
        case Sequence():
            return ", ".join(_word(each) for each in fact) or "–"
        case _:
            return str(fact)
