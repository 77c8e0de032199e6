"""SSD MobileNetV3 large, as the TensorFlow detection zoo froze it on 14 January 2020, on OpenVINO.

The graph ends in an operation of TensorFlow Lite that OpenVINO does not know. So its two inputs are taken as
the outputs, and what the operation does, box decoding and suppression, is done here.
Source: tensorflow/lite/kernels/detection_postprocess.cc; the operation's attributes in the graph.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino
from openvino.frontend import FrontEndManager
from openvino.preprocess import ColorFormat, PrePostProcessor, ResizeAlgorithm

from watchkeep.domain.detection import Detection, ModelCard
from watchkeep.domain.errors import Invalid
from watchkeep.processing.coco import NUMBERS
from watchkeep.processing.detecting import Candidates, Picture, check_picture, joined, settled
from watchkeep.processing.openvino_engine import compiled
from watchkeep.processing.suppression import Floats
from watchkeep.processing.wire import constant

_BOXES, _SCORES, _ANCHORS = "raw_outputs/box_encodings:0", "raw_outputs/class_predictions:0", "anchors"
_SIDE_PX = 320
_CLASSES = 91
_SCALES = np.array([10.0, 10.0, 5.0, 5.0], dtype=np.float32)
"""Of y, x, height and width: the operation's attributes y_scale, x_scale, h_scale, w_scale."""
_OVERLAP = 0.45
"""The operation says 0.6, with which more people are found twice: docs/reference/models.md."""
_MOST = 200
_CUT_PX = 4
"""A box that comes so near to an edge of a tile within the picture is part of something larger."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the picture, in pixels; right and bottom are past the end.

    Attributes:
        least_px: Narrower boxes are not taken from it, for another tile shows them larger.
    """

    left: int
    top: int
    right: int
    bottom: int
    least_px: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.right - self.left, self.bottom - self.top


class SsdGraphDetector:
    """Looks at parts of the picture: far people vanish when all is shrunk to one small square."""

    def __init__(
        self, card: ModelCard, *, graph: bytes, path: Path, size: tuple[int, int], tiles: tuple[Tile, ...]
    ) -> None:
        """Read the graph.

        Args:
            card: Its object types are names of COCO.
            graph: The file's bytes, for the anchors.
            path: Of the same file: OpenVINO reads this format from paths only.
            size: Width and height of the pictures it is given.
            tiles: Parts of the picture to look at; together they cover it.

        Raises:
            Invalid: It is no such graph, or OpenVINO cannot run it.
        """
        self.card = card
        self.input_width, self.input_height = size
        self._tiles = tiles
        self._anchors = constant(graph, _ANCHORS).reshape(-1, 4)
        # The first column is the background.
        self._columns = np.array([NUMBERS[name] for name in card.object_types])
        self._requests = {
            each: compiled(self._prepared(path, each), card.name).create_infer_request()
            for each in {tile.size for tile in tiles}
        }

    def detect(self, picture: Picture) -> list[Detection]:
        """As the protocol says."""
        check_picture(picture, width=self.input_width, height=self.input_height)
        found = joined([self._look(picture, tile) for tile in self._tiles])
        return settled(found.without_doubles(limit=_OVERLAP, most=_MOST), self.card)

    def _look(self, picture: Picture, tile: Tile) -> Candidates:
        """What one part shows, in shares of the whole picture."""
        request = self._requests[tile.size]
        part = picture[tile.top : tile.bottom, tile.left : tile.right]
        request.infer([np.ascontiguousarray(part)[None]])
        all_scores = np.array(request.get_output_tensor(1).data[0][:, self._columns])
        labels = all_scores.argmax(axis=1)
        scores = all_scores[np.arange(len(labels)), labels]
        # Not a number fails no comparison with <, so that it reaches the check that refuses it.
        good = np.flatnonzero(~(scores < self.card.thresholds.low))
        boxes = decoded(np.array(request.get_output_tensor(0).data[0][good]), self._anchors[good])
        found = Candidates(boxes=boxes, scores=scores[good], labels=labels[good])
        return self._placed(found, tile).without_doubles(limit=_OVERLAP, most=_MOST)

    def _placed(self, found: Candidates, tile: Tile) -> Candidates:
        width, height = tile.size
        picture = np.array([self.input_width, self.input_height] * 2, dtype=np.float32)
        boxes = found.boxes * np.array([width, height] * 2, dtype=np.float32)
        boxes += np.array([tile.left, tile.top] * 2, dtype=np.float32)
        low = np.array([tile.left, tile.top]) + _CUT_PX
        high = np.array([tile.right, tile.bottom]) - _CUT_PX
        is_cut = (boxes[:, :2] < low) & (low > _CUT_PX)
        is_cut |= (boxes[:, 2:] > high) & (high < picture[:2] - _CUT_PX)
        is_small = boxes[:, 2] - boxes[:, 0] < tile.least_px
        placed = Candidates(boxes=boxes / picture, scores=found.scores, labels=found.labels)
        return placed.only(~(is_cut.any(axis=1) | is_small))

    def _prepared(self, path: Path, size: tuple[int, int]) -> openvino.Model:
        """The graph without its end, taking bytes in blue, green, red of that size.

        Raises:
            Invalid: It is another graph.
        """
        name = self.card.name
        try:
            front = FrontEndManager().load_by_framework("tf")
            graph = front.load(str(path))
            places = [graph.get_place_by_tensor_name(each) for each in (_BOXES, _SCORES)]
            if None in places:
                raise Invalid(f"The weights of {name} lack {_BOXES} or {_SCORES}; fetch them again.")
            graph.override_all_outputs(places)
            model = front.convert(graph)
        except RuntimeError as error:
            raise Invalid(f"The file of {name} is no TensorFlow graph; fetch its weights again.") from error
        ends = [list(each.partial_shape.to_shape()) for each in (*model.inputs, *model.outputs)]
        anchors = len(self._anchors)
        if ends != [[1, _SIDE_PX, _SIDE_PX, 3], [1, anchors, 4], [1, anchors, _CLASSES]]:
            raise Invalid(
                f"The weights of {name} take and give {ends}, which is another model; fetch them again."
            )
        return _with_bytes_as_input(model, size)


def decoded(encodings: Floats, anchors: Floats) -> Floats:
    """Boxes from what the graph says of its anchors.

    Args:
        encodings: (n, 4) y, x, height, width, scaled and relative to the anchors.
        anchors: (n, 4) y, x, height, width as shares.

    Returns:
        (n, 4) left, top, right, bottom as shares.
    """
    y, x, height, width = (encodings / _SCALES).T
    anchor_y, anchor_x, anchor_height, anchor_width = anchors.T
    middle_y, middle_x = y * anchor_height + anchor_y, x * anchor_width + anchor_x
    half_height, half_width = np.exp(height) * anchor_height / 2, np.exp(width) * anchor_width / 2
    return np.stack(
        [middle_x - half_width, middle_y - half_height, middle_x + half_width, middle_y + half_height], axis=1
    )


def _with_bytes_as_input(model: openvino.Model, size: tuple[int, int]) -> openvino.Model:
    steps = PrePostProcessor(model)
    width, height = size
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(
        openvino.Layout("NHWC")
    ).set_color_format(ColorFormat.BGR).set_shape([1, height, width, 3])
    preparation = steps.input().preprocess()
    preparation.convert_element_type(openvino.Type.f32).convert_color(ColorFormat.RGB)
    if size != (_SIDE_PX, _SIDE_PX):
        preparation.resize(ResizeAlgorithm.RESIZE_LINEAR)
    # The graph takes -1 to 1.
    preparation.mean(127.5).scale(127.5)
    steps.input().model().set_layout(openvino.Layout("NHWC"))
    return steps.build()
