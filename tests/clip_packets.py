"""A clip's packets at once, without the pace of a camera: `parameters, packets = clip_packets(path)`."""

import subprocess
from datetime import timedelta
from pathlib import Path

import av
from av.video.stream import VideoStream

from builders import NOON
from watchkeep.domain.camera import StreamAddress
from watchkeep.domain.media import TICKS_PER_SECOND, Packet, RunStarted, VideoParameters
from watchkeep.sources.container import access_unit, assembler_for, video_stream


def clip_packets(path: Path) -> tuple[VideoParameters, list[Packet]]:
    """The parameters and packets of a file's first run; each arrives at NOON + its decoding time."""
    address = StreamAddress(url=path.as_uri())
    packets: list[Packet] = []
    parameters: VideoParameters | None = None
    with av.open(str(path)) as container:
        stream = video_stream(container, address)
        assembler, size = assembler_for(stream, address)
        for packet in container.demux(stream):
            if not packet.size:
                continue
            unit = access_unit(packet, container, NOON, length_size=size)
            arrival = NOON + timedelta(seconds=(unit.dts or 0) / TICKS_PER_SECOND)
            for notice in assembler.take(unit._replace(received_at=arrival)):
                if isinstance(notice, RunStarted):
                    parameters = notice.parameters
                elif isinstance(notice, Packet):
                    packets.append(notice)
    assert parameters is not None
    return parameters, packets


def demuxed(path: Path) -> list[tuple[int, int, bool, tuple[bytes, ...]]]:
    """A fragmented MP4 as libav reads it: pts, dts, key, NAL units of each packet, in 1/90000 s."""
    found = []
    with av.open(str(path)) as container:
        stream: VideoStream = container.streams.video[0]
        assert stream.time_base is not None
        assert stream.time_base.denominator == TICKS_PER_SECOND
        for packet in container.demux(stream):
            if packet.size:
                assert packet.pts is not None
                assert packet.dts is not None
                found.append((packet.pts, packet.dts, packet.is_keyframe, _nals(bytes(packet))))
    return found


def _nals(access_unit: bytes) -> tuple[bytes, ...]:
    nals = []
    while access_unit:
        length = int.from_bytes(access_unit[:4], "big")
        nals.append(access_unit[4 : 4 + length])
        access_unit = access_unit[4 + length :]
    return tuple(nals)


def probed(ffprobe: Path, path: Path) -> dict[str, str]:
    """What ffprobe says of the first video stream; its complaints are failures."""
    fields = "codec_name,profile,level,width,height,pix_fmt,has_b_frames,sample_aspect_ratio,codec_tag_string"
    command = [ffprobe, "-v", "error", "-select_streams", "v:0", "-show_entries", f"stream={fields}"]
    done = subprocess.run(
        [*command, "-of", "default=noprint_wrappers=1", path], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return dict(line.split("=", 1) for line in done.stdout.splitlines())
