"""The plain header of a segment file as canonical JSON. Source: docs/formats/segment.md, "The header"."""

import json
from datetime import UTC, date, datetime
from functools import lru_cache
from uuid import UUID

from watchkeep.domain.camera import StreamRole
from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import Invalid
from watchkeep.domain.ids import CameraId, NodeId, RunId, SegmentId, ShredKeyId, StreamId
from watchkeep.domain.media import Codec, VideoParameters
from watchkeep.domain.segment import SegmentHeader

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_uuid = lru_cache(1024)(UUID)
"""Node, stream and run are the same in header after header."""


def encode_header(header: SegmentHeader) -> bytes:
    """Canonical JSON: keys sorted, no spaces, UTF-8."""
    return json.dumps(
        {
            "camera": header.camera,
            "clock_is_synchronised": header.clock_is_synchronised,
            "data_class": header.data_class.value,
            "epoch": header.epoch,
            "monotonic_ns": header.monotonic_ns,
            "node": str(header.node),
            "parameters": {
                "codec": header.parameters.codec.value,
                "height_px": header.parameters.height_px,
                "parameter_sets": [nal.hex() for nal in header.parameters.parameter_sets],
                "width_px": header.parameters.width_px,
            },
            "role": header.role.value,
            "run": str(header.run),
            "segment": str(header.segment),
            "sequence": header.sequence,
            "shred_day": header.shred_day.isoformat(),
            "shred_key": header.shred_key,
            "start_ticks": header.start_ticks,
            "started_at": header.started_at.strftime(_TIME),
            "stream": str(header.stream),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def decode_header(text: bytes, name: str) -> SegmentHeader:
    """Read a header; Invalid if it is not exactly what `encode_header` makes."""
    header = decode_doubted(text, name)
    if encode_header(header) != text:
        raise _no_header(name)
    return header


def decode_doubted(text: bytes, name: str) -> SegmentHeader:
    """Read a header that is authenticated before it is believed; Invalid if it cannot be one.

    Whether it has its canonical form is not looked at: twice as fast.
    """
    try:
        return _decode(text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _no_header(name) from None


def _no_header(name: str) -> Invalid:
    return Invalid(f"the header of {name} is not one of ours; it was changed", path=name)


def _decode(text: bytes) -> SegmentHeader:
    content = json.loads(text)
    parameters = content["parameters"]
    numbers = (content["epoch"], content["sequence"], content["start_ticks"], content["monotonic_ns"])
    sizes = (parameters["width_px"], parameters["height_px"])
    if any(type(number) is not int for number in numbers + sizes):
        raise TypeError
    if content["clock_is_synchronised"] not in (True, False, None):
        raise TypeError
    return SegmentHeader(
        segment=SegmentId(UUID(content["segment"])),
        node=NodeId(_uuid(content["node"])),
        camera=CameraId(content["camera"]),
        stream=StreamId(_uuid(content["stream"])),
        role=StreamRole(content["role"]),
        run=RunId(_uuid(content["run"])),
        epoch=content["epoch"],
        sequence=content["sequence"],
        data_class=DataClass(content["data_class"]),
        started_at=datetime.fromisoformat(content["started_at"]).astimezone(UTC),
        start_ticks=content["start_ticks"],
        monotonic_ns=content["monotonic_ns"],
        clock_is_synchronised=content["clock_is_synchronised"],
        parameters=VideoParameters(
            codec=Codec(parameters["codec"]),
            parameter_sets=tuple(bytes.fromhex(nal) for nal in parameters["parameter_sets"]),
            width_px=parameters["width_px"],
            height_px=parameters["height_px"],
        ),
        shred_key=ShredKeyId(content["shred_key"]),
        shred_day=date.fromisoformat(content["shred_day"]),
    )
