"""What a player that follows a playlist gets to see, told by the time code in each picture."""

import io
import re

import av
import httpx

from time_code import read_time_code
from watchkeep.domain.ids import CameraId

SPAN = {"from": "2025-06-01T12:00:00Z", "to": "2025-06-01T12:00:30Z"}


def codes(video: bytes) -> list[int]:
    """The time codes of all pictures, milliseconds."""
    with av.open(io.BytesIO(video)) as container:
        found = [read_time_code(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    assert None not in found
    return [code for code in found if code is not None]


def played(client: httpx.Client, camera: CameraId) -> list[int]:
    """What a player that follows the playlist sees."""
    answer = client.get(f"/api/v1/cameras/{camera}/playlist.m3u8", params=SPAN)
    assert answer.status_code == 200, answer.text
    seen: list[int] = []
    init, wanted = b"", ""
    for line in answer.text.splitlines():
        if line.startswith("#EXT-X-MAP"):
            uri, length, offset = re.findall(r'URI="([^"]+)",BYTERANGE="(\d+)@(\d+)"', line)[0]
            init = ranged(client, uri, int(offset), int(length)).content
        elif line.startswith("#EXT-X-BYTERANGE:"):
            wanted = line.split(":", 1)[1]
        elif line and not line.startswith("#"):
            length, offset = wanted.split("@")
            seen += codes(init + ranged(client, line, int(offset), int(length)).content)
    return seen


def ranged(client: httpx.Client, uri: str, offset: int, length: int) -> httpx.Response:
    answer = client.get(uri, headers={"Range": f"bytes={offset}-{offset + length - 1}"})
    assert answer.status_code == 206, answer.text
    return answer
