"""The data of a sandbox Foreman, and its searches."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from bot.clock import Clock
from playground.foreman.compose import ServerRules
from playground.foreman.jobs import LABELS, Invocation, Jobs, RecurringLogic
from playground.foreman.search import compile_search
from playground.foreman.world import Host, World, default_world

T = TypeVar("T")

_HOST: Mapping[str, Callable[[Host], Any]] = {
    "name": lambda host: host.name,
    "os": lambda host: host.os,
    "os_title": lambda host: f"{host.os} {host.version}",
    "os_major": lambda host: int(host.version.split(".")[0]),
    "hostgroup": lambda host: host.hostgroup,
    "hostgroup_title": lambda host: host.hostgroup,
    "location": lambda host: host.location,
    "organization": lambda host: host.organization,
    "ip": lambda host: host.ip,
    "id": lambda host: host.id,
}
_JOB: Mapping[str, Callable[[Invocation, datetime], Any]] = {
    "id": lambda job, now: job.id,
    "description": lambda job, now: job.description,
    "job_category": lambda job, now: job.template.category,
    "status": lambda job, now: LABELS[job.status(now)],
    "recurring": lambda job, now: str(job.logic is not None).lower(),
    "recurring_logic.id": lambda job, now: job.logic.id if job.logic else None,
    "recurring_logic.purpose": lambda job, now: job.logic.purpose if job.logic else None,
    "pattern_template_name": lambda job, now: job.template.name,
    "host": lambda job, now: tuple(host.name for host in job.hosts or ()),
}
_LOGIC: Mapping[str, Callable[[RecurringLogic], Any]] = {
    "id": lambda logic: logic.id,
    "iteration": lambda logic: logic.iteration,
    "iteration_limit": lambda logic: logic.max_iteration,
    "cron_line": lambda logic: logic.cron_line,
    "state": lambda logic: logic.state,
    "purpose": lambda logic: logic.purpose,
}
_RESULTS = {"success": "success", "error": "failed", "cancelled": "cancelled"}
_SAMPLE_HOST = Host(0, "", "", "0", "", "", "", "")


class State:
    """The world, the jobs and the clock. ``remote_execution`` and ``tasks`` are the versions of those plug-ins."""

    def __init__(self, clock: Clock, hosts: int) -> None:
        self.clock = clock
        self.world: World = default_world(hosts)
        self.jobs = Jobs(self.find_hosts)
        self.version = "3.12.0"
        self.remote_execution: tuple[int, ...] = (13, 2, 0)
        self.tasks: tuple[int, ...] = (10, 0, 1)
        self.cron_zone = "UTC"
        self.user_zone = "UTC"
        self.untriggered_jobs = 0
        """How many of the next jobs are saved and then never triggered."""

    @property
    def now(self) -> datetime:
        """The present instant, after advancing all jobs to it."""
        now = self.clock.now()
        self.jobs.advance_to(now)
        return now

    @property
    def rules(self) -> ServerRules:
        return ServerRules(self.tasks >= (8,), self.cron_zone, self.user_zone, self.remote_execution >= (8,))

    def find_hosts(self, query: str) -> Sequence[Host]:
        """Hosts by a search. Conditions on a job must hold of one and the same job. Raises SearchError."""
        if "job_invocation." not in query:
            return self._find(
                query, self.world.hosts, _host_field, ("name", "hostgroup", "os", "location"), _SAMPLE_HOST
            )
        pairs: list[tuple[Host, str, str]] = []
        now = self.clock.now()
        for job in self.jobs.invocations.values():
            pairs += [(run.host, str(job.id), _RESULTS.get(run.status(now), "pending")) for run in job.runs or ()]
        found = self._find(query, pairs, _pair_field, ("name",), (_SAMPLE_HOST, "", ""))
        return list({host.id: host for host, _, _ in found}.values())

    def find_jobs(self, query: str) -> list[Invocation]:
        """Jobs by a search, oldest first. Raises SearchError."""
        now = self.now

        def field(job: Invocation | None, name: str) -> Any:
            return _job_field(job, name, now)

        return self._find(query, list(self.jobs.invocations.values()), field, ("description", "job_category"), None)

    def find_logics(self, query: str) -> list[RecurringLogic]:
        """Series by a search. Raises SearchError."""
        return self._find(query, list(self.jobs.logics.values()), _logic_field, ("purpose",), None)

    def find_by_name(self, query: str, things: Sequence[T], **more: Callable[[T], Any]) -> list[T]:
        """Things that have a name, by a search over it and the fields in ``more``. Raises SearchError."""
        fields: Mapping[str, Callable[[Any], Any]] = {"name": lambda thing: thing.name, "id": lambda t: t.id, **more}

        def field(thing: T | None, name: str) -> Any:
            reader = fields[name]
            return None if thing is None else reader(thing)

        return self._find(query, things, field, ("name",), None)

    def _find(
        self,
        query: str,
        things: Sequence[T],
        field: Callable[[Any, str], Any],
        free_fields: tuple[str, ...],
        sample: Any,
    ) -> list[T]:
        test = compile_search(query, field, free_fields, sample)
        return [thing for thing in things if test(thing)]


def _host_field(host: Host, name: str) -> Any:
    if name.startswith("params."):
        return host.params.get(name.removeprefix("params."))
    return _HOST[name](host)


def _pair_field(pair: tuple[Host, str, str], name: str) -> Any:
    if name == "job_invocation.id":
        return pair[1]
    if name == "job_invocation.result":
        return pair[2]
    return _host_field(pair[0], name)


def _job_field(job: Invocation | None, name: str, now: datetime) -> Any:
    reader = _JOB[name]
    return None if job is None else reader(job, now)


def _logic_field(logic: RecurringLogic | None, name: str) -> Any:
    reader = _LOGIC[name]
    return None if logic is None else reader(logic)
