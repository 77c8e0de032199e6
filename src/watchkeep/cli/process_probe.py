"""`watchkeep probe`: tries one camera address, given as JSON on standard input."""

import sys
from collections.abc import Sequence

from watchkeep.cli.exits import DONE
from watchkeep.cli.proxies import bypass_proxies
from watchkeep.runtime.probe_child import answer_probe


def main(_arguments: Sequence[str]) -> int:
    """Answer one question."""
    bypass_proxies()
    answer_probe(sys.stdin, sys.stdout)
    return DONE
