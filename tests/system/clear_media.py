"""Looks for a camera's clear pictures and sound in files: windows of their bytes, sought everywhere.

python tests/system/clear_media.py CLIP FOLDER…      exit code 1 when a window is found
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from system.footage_oracle import Clip

WINDOW_BYTES = 24
WINDOWS = 400
READ_BYTES = 8 << 20


def windows(clip: Clip) -> list[bytes]:
    """Pieces of coded pictures, spread over the clip; what every clip shares (starts, runs) is left out."""
    found: list[bytes] = []
    step = max(1, len(clip.pictures) * 2 // WINDOWS)
    for picture in clip.pictures[::step]:
        largest = max(picture.nals, key=len)
        for share in (3, 2):
            middle = len(largest) // share
            window = largest[middle : middle + WINDOW_BYTES]
            if len(window) == WINDOW_BYTES and len(set(window)) > WINDOW_BYTES // 3:
                found.append(window)
    return found


def sound_windows(packets: Sequence[bytes]) -> list[bytes]:
    """Pieces of coded sound; silence, which is everywhere, is left out."""
    middles = [packet[len(packet) // 2 :][:WINDOW_BYTES] for packet in packets]
    return [each for each in middles if len(each) == WINDOW_BYTES and len(set(each)) > WINDOW_BYTES // 3]


def clear_places(
    clips: Iterable[Clip],
    folders: Iterable[Path],
    *,
    but: Iterable[Path] = (),
    sounds: Sequence[bytes] = (),
) -> list[str]:
    """Where in the folders' files a window stands in clear.

    Args:
        clips: Whose pictures are sought.
        folders: Where.
        but: Files that may hold them.
        sounds: Audio packets that are sought, too.
    """
    wanted = [window for clip in clips for window in windows(clip)] + sound_windows(sounds)
    assert len(wanted) > 50, "too few windows to trust the search"
    begins = _beginnings(wanted)
    allowed = {path.resolve() for path in but}
    found: list[str] = []
    for path in _files(folders):
        if path.resolve() not in allowed:
            found += [f"{path} at {offset}" for offset in _offsets(path, set(wanted), begins)]
    return found


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for root, _, names in os.walk(folder):  # goes on when a folder vanishes meanwhile
            for name in names:
                path = Path(root, name)
                if path.is_file() and not path.is_symlink():
                    yield path


def _beginnings(wanted: list[bytes]) -> NDArray[np.bool_]:
    """Which three bytes a window may begin with: eight hundred searches of a block become one."""
    table = np.zeros(1 << 24, dtype=np.bool_)
    table[[int.from_bytes(window[:3], "big") for window in wanted]] = True
    return table


def _offsets(path: Path, wanted: set[bytes], begins: NDArray[np.bool_]) -> Iterator[int]:
    try:
        file = path.open("rb")
    except OSError:
        return  # gone meanwhile
    with file:
        base, tail = 0, b""
        while block := file.read(READ_BYTES):
            data = tail + block
            values = np.frombuffer(data, np.uint8).astype(np.uint32)
            threes = values[:-2] << 16 | values[1:-1] << 8 | values[2:]
            for at in np.flatnonzero(begins[threes]).tolist():
                if data[at : at + WINDOW_BYTES] in wanted:
                    yield base - len(tail) + at
                    return
            base += len(block)
            tail = data[-WINDOW_BYTES:]


if __name__ == "__main__":
    places = clear_places([Clip(Path(sys.argv[1]))], [Path(folder) for folder in sys.argv[2:]])
    print("\n".join(places) or "no clear media")
    sys.exit(bool(places))
