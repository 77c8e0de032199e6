"""What reads a camera asks it directly, whatever proxy the environment names."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from unit.sources.test_http_camera import listening
from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.errors import WatchkeepError
from watchkeep.runtime.probe_child import ChildProber


def probe(url: str, _folder: Path) -> None:
    with suppress(WatchkeepError):
        ChildProber().probe(StreamAddress(url=url))


def record(url: str, folder: Path) -> None:
    command = [sys.executable, "-m", "watchkeep", "record", str(folder / "out.mp4"), "--once", url]
    subprocess.run(command, check=False, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("read", [probe, record])
def test_no_proxy_hears_of_an_encrypted_rtsp_camera(
    read: Callable[[str, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    with listening() as (camera_port, camera_heard), listening() as (proxy_port, proxy_heard):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy_port}")
        read(f"rtsps://127.0.0.1:{camera_port}/door", tmp_path)

        assert proxy_heard == []
        assert camera_heard[0].startswith(b"\x16\x03")
