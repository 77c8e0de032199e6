"""A decoder process with a detector of the tests: `python decoder_script.py DESCRIPTOR`."""

import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from scenes import BrightestBlob
from watchkeep.runtime.decoder import serve
from watchkeep.runtime.sandbox import enter_sandbox

if __name__ == "__main__":
    channel = socket.socket(fileno=int(sys.argv[1]))
    serve(BrightestBlob(), reading=channel.fileno(), writing=channel.fileno(), sandbox=enter_sandbox())
