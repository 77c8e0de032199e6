"""`watchkeep rtsp`: each stream again, for other programs."""

from collections.abc import Sequence

from watchkeep.cli.process import run_process
from watchkeep.domain.errors import Invalid
from watchkeep.runtime.certificates import certificates
from watchkeep.runtime.house_wiring import build_house
from watchkeep.runtime.rtsp import serve
from watchkeep.runtime.web import certificate_names
from watchkeep.runtime.wiring import Node


def main(arguments: Sequence[str]) -> int:
    """Serve until stopped."""
    return run_process("rtsp", arguments, _work)


def _work(node: Node) -> None:
    settings, machine = node.settings, node.machine
    if settings.rtsp.listen is None:
        raise Invalid("rtsp.listen is null in watchkeep.yaml; write for example 127.0.0.1:8554")
    pair = None
    if settings.rtsp.tls:
        pair = certificates(
            node.paths.tls, certificate_names(settings.web), fs=machine.fs, clock=machine.clock
        )
    serve(build_house(node), settings.rtsp.listen, pair)
