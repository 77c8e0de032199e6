"""ONNX Runtime runs NanoDet-Plus, for whoever wants more types than the default knows; the extra `onnx`.

Source: RangiLyu/nanodet, `nanodet/model/head/nanodet_plus_head.py` and `config/nanodet-plus-m_416.yml`.
"""

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from watchkeep.domain.detection import Detection, ModelCard
from watchkeep.domain.errors import Invalid
from watchkeep.processing.coco import PLACES
from watchkeep.processing.detecting import Candidates, Picture, check_picture, settled
from watchkeep.processing.suppression import Floats

_MEAN = np.array([103.53, 116.28, 123.675], dtype=np.float32)
_DEVIATION = np.array([57.375, 57.12, 58.395], dtype=np.float32)
_STRIDES_PX = (8, 16, 32, 64)
_CLASSES, _STEPS = 80, 8
"""Each distance from a cell to a side is a distribution over that many steps of its stride."""
_OVERLAP = 0.6
_MOST = 200
_FAILURES = (failures.Fail, failures.InvalidProtobuf, failures.InvalidGraph, failures.InvalidArgument)


class NanoDetDetector:
    """NanoDet-Plus: BGR, normalised, in; class scores and distances of 3598 cells out."""

    def __init__(self, card: ModelCard, *, weights: bytes, side_px: int) -> None:
        """Read the model.

        Args:
            card: Its object types are names of COCO.
            weights: The .onnx file.
            side_px: Width and height that it takes.

        Raises:
            Invalid: ONNX Runtime cannot read it, or it takes or gives something else.
        """
        self.card = card
        self.input_width = self.input_height = side_px
        self._columns = np.array([PLACES[name] for name in card.object_types])
        self._cells, self._cell_strides = _cells(side_px)
        try:
            self._session = onnxruntime.InferenceSession(
                weights, _one_thread(), providers=["CPUExecutionProvider"]
            )
        except _FAILURES as error:
            raise Invalid(f"The file of {card.name} is no ONNX model; fetch its weights again.") from error
        self._input = self._session.get_inputs()[0].name
        self._check_ends()

    def detect(self, picture: Picture) -> list[Detection]:
        """As the protocol says."""
        check_picture(picture, width=self.input_width, height=self.input_height)
        normalised = ((picture - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None]
        (rows,) = self._session.run(None, {self._input: np.ascontiguousarray(normalised)})[0]
        all_scores = rows[:, self._columns]
        labels = all_scores.argmax(axis=1)
        scores = all_scores[np.arange(len(labels)), labels]
        # Not a number fails no comparison with <, so that it reaches the check that refuses it.
        good = np.flatnonzero(~(scores < self.card.thresholds.low))
        sides = _distances(rows[good, _CLASSES:]) * self._cell_strides[good, None]
        corners = np.concatenate([self._cells[good] - sides[:, :2], self._cells[good] + sides[:, 2:]], axis=1)
        found = Candidates(
            boxes=(corners / self.input_width).astype(np.float32), scores=scores[good], labels=labels[good]
        )
        return settled(found.without_doubles(limit=_OVERLAP, most=_MOST), self.card)

    def _check_ends(self) -> None:
        ends = [list(each.shape) for each in (*self._session.get_inputs(), *self._session.get_outputs())]
        side_px = self.input_width
        wanted = [[1, 3, side_px, side_px], [1, len(self._cells), _CLASSES + 4 * _STEPS]]
        if ends != wanted:
            raise Invalid(
                f"The weights of {self.card.name} take and give {ends}, not {wanted}; fetch them again."
            )


def _one_thread() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Threads that wait busily take the processor from the recorder.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def _cells(side_px: int) -> tuple[Floats, Floats]:
    """The origin (x, y) of each cell in pixels, in the order of the model's rows, and its stride."""
    origins, strides = [], []
    for stride in _STRIDES_PX:
        count = -(-side_px // stride)
        rows, columns = np.mgrid[0:count, 0:count]
        origins.append(np.stack([columns.ravel(), rows.ravel()], axis=1) * stride)
        strides.append(np.full(count * count, stride))
    return np.concatenate(origins).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _distances(logits: Floats) -> Floats:
    """(n, 32) to (n, 4) left, top, right, bottom: the mean of each distribution, in strides."""
    cut = logits.reshape(len(logits), 4, _STEPS)
    weights = np.exp(cut - cut.max(axis=2, keepdims=True))
    mean: Floats = (weights * np.arange(_STEPS, dtype=np.float32)).sum(axis=2) / weights.sum(axis=2)
    return mean
