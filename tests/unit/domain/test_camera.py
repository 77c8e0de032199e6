"""Cameras, their ids, and secrets that do not show."""

import json
import pickle
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import CAMERA, STREAM
from watchkeep.domain.camera import (
    Secret,
    Stream,
    StreamAddress,
    StreamRole,
    camera_id_from,
    is_camera_id,
)
from watchkeep.domain.media import GapCause
from watchkeep.domain.mode import ModeSchedule, RecordingMode

WORD = "hunter2-Pässwort"


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("Front door", "front-door"),
        ("  Yard / North_2  ", "yard-north-2"),
        ("Größe", "gr-e"),
        ("東京", "camera"),
        ("", "camera"),
        ("---", "camera"),
        ("a" * 80, "a" * 50),
        ("a" * 49 + " b", "a" * 49),
    ],
)
def test_an_id_is_made_of_the_name(name: str, identifier: str) -> None:
    assert camera_id_from(name) == identifier


@given(st.text())
def test_every_name_gives_an_id_that_is_one(name: str) -> None:
    identifier = camera_id_from(name)

    assert is_camera_id(identifier)
    assert camera_id_from(identifier) == identifier


@pytest.mark.parametrize("word", ["a", "0", "a-b", "a" * 50, "a--b"])
def test_these_may_name_a_camera(word: str) -> None:
    assert is_camera_id(word)


@pytest.mark.parametrize("word", ["", "-", "-a", "a-", "A", "a b", "a/b", "..", "a" * 51, "a\n", "ä", "a_b"])
def test_these_may_not_name_a_camera(word: str) -> None:
    assert not is_camera_id(word)


def test_a_secret_shows_only_when_asked() -> None:
    secret = Secret(WORD)

    assert secret.reveal() == WORD
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{[secret]}"):
        assert WORD not in shown


def test_an_address_with_a_secret_does_not_show_it() -> None:
    address = StreamAddress(url="rtsp://camera.example/1", user="admin", password=Secret(WORD))

    assert WORD not in repr(address)
    assert "admin" in repr(address)


def test_no_encoder_writes_a_secret_down_by_itself() -> None:
    with pytest.raises(TypeError):
        json.dumps({"password": Secret(WORD)})
    with pytest.raises(TypeError, match="a secret is not written down"):
        pickle.dumps(Secret(WORD))
    taken_apart = asdict(StreamAddress(url="rtsp://camera.example/1", password=Secret(WORD)))
    assert WORD not in repr(taken_apart)


def test_an_error_with_a_secret_in_its_facts_does_not_show_it() -> None:
    assert WORD not in repr(ValueError("refused", {"password": Secret(WORD)}))


def test_an_empty_secret_is_none() -> None:
    assert not Secret("")
    assert Secret("x")
    assert Secret("x") == Secret("x")
    assert Secret("x") != Secret("y")
    assert Secret("x") != "x"
    assert len({Secret("x"), Secret("x")}) == 1


@pytest.mark.parametrize("mode", list(RecordingMode))
def test_only_what_is_recorded_one_day_is_asked_for_sound_and_metadata(mode: RecordingMode) -> None:
    stream = Stream(
        id=STREAM,
        camera=CAMERA,
        role=StreamRole.MAIN,
        address=StreamAddress(url="rtsp://192.0.2.1/door"),
        audio=True,
        modes=ModeSchedule(default=mode),
    )

    assert stream.takes_audio is stream.takes_metadata is (mode is not RecordingMode.OFF)


def test_three_causes_are_no_loss_for_somebody_wants_them() -> None:
    wanted = {cause for cause in GapCause if cause.is_on_purpose}

    assert wanted == {GapCause.SCHEDULED_OFF, GapCause.NOTHING_MOVED, GapCause.NO_EVENT}
