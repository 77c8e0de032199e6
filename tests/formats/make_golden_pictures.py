"""Makes the golden file of the picture format with a fixed chance.

    python tests/formats/make_golden_pictures.py          writes tests/formats/golden/picture-1/

Golden files of a released version are never made anew: a new version gets a new folder.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from builders import A_SHRED_KEY, CAMERA, NOON, CountingRng
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import EventId, uuid8
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.media.picture import PictureHeader, seal_picture

GOLDEN = Path(__file__).parent / "golden" / "picture-1"
HEADER = PictureHeader(
    camera=CAMERA,
    event=EventId(uuid8(NOON, b"the event of the golden picture")),
    at=NOON + timedelta(microseconds=1_234_567),
    width_px=1280,
    height_px=720,
    data_class=DataClass.EVENT,
    day=NOON.date(),
    shred_key=A_SHRED_KEY.id,
)


def make_golden(folder: Path) -> None:
    """Write the picture, the JPEG in it, and the key. The JPEG is one in form only: no decoder reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    jpeg = b"\xff\xd8\xff\xe0" + CountingRng(7).token(500) + b"\xff\xd9"
    seal_picture(folder / "one.wkp", HEADER, jpeg, shred_key=A_SHRED_KEY, fs=SystemFs(), rng=CountingRng(8))
    (folder / "one.jpg").write_bytes(jpeg)
    (folder / "key.json").write_text(json.dumps({A_SHRED_KEY.id: A_SHRED_KEY.key.hex()}) + "\n")


if __name__ == "__main__":
    make_golden(GOLDEN)
