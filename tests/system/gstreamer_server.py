"""Serve one MP4 file by GStreamer's RTSP server, which none of us wrote. Run by the system's own Python (gi).

Usage: python3 gstreamer_server.py FILE h264|h265     prints the port, serves until standard input closes
"""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main() -> None:
    path, codec = sys.argv[1], sys.argv[2]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f'( filesrc location="{path}" ! qtdemux ! {codec}parse'
        f" ! rtp{codec}pay name=pay0 pt=96 config-interval=-1 )"
    )
    factory.set_shared(True)
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    loop = GLib.MainLoop()

    def wait() -> None:
        sys.stdin.read()
        loop.quit()

    threading.Thread(target=wait, daemon=True).start()
    loop.run()


main()
