"""`watchkeep web`: the page and the API."""

from collections.abc import Sequence

from watchkeep.cli.process import run_process
from watchkeep.presentation.http.app import create_app
from watchkeep.runtime.certificates import certificates
from watchkeep.runtime.house_wiring import build_house
from watchkeep.runtime.web import certificate_names, serve, start_again_with_suites
from watchkeep.runtime.wiring import Node


def main(arguments: Sequence[str]) -> int:
    """Serve until stopped."""
    start_again_with_suites()
    return run_process("web", arguments, _work)


def _work(node: Node) -> None:
    pair = certificates(
        node.paths.tls, certificate_names(node.settings.web), fs=node.machine.fs, clock=node.machine.clock
    )
    serve(create_app(build_house(node)), node.settings.web.listen, pair)
