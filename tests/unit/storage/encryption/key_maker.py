"""A process that asks a keystore for the keys of many cameras of one day: `key_maker.py ROOT DAY COUNT`.

Says "ready" and begins at the first line of input, so that several begin at once.
"""

import json
import sys
from datetime import date
from pathlib import Path

from builders import a_keystore
from watchkeep.domain.category import DataClass
from watchkeep.domain.ids import CameraId

if __name__ == "__main__":
    keystore = a_keystore(Path(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    keys = [
        keystore.shred_key(
            camera=CameraId(f"camera-{number}"),
            day=date.fromisoformat(sys.argv[2]),
            data_class=DataClass.RAW_FOOTAGE,
        )
        for number in range(int(sys.argv[3]))
    ]
    print(json.dumps([[key.id, key.key.hex()] for key in keys]))
