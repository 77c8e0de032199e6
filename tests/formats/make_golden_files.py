"""Makes the golden files of the segment format, and the worked example of its page, with a fixed chance.

    python tests/formats/make_golden_files.py          writes tests/formats/golden/, prints the worked example

Golden files of a released version are never made anew: a new version gets a new folder.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from builders import (
    A_CAMERA_CLOCK,
    A_SHRED_KEY,
    NOON,
    CountingRng,
    a_fragment,
    a_header,
    a_segment_file,
    an_init_section,
    its_key,
)
from watchkeep.domain.interval import Interval
from watchkeep.domain.media import Codec, VideoParameters
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.recovery import recover
from watchkeep.storage.media.writer import SealedWriter

GOLDEN = Path(__file__).parent / "golden" / "1"
SIZES = (700, 300, 250, 260, 720, 310)


def make_golden(folder: Path) -> None:
    """Write closed.wks, clock.wks, recovered.wks, torn.wks, the video streams they hold, and the key."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = a_segment_file(folder / "closed.wks", SIZES, rng=CountingRng(1))
    (folder / "closed.mp4").write_bytes(whole)
    noted = a_segment_file(folder / "clock.wks", SIZES, rng=CountingRng(6), camera_clock=A_CAMERA_CLOCK)
    (folder / "clock.mp4").write_bytes(noted)

    for name, seed in (("torn", 2), ("recovered", 3)):
        path = folder / f"{name}.wks"
        a_segment_file(path, SIZES, finish=False, rng=CountingRng(seed))
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - 150)  # in the video record of the last fragment
        kept = an_init_section() + b"".join(
            a_fragment(number, media_bytes=size).payload for number, size in enumerate(SIZES[:-1])
        )
        (folder / f"{name}.mp4").write_bytes(kept)
    recover(folder / "recovered.wks", fs=SystemFs(), rng=CountingRng(4), keys=its_key)
    (folder / "key.json").write_text(json.dumps({A_SHRED_KEY.id: A_SHRED_KEY.key.hex()}) + "\n")


def make_worked_example(path: Path) -> bytes:
    """Write the page's example; the video stream in it."""
    parameters = VideoParameters(
        codec=Codec.H264, parameter_sets=(b"\x67\x42", b"\x68\xce"), width_px=16, height_px=16
    )
    init = b"<- the init section ->\r\n"
    writer = SealedWriter.create(
        path,
        a_header(parameters=parameters),
        init,
        shred_key=A_SHRED_KEY,
        fs=SystemFs(),
        rng=CountingRng(5),
    )
    payloads = (b"<- moof 0 -><- bits of a key picture ->\n", b"<- moof 1 -><- bits of the next ->\r\n")
    for number, payload in enumerate(payloads):
        start = NOON + number * timedelta(seconds=0.5)
        when = Interval(start, start + timedelta(seconds=0.5))
        writer.append(a_fragment(number, payload=payload, media_offset=12, when=when))
    writer.finish()
    return init + b"".join(payloads)


def hex_lines(content: bytes) -> str:
    """Hex, 48 bytes a line."""
    return "\n".join(content[at : at + 48].hex() for at in range(0, len(content), 48))


if __name__ == "__main__":
    for old in GOLDEN.glob("*"):
        old.unlink()
    make_golden(GOLDEN)
    example = Path(sys.argv[1] if len(sys.argv) > 1 else "example.wks")
    stream = make_worked_example(example)
    print(f"Shred key `{A_SHRED_KEY.id}`:\n\n```hex shred-key\n{A_SHRED_KEY.key.hex()}\n```\n")
    print(
        f"The file, {example.stat().st_size} bytes:\n\n```hex file\n{hex_lines(example.read_bytes())}\n```\n"
    )
    print(f"The video stream, {len(stream)} bytes:\n\n```hex video\n{hex_lines(stream)}\n```")
    example.unlink()
