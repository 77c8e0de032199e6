from pathlib import Path

import av
import numpy as np
import pytest

from time_code import draw_time_code, make_clip, read_time_code
from watchkeep.domain.errors import NoVideo
from watchkeep.runtime.system import SystemFs
from watchkeep.sources.simulator.clip import read_clip
from watchkeep.sources.simulator.preparation import ClipPlan, prepare_clips


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that no camera sends: MPEG-4 part 2 in AVI, 10 pictures a second."""
    path = tmp_path_factory.mktemp("video") / "yard.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        stream.bit_rate = 2_000_000
        for number in range(35):
            planes = np.full((720, 640), 128, np.uint8)
            planes[:480] = 180
            planes[:480, 320:] = 90
            draw_time_code(planes[:480], number * 100)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def test_clips_are_h264_with_a_key_picture_each_second_and_no_b_pictures(video: Path, tmp_path: Path) -> None:
    main, sub = tmp_path / "cache" / "yard.mp4", tmp_path / "cache" / "yard-sub.mp4"
    shares: list[float] = []

    prepare_clips(
        video, [ClipPlan(target=main), ClipPlan(target=sub, divisor=2)], fs=SystemFs(), progress=shares.append
    )

    for path, size in ((main, (640, 480)), (sub, (320, 240))):
        clip = read_clip(path)
        assert (clip.width_px, clip.height_px) == size
        assert clip.length_ticks == 35 * 9000
        assert [n for n, picture in enumerate(clip.pictures) if picture.is_key] == [0, 10, 20, 30]
        assert all(picture.pts_ticks == picture.send_ticks for picture in clip.pictures)
        with av.open(str(path)) as container:
            times = [read_time_code(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
        assert times == [number * 100 for number in range(35)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert {path.name for path in main.parent.iterdir()} == {"yard.mp4", "yard-sub.mp4"}


def test_a_part_of_the_picture_can_become_a_clip(video: Path, tmp_path: Path) -> None:
    target = tmp_path / "east.mp4"

    prepare_clips(video, [ClipPlan(target=target, left=0.5)], fs=SystemFs(), progress=lambda _: None)

    with av.open(str(target)) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="gray")
    assert frame.shape == (480, 320)
    assert abs(float(frame[200:].mean()) - (90 - 16) * 255 / 219) < 3


def test_clips_that_exist_are_not_made_again(video: Path, tmp_path: Path) -> None:
    target = tmp_path / "yard.mp4"
    target.write_bytes(b"as it was")

    prepare_clips(video, [ClipPlan(target=target)], fs=SystemFs(), progress=lambda _: None)

    assert target.read_bytes() == b"as it was"


def test_what_a_killed_preparation_left_is_made_anew(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "in.mp4", seconds=1, size=(320, 180))
    target = tmp_path / "out.mp4"
    (tmp_path / "out.mp4.part").write_bytes(b"half a clip")

    prepare_clips(video, [ClipPlan(target=target)], fs=SystemFs(), progress=lambda _: None)

    assert len(read_clip(target).pictures) == 25
    assert not (tmp_path / "out.mp4.part").exists()


def test_a_file_without_video_is_refused_and_nothing_appears(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no video")

    with pytest.raises(NoVideo, match=r"notes\.txt"):
        prepare_clips(
            tmp_path / "notes.txt",
            [ClipPlan(target=tmp_path / "out.mp4")],
            fs=SystemFs(),
            progress=lambda _: None,
        )

    assert not (tmp_path / "out.mp4").exists()


def test_the_simulator_says_what_to_do_with_other_videos(video: Path) -> None:
    with pytest.raises(NoVideo, match="prepare it as a clip first"):
        read_clip(video)
