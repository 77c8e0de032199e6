"""`watchkeep decoder`: the analyst's sandboxed child; words on standard input and output."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from watchkeep.cli.exits import DONE
from watchkeep.runtime.sandbox import cut_off, end_with_parent


def main(arguments: Sequence[str]) -> int:
    """Decode and detect until the input closes."""
    parser = argparse.ArgumentParser(prog="watchkeep decoder")
    parser.add_argument("--models", type=Path, required=True, help="the folder of the weights' files")
    parser.add_argument("--model", required=True, help="the model's name")
    asked = parser.parse_args(arguments[1:])
    end_with_parent()
    cut_off()
    # Only now: inference libraries call home when they are imported.
    decoder = importlib.import_module("watchkeep.runtime.decoder")
    decoder.run_decoder(asked.models, asked.model, reading=sys.stdin.fileno(), writing=sys.stdout.fileno())
    return DONE
