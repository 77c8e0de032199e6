"""Serve files by GStreamer's RTSP server, which none of us wrote. Run by the system's own Python (gi).

Usage: python3 gstreamer_server.py JSON     JSON: {mount: {"path": ..., "video": "h264", "audio": "aac"}}
Prints the port, serves until standard input closes.
"""

import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

SOUNDS = {
    "aac": "aacparse ! rtpmp4gpay name=pay1 pt=97",
    "pcmu": "rtppcmupay name=pay1 pt=0",
    "pcma": "rtppcmapay name=pay1 pt=8",
}


def pipeline(path: str, video: str, audio: str) -> str:
    """From a file to payloads; nothing is decoded."""
    words = f'filesrc location="{path}" ! qtdemux name=parts'
    words += f" parts.video_0 ! queue ! {video}parse ! rtp{video}pay name=pay0 pt=96 config-interval=-1"
    if audio:
        words += f" parts.audio_0 ! queue ! {SOUNDS[audio]}"
    return f"( {words} )"


def main() -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    for mount, what in json.loads(sys.argv[1]).items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(pipeline(what["path"], what["video"], what["audio"]))
        factory.set_shared(True)
        server.get_mount_points().add_factory(f"/{mount}", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    loop = GLib.MainLoop()

    def wait() -> None:
        sys.stdin.read()
        loop.quit()

    threading.Thread(target=wait, daemon=True).start()
    loop.run()


main()
