"""A node with its real analyst: where nothing moves little is recorded, where something does all of it is.

And when the analyst hangs, all is recorded again.
"""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest

from real_footage import footage_clip
from simulator_process import simulated_cameras
from system.kill_drill import settings_for
from system.node_process import NodeProcess, running_node, wait_until

FPS = 25
MARGINS = "recording:\n  pre_event: 2 s\n  post_event: 3 s\n"


def make_still(source: Path, target: Path) -> Path:
    """The first picture of the clip, again and again, as a camera sends it that looks at an empty yard."""
    with av.open(str(source)) as read:
        picture = next(read.decode(video=0)).to_ndarray(format="yuv420p")
    with av.open(str(target), "w") as written:
        stream = written.add_stream(
            "libx264", rate=FPS, options={"g": str(FPS), "sc_threshold": "0", "bf": "0"}
        )
        stream.height, stream.width = picture.shape[0] * 2 // 3, picture.shape[1]
        stream.pix_fmt = "yuv420p"
        for number in range(8 * FPS):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts = number
            written.mux(stream.encode(frame))
        written.mux(stream.encode())
    return target


def state_of(node: NodeProcess, camera: str) -> dict[str, Any]:
    (stream,) = node.signed_in().get(f"/cameras/{camera}").json()["streams"]
    return stream["state"] or {"condition": "", "detail": ""}


def timeline(node: NodeProcess, camera: str, since: datetime) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    asked = {"from": since.isoformat(), "to": now.isoformat()}
    answer = node.signed_in().get(f"/cameras/{camera}/timeline", params=asked)
    assert answer.status_code == 200, answer.text
    spans: list[dict[str, Any]] = answer.json()["spans"]
    return spans


def is_quiet(node: NodeProcess, since: datetime) -> bool:
    if since >= datetime.now(UTC):
        return False
    causes = {span["cause"] for span in timeline(node, "yard", since)}
    return state_of(node, "yard")["condition"] == "standby" and "nothing_moved" in causes


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_by_motion_a_still_yard_waits_a_door_is_recorded_and_a_hung_analyst_costs_nothing(
    tmp_path: Path, footage: Callable[[str], Path]
) -> None:
    door = footage_clip(footage("one-by-one-person-detection.mp4"), tmp_path / "door.mp4")
    yard = make_still(door, tmp_path / "yard.mp4")
    began = datetime.now(UTC)
    with (
        simulated_cameras({"door": door, "yard": yard}) as cameras,
        running_node(
            tmp_path / "data", settings=settings_for(cameras.port).replace("recording:\n", MARGINS)
        ) as node,
    ):
        for name in ("door", "yard"):
            streams = [{"role": "main", "url": cameras.url(name), "mode": "motion"}]
            answer = node.signed_in().post("/cameras", json={"name": name, "streams": streams})
            assert answer.status_code == 201, answer.text
        wait_until(lambda: is_quiet(node, began), seconds=150, what="the yard to be found quiet")
        quiet = timeline(node, "yard", began)
        wait_until(
            lambda: state_of(node, "door")["detail"] == "recorded because something moved",
            seconds=60,
            what="somebody at the door",
        )

        hung_at = datetime.now(UTC)
        hung = node.children("analyst")
        for pid in hung:
            os.kill(pid, signal.SIGSTOP)
        try:
            wait_until(
                lambda: state_of(node, "yard")["detail"] == "recorded continuously: the analyst is away",
                seconds=60,
                what="the yard to be recorded without the analyst",
            )
        finally:
            for pid in hung:
                os.kill(pid, signal.SIGCONT)
        wait_until(lambda: is_quiet(node, hung_at + timedelta(seconds=12)), seconds=150, what="quiet again")
        spans = timeline(node, "yard", began)
        moving = timeline(node, "door", began)

    print([(span["coverage"], span["cause"]) for span in spans])
    assert all(span["is_on_purpose"] for span in quiet if span["cause"] == "nothing_moved")
    for span in (*spans, *moving):
        assert span["cause"] != "unknown", span
    # What nobody looked at is recorded: from the hang on, and from what was looked at last before it.
    unseen = [
        span
        for span in spans
        if span["coverage"] in ("recorded", "open")
        and datetime.fromisoformat(span["from"]) <= hung_at < datetime.fromisoformat(span["to"])
    ]
    assert unseen, spans
    assert datetime.fromisoformat(unseen[0]["to"]) - hung_at > timedelta(seconds=9)
