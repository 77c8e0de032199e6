"""Makes a keystore of format 2, where a part of a key was erased, and two segments; for golden/keystore-2."""

import sys
from datetime import date
from pathlib import Path
from uuid import UUID

from builders import CAMERA, CountingRng, FixedClock, a_header, a_segment_file
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import SegmentId
from watchkeep.runtime.system import SystemFs
from watchkeep.storage.encryption.keystore import Keystore
from watchkeep.storage.encryption.providers import MachineProvider
from watchkeep.storage.encryption.shred_keys import SealedKey
from watchkeep.storage.media.format import read_head

DAY = date(2025, 6, 1)
SURVIVOR, ERASED = SegmentId(UUID(int=0x51)), SegmentId(UUID(int=0xE2))


def make_golden_keystore(folder: Path) -> bytes:
    """The video stream of the survivor."""
    fs, rng = SystemFs(), CountingRng(2)
    provider = MachineProvider(folder / "machine.key", fs=fs, rng=rng)
    keystore = Keystore.create(folder, fs=fs, clock=FixedClock(), rng=rng, provider=provider)
    key = keystore.shred_key(camera=CAMERA, day=DAY, data_class=DataClass.RAW_FOOTAGE)
    (folder / "files").mkdir()
    video = {
        segment: a_segment_file(
            folder / "files" / f"{name}.wks",
            header=a_header(segment=segment, shred_key=key.id),
            shred_key=key,
            rng=CountingRng(segment.int),
        )
        for name, segment in (("survivor", SURVIVOR), ("erased", ERASED))
    }
    file = fs.open(folder / "files" / "survivor.wks")
    head = read_head(file, "survivor")
    file.close()
    keystore.rekey(key.id, DAY, {SURVIVOR: SealedKey(head.bound, head.wrap)})
    (folder / "lock").unlink()
    (folder / "files" / "survivor.mp4").write_bytes(video[SURVIVOR])
    return video[SURVIVOR]


if __name__ == "__main__":
    make_golden_keystore(Path(sys.argv[1]))
