"""Events put into the catalog of a running node, as the analyst would."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from browser.conftest import Site
from event_rows import MODEL, an_event
from watchkeep.domain.event import Event
from watchkeep.domain.ids import CameraId, RuleId, StreamId
from watchkeep.domain.rule import Severity
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import Node, open_node
from watchkeep.storage.catalog import events, models


class Teller:
    """Tells of one camera, by its default rule; the analyst, who might see something in a time code, no more.

    Attributes:
        quiet_from_s: From then on, in Unix time, nobody else tells of the camera.
    """

    def __init__(self, site: Site, name: str) -> None:
        self._node: Node = open_node(DataFolder(site.node.data), machine=Machine())
        self.camera = CameraId(site.camera(name))
        streams = site.administrator.get("/cameras").json()["items"]
        found = next(camera for camera in streams if camera["id"] == self.camera)
        self._stream = StreamId(UUID(found["streams"][0]["id"]))
        rules = site.administrator.get(f"/cameras/{self.camera}/rules").json()["items"]
        self._rule = RuleId(UUID(rules[0]["id"]))
        off = {"is_enabled": False}
        answer = site.administrator.patch(f"/cameras/{self.camera}/rules/{self._rule}", json=off)
        assert answer.status_code == 200, answer.text
        self.quiet_from_s = time.time() + 10  # it reads the rules every other second
        self._number = 0

    def tell(self, start_s: float, *, severity: Severity = Severity.NOTICE) -> Event:
        """A person was there for five seconds."""
        self._number += 1
        event = an_event(
            self._number,
            start=datetime.fromtimestamp(start_s, UTC),
            length_s=5,
            camera=self.camera,
            stream=self._stream,
            rule=self._rule,
            severity=severity,
        )
        event = replace(event, severity_reasons=(f"rule {self._rule}: {severity.name.lower()}",))
        with self._node.catalog.transaction("system") as connection:
            models.register(connection, MODEL, datetime.now(UTC))
            refused = events.put_events(connection, [event], model=MODEL.id)
        assert refused == []
        return event

    def close(self) -> None:
        self._node.catalog.close()
