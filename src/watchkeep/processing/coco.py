"""The types of the COCO data set that a recorder has use for: people, vehicles, cycles and animals.

Others are left out on purpose. Models of this size take cars seen from above for airplanes and telephones; a
type that is not asked for cannot win over the right one.
Source: cocodataset.org, annotations "instances" 2017; TensorFlow's mscoco_label_map for the numbers.
"""

NUMBERS = {
    "person": 1,
    "bicycle": 2,
    "car": 3,
    "motorcycle": 4,
    "bus": 6,
    "train": 7,
    "truck": 8,
    "boat": 9,
    "bird": 16,
    "cat": 17,
    "dog": 18,
    "horse": 19,
    "sheep": 20,
    "cow": 21,
    "elephant": 22,
    "bear": 23,
    "zebra": 24,
    "giraffe": 25,
}
"""COCO's own numbers, from 1 with holes; models that keep them have the background at 0."""

_UNUSED = (12,)
"""Numbers up to the last above that COCO never labelled (street sign)."""

PLACES = {name: number - 1 - sum(each < number for each in _UNUSED) for name, number in NUMBERS.items()}
"""Places among the 80 types that are labelled, from 0, without background."""

TYPES = tuple(NUMBERS)
