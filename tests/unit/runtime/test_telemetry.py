"""Logs say what happened and no secret."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from watchkeep.domain.camera import Secret
from watchkeep.runtime.config import LogLevel
from watchkeep.runtime.telemetry import mask, start_logging


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    written = io.StringIO()
    start_logging("test", LogLevel.INFO, stream=written)
    yield written
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in before:
        root.addHandler(handler)
    root.setLevel(level)


def test_a_line_is_json_with_phrase_and_fields(stream: io.StringIO) -> None:
    logging.getLogger("watchkeep.x").warning("camera lost", extra={"camera": "door", "silent_s": 12})

    line = json.loads(stream.getvalue())
    assert (line["phrase"], line["camera"], line["silent_s"]) == ("camera lost", "door", 12)
    assert (line["process"], line["level"]) == ("test", "warning")


def test_secrets_are_masked_wherever_they_stand(stream: io.StringIO) -> None:
    log = logging.getLogger("watchkeep.x")
    log.info(
        "opening rtsp://ada:hunter2@10.0.0.5/live",
        extra={"password": "hunter2", "url": "rtsp://ada:hunter2@10.0.0.5/", "key": Secret("hunter2")},
    )
    try:
        int("rtsp://ada:hunter2@10.0.0.5/ password=hunter2")
    except ValueError:
        log.exception("it broke")

    assert "hunter2" not in stream.getvalue()
    assert "10.0.0.5" in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("rtsp://10.0.0.5/live", "rtsp://10.0.0.5/live"),
        ("rtsp://u:p@10.0.0.5/live", "rtsp://•••@10.0.0.5/live"),
        ("host=db password=abc port=1", "host=db password=••• port=1"),
        ("mail ada@example.org", "mail ada@example.org"),
    ],
)
def test_only_what_is_secret_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked
