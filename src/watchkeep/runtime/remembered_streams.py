"""The streams that the recorder remembers, for a catalog that has lost them."""

from collections.abc import Mapping

from watchkeep.domain.ids import StreamId
from watchkeep.runtime.recording_plan import PlanMemory
from watchkeep.runtime.wiring import PASSWORD_PURPOSE, Node
from watchkeep.storage.catalog.cameras import SealedStream


def remembered_streams(node: Node) -> Mapping[StreamId, SealedStream]:
    """The streams of the recorder's last plans, with address and sealed password."""
    memory = PlanMemory(node.paths.plan, fs=node.machine.fs, keystore=node.keystore)
    found: dict[StreamId, SealedStream] = {}
    for plan in (memory.recall_earlier(), memory.recall()):
        for stream in () if plan is None else plan.streams:
            password = stream.address.password.reveal().encode()
            found[stream.id] = SealedStream(
                id=stream.id,
                camera=stream.camera,
                role=stream.role,
                url=stream.address.url,
                user_name=stream.address.user,
                sealed_password=node.keystore.seal(PASSWORD_PURPOSE, password) if password else b"",
                modes=stream.modes,
            )
    return found
