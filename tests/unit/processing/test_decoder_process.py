"""The decoder process: words in, words out, whatever happens to its other side."""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from builders import STREAM
from scenes import BrightestBlob, Footage, empty_yard, filmed, with_square
from watchkeep.domain.detection import Attention
from watchkeep.processing.known_models import DEFAULT, KnownModel
from watchkeep.processing.words import (
    AnalystWord,
    Attend,
    Begin,
    DecoderWord,
    DecoderWords,
    Done,
    Feed,
    Looked,
    Picture,
    Ready,
    Skipped,
    TakePicture,
    Unfit,
    encode,
)

ALL = ("memory", "network", "files", "programs")
PATIENCE_S = 60.0


def is_done_with(run: Footage) -> Callable[[DecoderWord], bool]:
    last = run.fragments[-1].sequence
    return lambda word: isinstance(word, Done) and word.sequence == last


@dataclass
class Talk:
    """The analyst's side."""

    channel: socket.socket
    process: subprocess.Popen[bytes]
    heard: list[DecoderWord] = field(default_factory=list)
    words: DecoderWords = field(default_factory=DecoderWords)

    def say(self, *words: AnalystWord) -> None:
        """Hears meanwhile what comes, as the decoder asks of who talks to it."""
        for word in words:
            frame = memoryview(encode(word))
            while frame:
                can_hear, can_say, _ = select.select([self.channel], [self.channel], [], PATIENCE_S)
                assert can_hear or can_say, "it neither hears nor says anything"
                if can_hear:
                    self.heard += self.words.feed(self.channel.recv(1 << 20))
                if can_say:
                    frame = frame[self.channel.send(frame) :]

    def until(self, is_it: Callable[[DecoderWord], bool]) -> DecoderWord:
        """Listen until a word comes; the first that was heard counts."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for word in self.heard:
                if is_it(word):
                    return word
            self.channel.settimeout(max(deadline - time.monotonic(), 0.01))
            received = self.channel.recv(1 << 20)
            assert received, "it closed its end"
            self.heard += self.words.feed(received)

    def play(self, run: Footage, attention: Attention = Attention.FULL) -> None:
        """Have the whole run examined."""
        self.say(Begin(stream=STREAM, init=run.init), Attend(STREAM, attention))
        for fragment in run.fragments:
            self.say(Feed(STREAM, fragment))
        self.until(is_done_with(run))


@contextmanager
def decoder_of(command: list[str], *, errors: Path, takes_standard_streams: bool) -> Iterator[Talk]:
    ours, theirs = socket.socketpair()
    with errors.open("wb") as log, theirs, ours:
        descriptor = theirs.fileno()
        process = subprocess.Popen(
            command if takes_standard_streams else [*command[:2], str(descriptor), *command[2:]],
            stdin=theirs if takes_standard_streams else subprocess.DEVNULL,
            stdout=theirs if takes_standard_streams else subprocess.DEVNULL,
            stderr=log,
            pass_fds=() if takes_standard_streams else (descriptor,),
        )
        theirs.close()
        try:
            yield Talk(ours, process)
        finally:
            ours.close()
            try:
                process.wait(PATIENCE_S)
            finally:
                process.kill()
                process.wait()


@contextmanager
def blob_decoder(folder: Path, *, is_broken: bool = False) -> Iterator[Talk]:
    script = Path(__file__).with_name("decoder_script.py")
    command = [sys.executable, str(script), *(["broken"] if is_broken else [])]
    with decoder_of(command, errors=folder / "errors", takes_standard_streams=False) as talk:
        yield talk


@pytest.fixture(scope="module")
def run() -> Footage:
    return filmed(with_square(empty_yard(), start=0), seconds=3)


def test_it_says_what_it_runs_and_what_is_forbidden_and_then_answers(run: Footage, tmp_path: Path) -> None:
    with blob_decoder(tmp_path) as talk:
        ready = talk.until(lambda _: True)
        talk.play(run)
        talk.say(
            TakePicture(
                number=3,
                init=run.init,
                payloads=(run.fragments[0].payload,),
                at_ticks=9_000,
                width_px=100,
            )
        )
        picture = talk.until(lambda word: isinstance(word, Picture))

    assert ready == Ready(BrightestBlob().card, ALL)
    assert sum(isinstance(word, Looked) for word in talk.heard) == 15
    assert isinstance(picture, Picture)
    assert (picture.number, picture.width_px) == (3, 100)


def test_h265_is_decoded_inside_the_sandbox_too(tmp_path: Path) -> None:
    run = filmed(with_square(empty_yard(), start=0), seconds=2, codec="libx265")

    with blob_decoder(tmp_path) as talk:
        talk.play(run)

    assert sum(isinstance(word, Looked) for word in talk.heard) == 10


def test_it_ends_when_its_input_closes(tmp_path: Path) -> None:
    with blob_decoder(tmp_path) as talk:
        talk.until(lambda word: isinstance(word, Ready))
        talk.channel.shutdown(socket.SHUT_WR)

        assert talk.process.wait(PATIENCE_S) == 0


def test_it_ends_when_nobody_hears_it_any_more(run: Footage, tmp_path: Path) -> None:
    with blob_decoder(tmp_path) as talk:
        talk.until(lambda word: isinstance(word, Ready))
        talk.say(Begin(stream=STREAM, init=run.init), Attend(STREAM, Attention.FULL))
        for fragment in run.fragments:
            talk.say(Feed(STREAM, fragment))
        talk.channel.close()

        talk.process.wait(PATIENCE_S)


def test_while_nothing_comes_it_uses_no_processor(run: Footage, tmp_path: Path) -> None:
    with blob_decoder(tmp_path) as talk:
        talk.play(run)
        process = psutil.Process(talk.process.pid)
        before = process.cpu_times()
        time.sleep(1)
        after = process.cpu_times()

    assert after.user + after.system - before.user - before.system < 0.2


def test_words_that_were_cut_anywhere_are_heard_when_they_are_whole(run: Footage, tmp_path: Path) -> None:
    sent = b"".join(
        map(encode, (Begin(stream=STREAM, init=run.init), *(Feed(STREAM, each) for each in run.fragments)))
    )
    with blob_decoder(tmp_path) as talk:
        for at in range(0, len(sent), 997):
            talk.channel.sendall(sent[at : at + 997])
        talk.until(is_done_with(run))


def test_footage_that_comes_all_at_once_is_heard_before_it_is_worked_on(tmp_path: Path) -> None:
    """More than any socket holds: it must read while it works, or both sides wait for ever."""
    run = filmed(with_square(empty_yard(noise=20), start=0), seconds=40, options={"crf": "1"})
    assert sum(len(each.payload) for each in run.fragments) > 8 << 20

    with blob_decoder(tmp_path) as talk:
        talk.until(lambda word: isinstance(word, Ready))
        talk.play(run)

    passed = sum(word.frames for word in talk.heard if isinstance(word, Skipped))
    done = {word.sequence for word in talk.heard if isinstance(word, Done)}
    assert passed + sum(each.packet_count for each in run.fragments if each.sequence in done) == run.frames


def test_nonsense_ends_it_with_an_error(tmp_path: Path) -> None:
    with blob_decoder(tmp_path) as talk:
        talk.until(lambda word: isinstance(word, Ready))
        talk.channel.sendall(b"\xff" * 100)

        assert talk.process.wait(PATIENCE_S) == 1
    assert b"wrong length" in (tmp_path / "errors").read_bytes()


def test_weights_that_give_nonsense_are_called_unfit_and_it_ends(run: Footage, tmp_path: Path) -> None:
    with blob_decoder(tmp_path, is_broken=True) as talk:
        talk.say(Begin(stream=STREAM, init=run.init), Feed(STREAM, run.fragments[0]))
        unfit = talk.until(lambda word: isinstance(word, Unfit))
        status = talk.process.wait(PATIENCE_S)

    assert unfit == Unfit("The weights give no numbers; fetch them again.")
    assert status == 0


def test_the_command_says_that_weights_are_missing(command: list[str], tmp_path: Path) -> None:
    arguments = [*command, "decoder", "--models", str(tmp_path), "--model", DEFAULT.name]

    with decoder_of(arguments, errors=tmp_path / "errors", takes_standard_streams=True) as talk:
        word = talk.until(lambda _: True)
        status = talk.process.wait(PATIENCE_S)

    assert isinstance(word, Unfit)
    assert "fetch it again" in word.sentence
    assert status == 0


def test_with_real_weights_it_finds_nobody_in_an_empty_yard_inside_the_sandbox(
    command: list[str], run: Footage, weights: Callable[[KnownModel], Path], tmp_path: Path
) -> None:
    arguments = [*command, "decoder", "--models", str(weights(DEFAULT)), "--model", DEFAULT.name]

    with decoder_of(arguments, errors=tmp_path / "errors", takes_standard_streams=True) as talk:
        ready = talk.until(lambda _: True)
        niceness = psutil.Process(talk.process.pid).nice()
        talk.play(run)

    assert isinstance(ready, Ready)
    assert ready.card.name == DEFAULT.name
    assert ready.sandbox == ALL
    looks = [word.look for word in talk.heard if isinstance(word, Looked)]
    assert len(looks) == 15
    assert not any(
        each.object_type == "person" and each.confidence >= DEFAULT.thresholds.birth
        for look in looks
        for each in look.detections
    )
    assert niceness >= min(5 + os.nice(0), 19)


def test_no_library_finds_a_network_or_leaves_anything_in_the_home_folder(
    command: list[str], weights: Callable[[KnownModel], Path], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    # Libraries that call home refrain where they believe to be tested.
    start = ["env", "-u", "CI", f"HOME={home}", *command, "decoder", "--model", DEFAULT.name]
    arguments = [*start, "--models", str(weights(DEFAULT))]

    with decoder_of(arguments, errors=tmp_path / "errors", takes_standard_streams=True) as talk:
        assert isinstance(talk.until(lambda _: True), Ready)
        status = Path(f"/proc/{talk.process.pid}/status").read_text()

    # One that refuses the network, from before anything was imported; one that refuses almost all.
    assert "Seccomp_filters:\t2" in status
    assert list(home.iterdir()) == []
