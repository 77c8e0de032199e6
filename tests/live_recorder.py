"""The recorder's side of live video without a recorder: real sockets, a clip's fragments on demand."""

import threading
import time
from pathlib import Path

from house_builder import clip_fragments, stream_of
from site_server import Site
from watchkeep.domain.camera import Stream, StreamAddress, StreamRole
from watchkeep.domain.ids import CameraId
from watchkeep.domain.media import Fragment, VideoParameters
from watchkeep.ingestion.mux import init_section
from watchkeep.ingestion.offer import FragmentOffer


class Recorder:
    """The recorder's offer of one stream, ticked by a thread of its own."""

    def __init__(self, site: Site, camera: CameraId, clip: Path) -> None:
        self.stream = Stream(
            id=stream_of(site.house, camera),
            camera=camera,
            role=StreamRole.MAIN,
            address=StreamAddress(url="rtsp://192.0.2.10/x"),
        )
        self.parameters: VideoParameters
        self.fragments: list[Fragment]
        _, self.parameters, self.fragments = clip_fragments(site.house, clip)
        self.init = init_section(self.parameters)
        self.offer = FragmentOffer(site.house.recorder_socket(camera))
        self.lock = threading.Lock()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)
        self._thread.start()

    def begin(self) -> None:
        with self.lock:
            self.offer.begin(self.stream, self.parameters, self.init)

    def publish(self, *fragments: Fragment) -> None:
        with self.lock:
            for fragment in fragments:
                self.offer.publish(self.stream, fragment)

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self.offer.close()

    def _tick(self) -> None:
        while not self._is_over.is_set():
            with self.lock:
                self.offer.poll()
            time.sleep(0.002)
