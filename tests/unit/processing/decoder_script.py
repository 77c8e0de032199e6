"""A decoder process with a detector of the tests: `python decoder_script.py DESCRIPTOR [broken]`."""

import socket
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from scenes import BrightestBlob
from watchkeep.domain.detection import Detection
from watchkeep.domain.errors import Invalid
from watchkeep.runtime.decoder import serve
from watchkeep.runtime.sandbox import enter_sandbox


class BrokenWeights(BrightestBlob):
    """Finds that its weights are nonsense."""

    def detect(self, picture: NDArray[np.uint8]) -> list[Detection]:
        raise Invalid("The weights give no numbers; fetch them again.", size=picture.size)


if __name__ == "__main__":
    channel = socket.socket(fileno=int(sys.argv[1]))
    serve(
        BrokenWeights() if "broken" in sys.argv else BrightestBlob(),
        reading=channel.fileno(),
        writing=channel.fileno(),
        sandbox=enter_sandbox(),
    )
