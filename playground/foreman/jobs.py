"""Job invocations and recurring logics, which follow the clock."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.backends.foreman import cron
from playground.foreman.world import Host, JobTemplate

LABELS = ("succeeded", "failed", "queued", "running", "cancelled")


@dataclass(slots=True)
class HostRun:
    """A job on one host: from when to when, and why it fails if it does."""

    host: Host
    starts_at: datetime
    ends_at: datetime
    failure_reason: str | None = None
    cancelled: bool = False

    def status(self, now: datetime) -> str:
        """The job_status that Foreman shows."""
        if self.cancelled:
            return "cancelled"
        if now < self.starts_at:
            return "pending"
        if now < self.ends_at:
            return "running"
        return "error" if self.failure_reason is not None else "success"

    def output(self, now: datetime) -> str:
        """What the script has printed so far."""
        if now < self.starts_at:
            return ""
        lines = [f"Working on {self.host.name}"]
        if now >= self.ends_at and not self.cancelled:
            lines += [self.failure_reason, "Exit status: 1"] if self.failure_reason is not None else ["Exit status: 0"]
        return "\n".join(lines) + "\n"


@dataclass(slots=True)
class RecurringLogic:
    """A series. Cron lines without a zone are read in ``zone``."""

    id: int
    cron_line: str
    parsed_line: cron.CronLine
    zone: str
    max_iteration: int | None = None
    purpose: str | None = None
    iteration: int = 1
    state: str = "active"

    def next_after(self, moment: datetime, *, inclusive: bool = False) -> datetime | None:
        """The next run at or after an instant, within nine years."""
        start = moment if inclusive else moment + timedelta(minutes=1)
        start = start.replace(second=0, microsecond=0) + (
            timedelta(minutes=1) if inclusive and (moment.second or moment.microsecond) else timedelta()
        )
        zone = self.parsed_line.zone or self.zone
        return next(cron.expand(self.parsed_line, zone, start, start + timedelta(days=3300)), None)


@dataclass(slots=True)
class Invocation:
    """One job invocation. ``task_id`` is None if the server died between saving and triggering it."""

    id: int
    description: str
    template: JobTemplate
    inputs: Mapping[str, str]
    query: str
    targeting_type: str
    start_at: datetime
    mode: str = "immediate"
    bookmark_id: int | None = None
    start_before: datetime | None = None
    logic: RecurringLogic | None = None
    effective_user: str | None = None
    stored_params: Mapping[str, Any] = field(default_factory=dict)
    """The parameters as they were sent."""
    hosts: Sequence[Host] | None = None
    runs: list[HostRun] | None = None
    task_id: str | None = None
    cancelled: bool = False
    planning_failed: bool = False

    def started(self, now: datetime) -> bool:
        return self.task_id is not None and now >= self.start_at

    def status(self, now: datetime) -> int:
        """The number that Foreman gives its state."""
        if self.planning_failed:
            return 1
        if self.runs is None:
            return 4 if self.cancelled else 2
        states = {run.status(now) for run in self.runs}
        if states & {"pending", "running"}:
            return 3
        if "cancelled" in states or self.cancelled:
            return 4
        return 1 if "error" in states else 0


class Jobs:
    """The jobs of a Foreman. ``advance_to`` brings everything up to the present; nothing runs in between."""

    def __init__(self, resolve: Callable[[str], Sequence[Host]]) -> None:
        self._resolve = resolve
        self.invocations: dict[int, Invocation] = {}
        self.logics: dict[int, RecurringLogic] = {}
        self.failing_hosts: dict[str, str] = {}
        self.host_seconds = 20.0
        """How long a job takes on a host, at speed 1."""
        self.speed = 1.0

    def new_id(self) -> int:
        return max(self.invocations, default=0) + 1

    def add(self, invocation: Invocation) -> None:
        self.invocations[invocation.id] = invocation

    def trigger(self, invocation: Invocation) -> None:
        """Give it a task, and to a static one its hosts. Raises SearchError from a bad query."""
        if invocation.targeting_type == "static_query" and invocation.hosts is None:
            invocation.hosts = self._resolve(invocation.query)
        elif not invocation.hosts:
            self._resolve(invocation.query)
        invocation.task_id = str(uuid.uuid4())

    def advance_to(self, now: datetime) -> None:
        """Start what is due and create the next run of each series."""
        for invocation in list(self.invocations.values()):
            current: Invocation | None = invocation
            while current is not None and current.runs is None and not current.cancelled and current.started(now):
                self._start(current)
                current = self._schedule_next(current, current.start_at)

    def cancel(self, invocation: Invocation, now: datetime) -> bool:
        """Stop a job. A series continues with its next run. Returns False if the job had ended or never had a task."""
        if invocation.task_id is None or invocation.status(now) in (0, 1, 4):
            return False
        invocation.cancelled = True
        if invocation.runs is None:
            self._schedule_next(invocation, max(now, invocation.start_at))
        for run in invocation.runs or ():
            if run.status(now) in ("pending", "running"):
                run.cancelled = True
        return True

    def cancel_logic(self, logic: RecurringLogic) -> None:
        """End a series: cancel the waiting run and create no other."""
        logic.state = "cancelled"
        for invocation in self.invocations.values():
            if invocation.logic is logic and invocation.runs is None:
                invocation.cancelled = True

    def _start(self, invocation: Invocation) -> None:
        hosts = invocation.hosts
        if hosts is None:
            hosts = self._resolve(invocation.query)
        each = timedelta(seconds=self.host_seconds / self.speed)
        level = invocation.stored_params.get("concurrency_level") or len(hosts) or 1
        invocation.runs = []
        for number, host in enumerate(hosts):
            starts = invocation.start_at + each * (number // level)
            # Every fifth host takes half as long again.
            ends = starts + each * (1 + 0.125 * (number % 5))
            invocation.runs.append(HostRun(host, starts, ends, self.failing_hosts.get(host.name)))

    def _schedule_next(self, invocation: Invocation, after: datetime) -> Invocation | None:
        logic = invocation.logic
        if logic is None or logic.state != "active":
            return None
        following = logic.next_after(after)
        if following is None or (logic.max_iteration is not None and logic.iteration >= logic.max_iteration):
            logic.state = "finished"
            return None
        logic.iteration += 1
        static = invocation.targeting_type == "static_query"
        repeat = Invocation(
            id=self.new_id(),
            description=invocation.description,
            template=invocation.template,
            inputs=invocation.inputs,
            query=invocation.query,
            targeting_type=invocation.targeting_type,
            start_at=following.astimezone(UTC),
            mode="recurring",
            bookmark_id=invocation.bookmark_id,
            logic=logic,
            effective_user=invocation.effective_user,
            stored_params=invocation.stored_params,
            hosts=invocation.hosts if static else None,
            task_id=str(uuid.uuid4()),
        )
        self.add(repeat)
        return repeat
