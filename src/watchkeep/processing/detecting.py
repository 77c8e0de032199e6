"""What a detector is, and what all of them share: from scored boxes to detections."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from watchkeep.domain.detection import Detection, ModelCard
from watchkeep.domain.errors import Invalid
from watchkeep.domain.geometry import Box
from watchkeep.processing.suppression import Floats, survivors

Picture = NDArray[np.uint8]
"""(height, width, 3), blue, green, red, 0 to 255."""

MOST_DETECTIONS = 100
"""In one frame. More is a crowd that no tracker can tell apart, or weights that see things everywhere."""
SAME_THING = 0.7
"""Boxes of different types that overlap so much are one object that the model is unsure of."""


class Detector(Protocol):
    """Finds objects in one picture; knows nothing of time."""

    @property
    def card(self) -> ModelCard:
        """Whose weights these are."""
        ...

    @property
    def input_width(self) -> int:
        """Pixels; pictures are stretched to it, whatever their aspect."""
        ...

    @property
    def input_height(self) -> int:
        """Pixels."""
        ...

    def detect(self, picture: Picture) -> list[Detection]:
        """Find what is in a picture of exactly the input size.

        Returns:
            At most 100, best first, each within the picture and at least at the card's low threshold.

        Raises:
            Invalid: The picture has another size or kind, or the weights gave nonsense.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Scored boxes of one frame, as an engine gives them.

    Attributes:
        boxes: (n, 4) left, top, right, bottom as shares of the picture; may stand out of it.
        scores: (n,).
        labels: (n,) places in the card's object types.
    """

    boxes: Floats
    scores: Floats
    labels: NDArray[np.intp]

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Candidates":
        """Those that a mask or indices choose."""
        return Candidates(boxes=self.boxes[chosen], scores=self.scores[chosen], labels=self.labels[chosen])

    def without_doubles(self, *, limit: float, most: int) -> "Candidates":
        """Those that no better one of the same type overlaps by the limit or more; best first."""
        apart = self.boxes + (4.0 * self.labels[:, None]).astype(np.float32)
        return self.only(survivors(apart, self.scores, limit=limit, most=most))


def joined(parts: list[Candidates]) -> Candidates:
    """All of them."""
    return Candidates(
        boxes=np.concatenate([part.boxes for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
    )


def settled(candidates: Candidates, card: ModelCard) -> list[Detection]:
    """The detections of a frame: clipped, above the low threshold, one for each thing, best first.

    Raises:
        Invalid: A number is not finite: the weights or the engine are broken.
    """
    if not (np.isfinite(candidates.boxes).all() and np.isfinite(candidates.scores).all()):
        raise Invalid(f"The model {card.name} gave numbers that are none; fetch its weights again.")
    inside = np.clip(candidates.boxes, 0.0, 1.0)
    has_area = (inside[:, 2:] > inside[:, :2]).all(axis=1)
    clipped = Candidates(boxes=inside, scores=candidates.scores, labels=candidates.labels)
    good = clipped.only(has_area & (candidates.scores >= card.thresholds.low))
    kept = good.only(survivors(good.boxes, good.scores, limit=SAME_THING, most=MOST_DETECTIONS))
    return [
        Detection(
            object_type=card.object_types[label], box=Box(*map(float, box)), confidence=min(float(score), 1.0)
        )
        for box, score, label in zip(kept.boxes, kept.scores, kept.labels, strict=True)
    ]


def check_picture(picture: Picture, *, width: int, height: int) -> None:
    """Refuse a picture of another size or kind.

    Raises:
        Invalid: It is.
    """
    if picture.shape != (height, width, 3) or picture.dtype != np.uint8:
        raise Invalid(
            f"The detector takes pictures of {width} x {height} in 8-bit BGR, not {picture.shape} "
            f"{picture.dtype}; scale them first."
        )


def trial_picture(*, width: int, height: int) -> Picture:
    """The picture that a fresh detector is tried on: grey with a dark upright bar, always the same.

    It proves that weights and engine answer with finite numbers in the right shape, not that they see well:
    no drawn picture is a person to a model.
    """
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.stack([96 + (rows * 64) // height + (columns * 32) // width] * 3, axis=2).astype(np.uint8)
    picture[height // 4 : height * 3 // 4, width * 9 // 20 : width * 11 // 20] = 30
    return picture
