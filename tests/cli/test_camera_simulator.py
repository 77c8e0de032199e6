"""`watchkeep camera-simulator` as a process of its own."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from time_code import make_clip
from unit.sources.simulator.rtsp_client import RtspClient
from unit.sources.simulator.sound_files import write_sound


def test_one_file_becomes_many_cameras_with_sound_metadata_and_faults(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "Front door.mp4", seconds=1, size=(256, 160))
    sound = write_sound(tmp_path / "hum.wav", codec="pcm_alaw", rate_hz=8000, seconds=1)
    script = tmp_path / "faults.json"
    script.write_text(json.dumps([{"fault": "Refusal", "stream": "front-door-001", "status": 453}]))
    command = [sys.executable, "-m", "watchkeep", "camera-simulator", str(clip), "--port", "0", "--json"]
    options = ["--copies", "3", "--phases", "2", "--metadata", "--sound", str(sound), "--faults", str(script)]

    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            addresses = json.loads(process.stdout.readline())["addresses"]
            statuses = []
            for address in addresses:
                with RtspClient(address) as client:
                    body = client.ask("DESCRIBE").body
                    transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
                    statuses.append(client.ask("SETUP", f"{address}/trackID=1", Transport=transport).status)
                assert "m=audio 0 RTP/AVP 8" in body
                assert "vnd.onvif.metadata" in body
        finally:
            process.send_signal(signal.SIGTERM)

    assert [address.rpartition("/")[2] for address in addresses] == [
        "front-door-000",
        "front-door-001",
        "front-door-002",
    ]
    assert statuses == [200, 453, 200]
    assert process.returncode == 0
