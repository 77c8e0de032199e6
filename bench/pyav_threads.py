"""A rival of bench/record.py: PyAV, a thread a camera, fragmented MP4, nothing sealed, nothing synced."""

import sys
import threading
from pathlib import Path

import av

OPTIONS = {
    "rtsp_transport": "tcp",
    "timeout": "5000000",
    "analyzeduration": "1",
    "probesize": "32",
    "fpsprobesize": "0",
}


def record(url: str, path: Path) -> None:
    """Copy a camera's packets into a file until the process is stopped."""
    with av.open(url, options=OPTIONS) as source:
        video = source.streams.video[0]
        fragments = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"}
        with av.open(str(path), "w", format="mp4", options=fragments) as target:
            copied = target.add_stream_from_template(video)
            for packet in source.demux(video):
                if packet.pts is None or packet.dts is None:
                    continue
                packet.stream = copied
                target.mux(packet)


def main() -> None:
    """Run it: base URL, how many, folder."""
    base, count, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    threads = [
        threading.Thread(target=record, args=(f"{base}cam-{number:03d}", folder / f"{number}.mp4"))
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
