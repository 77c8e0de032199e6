"""The way in. A process of the node loads only what it needs; the recorder no web framework, for instance."""

import importlib
import sys

PROCESSES = {
    "recorder": "watchkeep.cli.process_recorder",
    "analyst": "watchkeep.cli.process_analyst",
    "decoder": "watchkeep.cli.process_decoder",
    "keeper": "watchkeep.cli.process_keeper",
    "web": "watchkeep.cli.process_web",
    "rtsp": "watchkeep.cli.process_rtsp",
    "probe": "watchkeep.cli.process_probe",
    "demo-cameras": "watchkeep.cli.process_demonstration",
}
"""Started by `watchkeep run`, or alone by systemd and containers; not for people, so not in the help."""


def main() -> None:
    """Run the command in sys.argv; ends with SystemExit."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    module = importlib.import_module(PROCESSES.get(name, "watchkeep.cli.commands"))
    sys.exit(module.main(sys.argv[1:]))
