"""The decoder process: loads the weights, gives up its rights, decodes and detects until its input closes."""

import contextlib
import os
import select
from pathlib import Path

from watchkeep.domain.errors import Invalid, WatchkeepError
from watchkeep.processing.decoding import Decoder
from watchkeep.processing.detecting import Detector
from watchkeep.processing.model_files import load_detector
from watchkeep.processing.words import AnalystWords, DecoderWord, Ready, Unfit, encode
from watchkeep.runtime.sandbox import enter_sandbox
from watchkeep.runtime.system import SystemFs

READ_BYTES = 1 << 20
NICENESS = 5
"""Recording and showing come first."""


def run_decoder(models: Path, model: str, *, reading: int, writing: int) -> None:
    """Answer the words that come on one descriptor on the other, until the first is closed."""
    os.nice(NICENESS)
    # What a library prints must not stand between our words.
    words = os.dup(writing)
    os.dup2(2, writing)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the analyst is gone: so are we
        try:
            detector = load_detector(models, model, fs=SystemFs())
        except WatchkeepError as error:
            _say(words, Unfit(str(error)))
            return
        serve(detector, reading=reading, writing=words, sandbox=enter_sandbox())


def serve(detector: Detector, *, reading: int, writing: int, sandbox: tuple[str, ...]) -> None:
    """Answer words with a detector that is loaded, until no more come.

    Args:
        detector: Finds objects.
        reading: Descriptor on which words come.
        writing: Descriptor for answers; who holds its other end reads always.
        sandbox: What is forbidden to this process; said first.

    Raises:
        Invalid: What comes are no words.
    """
    _say(writing, Ready(detector.card, sandbox))
    decoder = Decoder(detector)
    words = AnalystWords()
    while True:
        # What has come is heard first, so that orders and forgetting act at once.
        while select.select([reading], [], [], 0 if decoder.has_work else None)[0]:
            received = os.read(reading, READ_BYTES)
            if not received:
                return
            for word in words.feed(received):
                for answer in decoder.hear(word):
                    _say(writing, answer)
        try:
            for answer in decoder.work():
                _say(writing, answer)
        except Invalid as error:
            # Only the detector raises it: whatever the picture, good weights give good numbers.
            _say(writing, Unfit(str(error)))
            return


def _say(descriptor: int, word: DecoderWord) -> None:
    frame = memoryview(encode(word))
    while frame:
        frame = frame[os.write(descriptor, frame) :]
