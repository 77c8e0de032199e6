"""A whole recorder driven by hand on an injected clock: worker, disk, closing, registrar, real database.

Only the threads are left out: the drive takes their turns for them, so that a day passes in minutes and each
run of a seed is the same.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from catalog_server import Database
from clock_world import SECOND_NS, CameraSource, SteppedClock, TrueCamera
from watchkeep.domain.camera import Stream, StreamRole
from watchkeep.domain.ids import CameraId, StreamId
from watchkeep.domain.media import GapCause
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.packet_source import PacketSource
from watchkeep.runtime.recorder import Recorder
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import Node, ensure_node
from watchkeep.storage.catalog import cameras
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream, Site

REGISTRAR_EVERY_NS = SECOND_NS
"""How often the registrar's turn comes."""


class Drive:
    """A node, its cameras, and the recorder that runs now."""

    def __init__(
        self, folder: Path, database: Database, clock: SteppedClock, true_cameras: Mapping[str, TrueCamera]
    ) -> None:
        machine = Machine(clock=clock)
        node = ensure_node(DataFolder(folder), machine=machine, environment={})
        self.node: Node = replace(node, catalog=database.catalog(), clock_is_synchronised=lambda: True)
        self.clock = clock
        self.cameras = true_cameras
        self.streams = {name: StreamId(UUID(int=number)) for number, name in enumerate(true_cameras, 1)}
        self.downs: list[tuple[int, int]] = []
        """When no recorder ran, true instants."""
        self.kills = 0
        self._registered_ns = self.ended_ns = 0
        with self.node.catalog.transaction() as connection:
            site = Site(id=self.node.installation, name="Home", zone="Europe/Berlin")
            cameras.put_site(connection, site)
            for name in true_cameras:
                cameras.insert_camera(connection, self._sealed(CameraId(name)))
        self.recorder = self._begin()

    def _sealed(self, camera: CameraId) -> SealedCamera:
        stream = SealedStream(
            id=self.streams[camera], camera=camera, role=StreamRole.MAIN, url="rtsp://192.0.2.1/main"
        )
        return SealedCamera(
            id=camera,
            site=self.node.installation,
            name=camera,
            is_enabled=True,
            retention_days=30,
            streams=(stream,),
            created_at=self.clock.now(),
        )

    def _open_source(self, stream: Stream, machine: Machine) -> PacketSource:
        return CameraSource(self.cameras[stream.camera])

    def _begin(self) -> Recorder:
        recorder = Recorder(self.node, open_source=self._open_source)
        recorder._recover()
        recorder._first_plan()
        return recorder

    def until(self, true_ns: int) -> None:
        """Take turns of the loop, the disk's thread and the registrar's up to a true instant."""
        while self.clock.monotonic < true_ns:
            self.turn()

    def turn(self) -> None:
        """One turn of the recorder's loop, which sleeps at its end, and of its threads."""
        self.recorder._tick()
        self._write()
        if self.clock.monotonic - self._registered_ns >= REGISTRAR_EVERY_NS:
            self._registered_ns = self.clock.monotonic
            if self.recorder._registrar._waiting:
                self.recorder._registrar._turn()

    def _write(self) -> None:
        disk = self.recorder._disk
        while disk._orders:
            disk._turn()
        disk._sync_when_due()

    def stop(self) -> None:
        """As a signal does: every segment closed, every row safe."""
        self.ended_ns = self.clock.monotonic
        recorder = self.recorder
        for worker in recorder._workers.values():
            recorder._part(worker, GapCause.RECORDER_STOPPED, "the recorder was stopped")
        recorder._disk._is_stopping = True
        recorder._disk._run()
        for worker in recorder._workers.values():
            worker.look_at_disk()
        recorder._registrar._is_stopping = True
        recorder._registrar._run()
        recorder._offer.close()

    def close(self) -> None:
        """Let go of the database and of the socket, also after a fault."""
        self.recorder._offer.close()
        self.node.catalog.close()

    def kill(self) -> None:
        """As SIGKILL does: what is in memory is gone, what is written stays."""
        self.ended_ns = self.clock.monotonic
        self.kills += 1
        for worker in self.recorder._workers.values():
            worker.close()
        for segment in self.recorder._disk._open.values():
            segment.writer.abandon()
        self.recorder._offer.close()

    def restart(self, *, after_s: float) -> None:
        """The next recorder, so long after the one before."""
        self.clock.sleep(after_s)
        self.downs.append((self.ended_ns, self.clock.monotonic))
        self.recorder = self._begin()
