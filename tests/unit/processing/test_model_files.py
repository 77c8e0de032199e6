"""Weights: checked before use, refused with one sentence, and seen to find what is in real footage."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import openvino
import pytest
from openvino import opset13 as operations

from watchkeep.domain.detection import Detection
from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.processing.detecting import Detector, Picture
from watchkeep.processing.known_models import (
    DEFAULT,
    MANY_TYPES,
    MODELS,
    PRECISE,
    STAND_IN,
    KnownModel,
    ModelFile,
    find_model,
)
from watchkeep.processing.model_files import card_of, detector_of, load_detector
from watchkeep.processing.wire import constant
from watchkeep.runtime.system import SystemFs

FS = SystemFs()


@pytest.fixture(params=MODELS, ids=lambda model: model.name)
def model(request: pytest.FixtureRequest) -> KnownModel:
    return request.param


def frame(clip: Path, number: int, detector: Detector, *, share: float = 1.0) -> Picture:
    with av.open(str(clip)) as container:
        for index, each in enumerate(container.decode(video=0)):
            if index == number:
                width, height = round(detector.input_width * share), round(detector.input_height * share)
                return each.to_ndarray(format="bgr24", width=width, height=height)
    raise AssertionError(f"{clip} has no frame {number}")


def types_of(found: list[Detection], least: float) -> set[str]:
    return {each.object_type for each in found if each.confidence >= least}


def test_each_model_finds_a_person_and_a_car_and_nothing_in_an_empty_yard(
    model: KnownModel, weights: Callable[[KnownModel], Path], footage: Callable[[str], Path]
) -> None:
    detector = load_detector(weights(model), model.name, fs=FS)
    entrance, street = footage("one-by-one-person-detection.mp4"), footage("person-bicycle-car-detection.mp4")
    birth = model.thresholds.birth

    person = detector.detect(frame(entrance, 300, detector))
    car = detector.detect(frame(street, 10, detector))

    assert types_of(person, birth) == {"person"}
    assert max(each.box.width for each in person) > 0.15
    assert 0.45 < person[0].box.left < 0.55
    assert car[0].object_type in {"vehicle", "car", "truck", "bus"}
    assert types_of(detector.detect(frame(entrance, 480, detector)), birth) == set()
    assert types_of(detector.detect(frame(street, 260, detector)), birth) == set()


def test_a_detector_says_the_same_of_the_same_picture(
    weights: Callable[[KnownModel], Path], footage: Callable[[str], Path]
) -> None:
    detector = load_detector(weights(DEFAULT), DEFAULT.name, fs=FS)
    clip = footage("one-by-one-person-detection.mp4")
    first, other = frame(clip, 300, detector), frame(clip, 560, detector)

    once = detector.detect(first)
    detector.detect(other)

    assert detector.detect(first) == once


def test_the_stand_in_sees_what_stands_across_the_middle(
    weights: Callable[[KnownModel], Path], footage: Callable[[str], Path]
) -> None:
    detector = load_detector(weights(STAND_IN), STAND_IN.name, fs=FS)
    person = frame(footage("one-by-one-person-detection.mp4"), 300, detector)
    # As wide as both tiles' overlap twice, and in the very middle: no tile shows it whole.
    wide = np.full_like(person, 127)
    part = person[:, 288:488]
    wide[:, 220:420] = part

    (found,) = [
        each for each in detector.detect(wide) if each.object_type == "person" and each.confidence > 0.5
    ]

    assert found.box.left < 0.45
    assert found.box.right > 0.55


def test_the_stand_in_sees_one_person_where_its_tiles_cut_somebody_in_two(
    weights: Callable[[KnownModel], Path], footage: Callable[[str], Path]
) -> None:
    detector = load_detector(weights(STAND_IN), STAND_IN.name, fs=FS)
    small = frame(footage("one-by-one-person-detection.mp4"), 300, detector, share=0.4)
    person = small[:, 118:190]

    for left in range(300, 348, 3):
        picture = np.full((360, 640, 3), 127, dtype=np.uint8)
        picture[100:244, left : left + 72] = person
        found = [each for each in detector.detect(picture) if each.confidence >= STAND_IN.thresholds.high]
        assert [each.object_type for each in found] == ["person"], f"at {left}"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"person-vehicle-bike-detection-2004\.xml .* is not in"):
        load_detector(tmp_path, DEFAULT.name, fs=FS)


def test_a_file_with_another_digest_is_refused(tmp_path: Path) -> None:
    for file in DEFAULT.files:
        (tmp_path / file.name).write_bytes(b"something else")

    with pytest.raises(Invalid, match="another SHA-256"):
        load_detector(tmp_path, DEFAULT.name, fs=FS)


@pytest.mark.parametrize("like", [DEFAULT, STAND_IN, MANY_TYPES], ids=lambda model: model.name)
@pytest.mark.parametrize("content", [b"", b"nonsense" * 100, b"\x0a\x05ab"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, like: KnownModel, content: bytes) -> None:
    strange = written(tmp_path, like, [content] * len(like.files))

    with pytest.raises(Invalid, match="fetch"):
        detector_of(strange, tmp_path, fs=FS)


def test_weights_that_take_another_size_are_refused(
    tmp_path: Path, weights: Callable[[KnownModel], Path]
) -> None:
    contents = [(weights(PRECISE) / file.name).read_bytes() for file in PRECISE.files]
    strange = written(tmp_path, DEFAULT, contents)

    with pytest.raises(Invalid, match=r"not one picture of \[1, 3, 256, 448\]"):
        detector_of(strange, tmp_path, fs=FS)


def test_weights_that_give_something_else_are_refused(tmp_path: Path) -> None:
    picture = operations.parameter([1, 3, 256, 448], openvino.Type.f32)
    openvino.save_model(openvino.Model([operations.relu(picture)], [picture]), tmp_path / "other.xml")
    contents = [(tmp_path / name).read_bytes() for name in ("other.xml", "other.bin")]
    strange = written(tmp_path, DEFAULT, contents)

    with pytest.raises(Invalid, match="boxes and labels"):
        detector_of(strange, tmp_path, fs=FS)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="person-vehicle-bike-detection-2004"):
        find_model("yolo")


def test_a_card_is_the_same_everywhere_and_another_for_other_bytes() -> None:
    card = card_of(DEFAULT)
    other = replace(DEFAULT, files=(replace(DEFAULT.files[0], sha256="0" * 64), DEFAULT.files[1]))

    assert card_of(DEFAULT) == card
    assert str(card.id) == "00000000-0000-883d-a9c3-070b60abf60a"
    assert card_of(other).id != card.id
    assert len({card_of(each).id for each in MODELS}) == len(MODELS)


def test_each_model_names_scores_that_grow_from_noise_to_alert(model: KnownModel) -> None:
    scores = model.thresholds

    assert 0 < scores.low < scores.high <= scores.birth < scores.alert < 1


def test_a_graph_without_the_constant_is_refused() -> None:
    with pytest.raises(Invalid, match="no constant anchors"):
        constant(b"\x0a\x03\x0a\x01a\x18\x02\x25\x00\x00\x00\x00", "anchors")


@pytest.mark.parametrize("graph", [b"\x0b", b"\x0a\xff", b"\x0a" + b"\xff" * 11, b"\x08"])
def test_bytes_that_break_off_are_refused(graph: bytes) -> None:
    with pytest.raises(Invalid, match="no frozen TensorFlow graph"):
        constant(graph, "anchors")


def written(folder: Path, like: KnownModel, contents: list[bytes]) -> KnownModel:
    """A model of those bytes that has the right digests."""
    files = []
    for file, content in zip(like.files, contents, strict=True):
        (folder / file.name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        files.append(ModelFile(name=file.name, sha256=digest, size_bytes=len(content)))
    return replace(like, files=tuple(files))
