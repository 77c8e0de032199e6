"""The audit, health and the demonstration."""

from uuid import UUID

from watchkeep.application.audit import AuditPage
from watchkeep.application.detector import DetectorView
from watchkeep.application.status import Health
from watchkeep.domain.analyst import AnalysisCondition
from watchkeep.presentation.http.bodies.plain import Body, Instant


class AuditEntryBody(Body):
    """One thing done or refused."""

    id: UUID
    at: Instant
    subject: str
    address: str
    action: str
    target: str
    outcome: str
    reason: str
    facts: dict[str, str]


class AuditBody(Body):
    """A page of the audit, newest first."""

    items: list[AuditEntryBody]
    next: str | None

    @classmethod
    def of(cls, page: AuditPage) -> "AuditBody":
        """Write down a page."""
        items = [
            AuditEntryBody(
                id=entry.id,
                at=entry.at,
                subject=entry.subject,
                address=entry.address,
                action=entry.action,
                target=entry.target,
                outcome=entry.outcome,
                reason=entry.reason,
                facts=entry.facts,
            )
            for entry in page.entries
        ]
        return cls(items=items, next=page.next)


class CameraCountBody(Body):
    """Of the asker's cameras."""

    recording: int
    total: int


class ClockBody(Body):
    """Our clock and what the system says of it."""

    now: Instant
    trust: str


class DemoBody(Body):
    """How far the demonstration is."""

    state: str
    progress: float
    detail: str


class DetectingBody(Body):
    """Whether anything is detected, in short."""

    phase: str
    model: str
    is_stand_in: bool
    detail: str
    watching: int
    total: int

    @classmethod
    def of(cls, view: DetectorView, *, total: int) -> "DetectingBody":
        """Write down what is said of the detector and of so many cameras that are switched on."""
        state = view.state
        return cls(
            phase="off" if state is None else state.phase.value,
            model="" if state is None else state.model,
            is_stand_in=state is not None and state.is_stand_in,
            detail="" if state is None else state.detail,
            watching=sum(each.condition is AnalysisCondition.WATCHING for each in view.cameras),
            total=total,
        )


class HealthBody(Body):
    """How it goes, in one sentence and in facts."""

    sentence: str
    alarms: list[str]
    cameras: CameraCountBody
    database: str
    clock: ClockBody
    demo: DemoBody
    detector: DetectingBody

    @classmethod
    def of(cls, health: Health) -> "HealthBody":
        """Write down the health."""
        return cls(
            sentence=health.sentence,
            alarms=list(health.alarms),
            cameras=CameraCountBody(recording=health.recording, total=health.total),
            database=health.database,
            clock=ClockBody(now=health.now, trust=health.clock_trust.value),
            demo=DemoBody(
                state=health.demo.phase.value, progress=health.demo.progress, detail=health.demo.detail
            ),
            detector=DetectingBody.of(health.detector, total=health.total),
        )


class DemoSwitch(Body):
    """Turn the demonstration on or off."""

    on: bool
