"""The few bytes of the protocol buffer wire format that reading one constant of a TensorFlow graph needs.

Source: protobuf.dev, "Encoding"; tensorflow/core/framework/graph.proto, node_def.proto and tensor.proto.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from watchkeep.domain.errors import Invalid

_NODE, _NODE_NAME, _NODE_ATTRIBUTE = 1, 1, 5
_KEY, _VALUE, _TENSOR, _TENSOR_CONTENT = 1, 2, 8, 4
_FIXED = {1: 8, 5: 4}


def constant(graph: bytes, name: str) -> NDArray[np.float32]:
    """The numbers of a float constant of a frozen graph, flat.

    Raises:
        Invalid: The bytes are no graph, or it has no such constant.
    """
    for node in _fields(graph, _NODE):
        if next(_fields(node, _NODE_NAME), b"") != name.encode():
            continue
        for attribute in _fields(node, _NODE_ATTRIBUTE):
            if next(_fields(attribute, _KEY), b"") != b"value":
                continue
            for value in _fields(attribute, _VALUE):
                for tensor in _fields(value, _TENSOR):
                    content = next(_fields(tensor, _TENSOR_CONTENT), b"")
                    return np.frombuffer(content[: len(content) // 4 * 4], dtype="<f4").copy()
    raise Invalid(f"The graph has no constant {name}; fetch its weights again.", constant=name)


def _fields(message: bytes, wanted: int) -> Iterator[bytes]:
    """The length-delimited fields of that number."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 2:
            length, at = _varint(message, at)
            if at + length > len(message):
                raise _broken()
            if key >> 3 == wanted:
                yield message[at : at + length]
            at += length
        elif kind == 0:
            _, at = _varint(message, at)
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            raise _broken()


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        value |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return value, at
    raise _broken()


def _broken() -> Invalid:
    return Invalid("The file is no frozen TensorFlow graph; fetch it again.")
