"""Takes jobs from the queue and has them done; the queue is procrastinate's, in the schema of that name."""

import asyncio
from collections.abc import Callable, Collection
from datetime import timedelta

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException, JobAborted
from procrastinate.jobs import Job
from psycopg import conninfo

from watchkeep.domain.errors import CatalogUnavailable
from watchkeep.domain.job import PLAN_OF, IsCancelled, JobKind, StintId, StintState, pause_after
from watchkeep.storage.catalog.connection import CatalogRole

QUEUE = "jobs"
AT_ONCE = 2
"""A scrub of hours must not keep the small jobs waiting."""

Do = Callable[[JobKind, StintId, IsCancelled], StintState]
"""Carries out one attempt; raises when it is to be tried again."""


class _EndedForGood(Exception):  # an outcome, seen only here
    """The attempt failed in a way that another one would not mend."""


class _Patience(procrastinate.BaseRetryStrategy):
    """When a job that raised is tried again."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision | None:
        """At once after a shutdown, nobody's fault; else later and later, as often as its plan says."""
        if isinstance(exception, JobAborted):
            return procrastinate.RetryDecision(retry_in={"seconds": 0})
        plan = PLAN_OF.get(JobKind(job.task_name))
        if isinstance(exception, _EndedForGood) or plan is None or job.attempts + 1 >= plan.attempts:
            return None
        pause = pause_after(job.attempts + 1)
        return procrastinate.RetryDecision(retry_in={"seconds": int(pause.total_seconds())})


class JobWorker:
    """One worker, on the thread that calls `run`; each job runs on a thread of its own."""

    def __init__(
        self,
        dsn: str,
        *,
        kinds: Collection[JobKind],
        do: Do,
        beat_s: float = 5.0,
        silent_for: timedelta = timedelta(seconds=20),
        look_every_s: float = 5.0,
    ) -> None:
        """Nothing is connected yet.

        Args:
            dsn: Leads to the catalog as its writer.
            kinds: What this worker can do; jobs of other kinds wait for another.
            do: Does it.
            beat_s: How often it gives a sign of life.
            silent_for: A worker silent for so long is taken for dead.
            look_every_s: How often it looks for work, should no notice come.
        """
        settings = f"-c role={CatalogRole.WRITER} -c timezone=UTC -c search_path=procrastinate,public"
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo.make_conninfo(
                dsn,
                options=settings,
                connect_timeout=3,
                application_name="watchkeep-jobs",
                tcp_user_timeout=15_000,
            ),
            min_size=1,
            max_size=AT_ONCE + 2,
            timeout=3,
        )
        self._app = procrastinate.App(connector=connector)
        self._do = do
        self._beat_s = beat_s
        self._silent_s = silent_for.total_seconds()
        self._look_every_s = look_every_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[None] | None = None
        self._is_stopping = False
        for kind in kinds:
            self._register(kind)

    def run(self) -> None:
        """Work until stopped; jobs that run then are asked to end and are waited for.

        Raises:
            CatalogUnavailable: The database does not answer; what ran is taken up again later.
        """
        try:
            asyncio.run(self._run())
        except (ConnectorException, psycopg.Error) as error:
            raise CatalogUnavailable(
                "The queue of jobs does not answer; see whether the database runs."
            ) from error

    def stop(self) -> None:
        """End `run`; may be called from any thread."""
        self._is_stopping = True
        loop, running = self._loop, self._running
        if loop is not None and running is not None and not loop.is_closed():
            loop.call_soon_threadsafe(running.cancel)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running = asyncio.create_task(self._work())
        if self._is_stopping:
            self._running.cancel()
        try:
            await self._running
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise

    async def _work(self) -> None:
        async with self._app.open_async():
            await self._app.run_worker_async(
                queues=[QUEUE],
                concurrency=AT_ONCE,
                install_signal_handlers=False,
                # Jobs are asked to end at once, and each notes how far it came.
                shutdown_graceful_timeout=0,
                update_heartbeat_interval=self._beat_s,
                stalled_worker_timeout=self._silent_s,
                fetch_job_polling_interval=self._look_every_s,
                abort_job_polling_interval=self._look_every_s,
            )

    def _register(self, kind: JobKind) -> None:
        def do(context: procrastinate.JobContext) -> None:
            number = context.job.id
            if number is None:
                raise LookupError("the queue handed over a job without number")
            state = self._do(kind, StintId(number), context.should_abort)
            if state is StintState.CANCELLED:
                raise JobAborted
            if state is StintState.FAILED:
                raise _EndedForGood

        self._app.task(name=kind.value, queue=QUEUE, lock=kind.value, pass_context=True, retry=_Patience())(
            do
        )
