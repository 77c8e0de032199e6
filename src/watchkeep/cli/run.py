"""`watchkeep run` and `watchkeep demo`."""

import json as json_text
import sys

from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output
from watchkeep.runtime.demonstration_switch import switch_on
from watchkeep.runtime.locks import is_held
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.supervisor import Serving, Terminal
from watchkeep.runtime.supervisor import run as run_node
from watchkeep.runtime.system import Machine
from watchkeep.runtime.token_file import put_token
from watchkeep.runtime.web import address_of

_NOTE = "                (makes the first administrator; good once, for half an hour)"


def run(data: DataOption = None, json: JsonOption = False) -> None:
    """Run Watchkeep: record, keep and serve, until Ctrl-C or SIGTERM."""
    _run(data, json, wants_demonstration=False)


def demo(data: DataOption = None, json: JsonOption = False) -> None:
    """Run Watchkeep with demonstration cameras; if it runs already, switch them on there."""
    paths, output = data_folder(data), Output(json)
    if not is_held(paths.lock):
        _run(data, json, wants_demonstration=True)
        return
    with opened_house(paths, machine=Machine(), step=output.step) as opened:
        with output.progress("preparing the demonstration") as progress:
            seconds = switch_on(opened, progress=progress)
        address = address_of(opened.node.settings.web)
    facts: Fact = {"address": address, "seconds": seconds}
    output.show(facts, f"The demonstration cameras are on: {address}")


def _run(data: DataOption, json: JsonOption, *, wants_demonstration: bool) -> None:
    paths, output, machine = data_folder(data), Output(json), Machine()

    def serving(now: Serving) -> None:
        if not now.token:
            words = ""
        elif sys.stdout.isatty():
            words = f"\n  set-up token  {now.token.reveal()}\n{_NOTE}"
        else:
            # Standard output is somebody's log here, and a token does not belong into one.
            put_token(paths, now.token, fs=machine.fs)
            words = f"\n  set-up token  in {paths.token}\n{_NOTE}"
        if json:
            facts = {"address": now.address, "ca_fingerprint": now.certificates.ca_fingerprint}
            print(json_text.dumps({**facts, "token_file": str(paths.token) if words else None}), flush=True)
            return
        print(
            f"\nWatchkeep serves.\n  address       {now.address}\n"
            f"  authority     {now.certificates.ca} (trust it once in the browser)\n"
            f"  fingerprint   {now.certificates.ca_fingerprint}{words}\n",
            flush=True,
        )

    terminal = Terminal(step=output.step, serving=serving)
    run_node(paths, machine=machine, terminal=terminal, wants_demonstration=wants_demonstration)
