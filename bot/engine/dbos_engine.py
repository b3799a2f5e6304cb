"""The durable engine on DBOS: SQLite by default, PostgreSQL by another URL.

There is one workflow, ``job``, with one step that calls the registered job. After a crash DBOS calls it again. Jobs
store their progress in our tables and resume from there, so nothing depends on the steps that DBOS records. The
application version is fixed, because DBOS's default, a hash that every library update changes, would strand unfinished
work.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy.engine import make_url

from bot.engine.identity import FileIdentity, NodeIdentity, PostgresIdentity
from bot.engine.port import Engine, Job
from bot.private_files import make_private_file

APPLICATION_VERSION = "1"
QUEUE = "nightshift-takeover"
POLL_SECONDS = 1.0
LISTENER_SECONDS = 0.1
"""Interval at which DBOS's listener thread wakes on SQLite. Shutting down waits for that thread; nothing else does."""
MAX_RECORD_CHECKS, RECORD_CHECK_SECONDS = 40, 0.025
_FINAL_STATUSES = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

_log = logging.getLogger(__name__)
_engine: "DbosEngine | None" = None


@DBOS.workflow(name="job")
async def _workflow(job: str, key: str) -> None:
    await DBOS.run_step_async({"name": job}, _step, job, key)


async def _step(job: str, key: str) -> None:
    if _engine is None:
        raise RuntimeError("the engine is not running")
    await _engine.run_job(job, key)


class DbosEngine(Engine):
    """Implements the port. A process has one DBOS, so there is at most one of these at a time."""

    def __init__(self, database_url: str, data_dir: Path, node: str, jobs: Mapping[str, Job]) -> None:
        self._url = make_url(database_url)
        self._data_dir = data_dir
        self._node = node
        self._jobs = dict(jobs)
        self._identity: NodeIdentity | None = None
        self._running_tasks: set[asyncio.Task[None]] = set()
        self._draining = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def node(self) -> str:
        """The name of this node."""
        return self._identity.name if self._identity else self._node

    def is_alive(self) -> bool:
        """Return whether this node still holds its name."""
        return self._identity is not None and self._identity.is_alive()

    async def launch(self) -> None:
        global _engine
        self._loop = asyncio.get_running_loop()
        self._identity = self._claim_identity()
        _silence_dbos_logs()
        _engine = self
        # Called on the thread of the loop, so that DBOS runs recovered jobs on this loop as well.
        DBOS(config=self._dbos_config())
        DBOS.launch()
        await DBOS.register_queue_async(QUEUE, polling_interval_sec=POLL_SECONDS)
        await self.take_over_orphaned()

    async def start(self, job: str, key: str) -> None:
        if self._draining:
            return
        with SetWorkflowID(_workflow_id(job, key)):
            await DBOS.start_workflow_async(_workflow, job, key)

    async def has_running(self, job: str, prefix: str) -> bool:
        found = await DBOS.list_workflows_async(
            workflow_id_prefix=_workflow_id(job, prefix),
            status=["PENDING", "ENQUEUED", "DELAYED"],
            load_input=False,
            load_output=False,
            limit=1,
        )
        return bool(found)

    async def take_over_orphaned(self) -> int:
        identity = self._identity
        if identity is None or self._draining:
            return 0
        await asyncio.to_thread(identity.renew)
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False, limit=1000)
        by_node: dict[str, list[str]] = {}
        for workflow in pending:
            if workflow.executor_id and workflow.executor_id != identity.name:
                by_node.setdefault(workflow.executor_id, []).append(workflow.workflow_id)
        taken = 0
        for node, ids in by_node.items():
            async with self.take_over(node) as gone:
                if gone:
                    await DBOS.resume_workflows_async(ids, queue_name=QUEUE)
                    taken += len(ids)
                    _log.warning("took over %d jobs of dead node %s", len(ids), node)
        return taken

    @asynccontextmanager
    async def take_over(self, node: str) -> AsyncIterator[bool]:
        identity = self._identity
        if identity is None or node == identity.name or not await asyncio.to_thread(identity.try_claim, node):
            yield False
            return
        try:
            yield True
        finally:
            await asyncio.to_thread(identity.release, node)

    async def prune(self, keep_seconds: float) -> int:
        before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - keep_seconds))
        old = await DBOS.list_workflows_async(
            status=_FINAL_STATUSES, end_time=before, load_input=False, load_output=False, limit=1000
        )
        if old:
            await DBOS.delete_workflows_async([workflow.workflow_id for workflow in old])
        return len(old)

    async def drain(self, seconds: float) -> None:
        global _engine
        if self._identity is None:
            return
        self._draining = True
        if self._running_tasks:
            await asyncio.wait(self._running_tasks, timeout=seconds)
        cut = list(self._running_tasks)
        for task in cut:
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)
        if not cut:
            await self._wait_until_recorded()
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=0)
        self._identity.close()
        self._identity = None
        _engine = None

    async def _wait_until_recorded(self) -> None:
        """Wait until DBOS has recorded the end of every job of this node, which it does a moment later."""
        for _ in range(MAX_RECORD_CHECKS):
            mine = await DBOS.list_workflows_async(
                status="PENDING", executor_id=self.node, load_input=False, load_output=False, limit=1
            )
            if not mine:
                return
            await asyncio.sleep(RECORD_CHECK_SECONDS)

    async def run_job(self, job: str, key: str) -> None:
        """Run a job on the loop of the application, whichever loop DBOS calls from."""
        if self._loop is not None and asyncio.get_running_loop() is not self._loop:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._run_tracked(job, key), self._loop))
        else:
            await self._run_tracked(job, key)

    async def _run_tracked(self, job: str, key: str) -> None:
        task = asyncio.ensure_future(self._jobs[job](key))
        self._running_tasks.add(task)
        try:
            await task
        finally:
            self._running_tasks.discard(task)

    def _claim_identity(self) -> NodeIdentity:
        if self._url.drivername.startswith("sqlite"):
            return FileIdentity(self._data_dir, self._node or "main")
        dsn = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresIdentity(dsn, self._node)

    def _dbos_config(self) -> DBOSConfig:
        return DBOSConfig(
            name="nightshift",
            system_database_url=self._system_url(),
            application_version=APPLICATION_VERSION,
            executor_id=self.node,
            serializer=DBOSPortableJSONSerializer(),
            enable_otlp=False,
            log_level="WARNING",
            notification_listener_polling_interval_sec=LISTENER_SECONDS,
        )

    def _system_url(self) -> str:
        if not self._url.drivername.startswith("sqlite"):
            return self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        # A separate file, so that each has one writer. The file keeps the WAL mode once it is set.
        path = Path(self._url.database or "nightshift.sqlite").with_suffix(".engine.sqlite")
        make_private_file(path)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        return f"sqlite:///{path}"


def _workflow_id(job: str, key: str) -> str:
    return f"{job}:{key}"


def _silence_dbos_logs() -> None:
    """Keep DBOS from adding its own handler and an advertisement, which it does unless its logger has a handler."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.WARNING)
    # Starting a running job again changes nothing, and is done on purpose.
    logger.addFilter(lambda record: "already exists in queue" not in record.getMessage())
