"""Many cameras of one clip."""

import time
from pathlib import Path

import pytest

from simulator_process import simulated_cameras
from unit.sources.simulator.rtsp_client import RtspClient
from watchkeep.domain.errors import Invalid
from watchkeep.runtime.system import SystemRng
from watchkeep.sources.simulator.stream import StreamFiles, make_streams, numbered

UNIX = 1_764_000_000 * 90_000


def test_names_are_numbered_so_that_they_sort() -> None:
    assert numbered("cam", 3) == ("cam-000", "cam-001", "cam-002")
    assert list(numbered("cam", 200)) == sorted(numbered("cam", 200))


def test_streams_of_one_clip_are_dealt_into_phases_evenly_apart(clips: dict[str, Path]) -> None:
    files = dict.fromkeys(numbered("cam", 8), clips["h264"]) | {"other": clips["h265"]}

    streams = make_streams(files, phases=4, rng=SystemRng())

    groups = [streams[name].group for name in numbered("cam", 8)]
    assert groups[:4] == groups[4:]
    assert len({id(group) for group in groups}) == 4
    assert len({id(group.pictures.clip) for group in groups}) == 1
    assert streams["other"].group not in groups
    keys = [
        group.pictures.due_ticks(group.pictures.next_key(group.pictures.next_after(UNIX)))
        for group in groups[:4]
    ]
    assert sorted((key - keys[0]) % 90_000 for key in keys) == [0, 0, 45_000, 45_000]
    shown = sorted(group.pictures.due_ticks(0) for group in groups[:4])
    assert [each - shown[0] for each in shown] == [0, 45_000, 90_000, 135_000]


def test_streams_of_the_same_clip_with_other_sections_are_other_groups(clips: dict[str, Path]) -> None:
    files = {"a": clips["h264"], "b": StreamFiles(video=clips["h264"], has_metadata=True)}

    streams = make_streams(files, phases=1, rng=SystemRng())

    assert streams["a"].group is not streams["b"].group


def test_no_file_is_refused() -> None:
    with pytest.raises(Invalid):
        make_streams({}, phases=1, rng=SystemRng())


def test_all_clients_of_a_group_get_the_same_bytes(clips: dict[str, Path]) -> None:
    with (
        simulated_cameras(dict.fromkeys(numbered("cam", 200), clips["h264"]), phases=2) as cameras,
        RtspClient(cameras.url("cam-000")) as first,
        RtspClient(cameras.url("cam-198")) as same,
        RtspClient(cameras.url("cam-001")) as apart,
    ):
        for client in (first, same, apart):
            client.play()
        got = [client.packets(60) for client in (first, same, apart)]
        reports = [client.report() for client in (first, apart)]

    begins = got[1][0]
    start = got[0].index(begins)
    assert got[0][start:] == got[1][: len(got[0]) - start]
    assert begins.ssrc != got[2][0].ssrc
    # Whatever the phase, reports tell the machine's time, and pictures that of their capture.
    for report, packets in zip(reports, (got[0], got[2]), strict=True):
        ahead = (packets[-1].timestamp - report.timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        assert abs(report.unix_seconds - time.time()) < 10
        assert -30 < ahead / 90_000 < 1
