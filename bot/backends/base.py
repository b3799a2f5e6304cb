"""The contract of a back end: everything about an operation comes from one place, its parameter model.

A back end is a package with a ``BackendKind`` found through the entry-point group ``nightshift.backends``. Configured
once or several times it becomes a ``Connection`` (``foreman.prod``), and a connection offers ``Operation`` objects.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, Protocol

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from bot.backends.fields import (
    FormField,
    FormValues,
    Option,
    Param,
    Params,
    ParamsT,
    Widget,
    form_fields,
    hidden_values,
    is_relevant,
    mask_secrets,
    nest,
    parse_params,
    validation_messages,
)
from bot.clock import Clock
from bot.errors import InputError
from bot.schedule import Schedule, ZonedTime
from bot.values import FrozenModel

__all__ = [
    "FINAL_STATES",
    "BackendContext",
    "BackendKind",
    "Change",
    "Connection",
    "ConnectionSettings",
    "FormField",
    "FormValues",
    "FrozenModel",
    "Handle",
    "HttpCall",
    "Operation",
    "Option",
    "Param",
    "Params",
    "ParamsT",
    "Placement",
    "Plan",
    "Preview",
    "Progress",
    "ProgressState",
    "TargetResult",
    "Targets",
    "Widget",
    "form_fields",
    "hidden_values",
    "is_relevant",
    "mask_secrets",
    "nest",
    "parse_params",
    "validation_messages",
]


class Targets(FrozenModel):
    """What would be touched: how many in all, and the names that are known (all of them up to 2,000)."""

    count: int
    names: tuple[str, ...] = ()
    noun: str = "hosts"
    note: str = ""
    fixed: bool = True
    """False where the set is worked out anew when the job starts."""


class HttpCall(FrozenModel):
    """One HTTP request, word for word. Secrets in ``body`` are masked by ``masked()`` before anybody sees it."""

    method: str
    url: str
    body: JsonValue = None


class Change(FrozenModel):
    """One line of a diff: a field and what it was and becomes, in words."""

    field: str
    before: str
    after: str


class Placement(FrozenModel):
    """Who keeps the time of a schedule. ``reason`` is a sentence for the card."""

    scheduler: Literal["backend", "nightshift"]
    reason: str

    @model_validator(mode="before")
    @classmethod
    def _accept_earlier_name(cls, values: Any) -> Any:
        """Accept plans that were stored when the field was called ``holder``."""
        if isinstance(values, dict) and "holder" in values:
            return {"scheduler" if name == "holder" else name: value for name, value in values.items()}
        return values


class Plan(FrozenModel):
    """What will be sent, word for word, for one attempt. ``token`` is the correlation key that the calls carry."""

    operation: str
    token: str
    placement: Placement
    calls: tuple[HttpCall, ...]
    context: Mapping[str, JsonValue] = {}
    warnings: tuple[str, ...] = ()
    """What people should know of these calls, found without a network; a preview has them among its own."""


class Preview(FrozenModel):
    """What would happen, found out without changing anything."""

    targets: Targets
    plan: Plan
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, JsonValue] = {}
    """What policy may match on, beyond the targets: template, job type, task, reboot, run_as ..."""
    changes: tuple[Change, ...] = ()


class Handle(FrozenModel):
    """What a back end calls the thing that was started. ``id`` is unique within the connection and the kind."""

    kind: Literal["run", "series"] = "run"
    id: str
    url: str = ""
    detail: Mapping[str, JsonValue] = {}


class TargetResult(FrozenModel):
    """How it went on one target."""

    name: str
    state: Literal["pending", "running", "succeeded", "failed", "cancelled", "skipped"]
    reason: str = ""


ProgressState = Literal["waiting", "running", "succeeded", "partly_failed", "failed", "cancelled"]
FINAL_STATES: frozenset[ProgressState] = frozenset({"succeeded", "partly_failed", "failed", "cancelled"})


class Progress(FrozenModel):
    """How a started run stands. ``summary`` says in the back end's own terms what is known, and no more."""

    state: ProgressState
    total: int = 0
    succeeded: int = 0
    failed: int = 0
    pending: int = 0
    cancelled: int = 0
    summary: str = ""
    results: tuple[TargetResult, ...] = ()
    """The targets worth naming: the failed ones first; at most 2,000."""
    starts_at: datetime | None = None
    runs: tuple[Handle, ...] = ()
    """For a series that the back end holds: the runs that it has made so far, oldest first."""

    @property
    def is_final(self) -> bool:
        return self.state in FINAL_STATES


class Operation(ABC, Generic[ParamsT]):
    """One thing that a back end can do. Bound to one connection; holds no state of a request."""

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    scheduling_note: ClassVar[str] = ""
    """Who holds which schedules, for the operation's page in the reference."""
    reference_notes: ClassVar[tuple[str, ...]] = ()
    """Sentences for that page: where the vendor's page and its API disagree, and what is done about it."""
    params_model: type[ParamsT]
    target_noun: ClassVar[str] = "hosts"
    owns_schedule: ClassVar[bool] = False
    """Whether the schedule is part of what it makes in the back end, so that Nightshift can never hold it instead."""

    async def fields(self, values: FormValues) -> tuple[FormField, ...]:
        """The fields of the form for what is filled in so far; dynamic ones (a template's inputs) included."""
        return form_fields(self.params_model)

    async def load(self, values: FormValues) -> Mapping[str, Any]:
        """Values to fill in after a field that ``reloads`` has changed (a job's present state, say)."""
        return {}

    async def labels_for(self, values: FormValues) -> Mapping[str, Any]:
        """What people call the values that ``load`` has filled into selects, by field: a label, or labels by value
        where a field holds several. Raises BackendError."""
        return {}

    @abstractmethod
    async def lookup(self, field: str, query: str, values: FormValues) -> Sequence[Option]:
        """Live choices for a select, best first; more than 100 means: refine the search. Raises BackendError."""

    async def resolve_option(self, field: str, text: str) -> Option | None:
        """The one choice that a typed ``key=value`` argument names exactly; None where there is none or several."""
        exact = [
            o for o in await self.lookup(field, text, {}) if text.casefold() in (o.value.casefold(), o.label.casefold())
        ]
        return exact[0] if len(exact) == 1 else None

    @abstractmethod
    async def preview(self, params: ParamsT, schedule: Schedule, token: str) -> Preview:
        """What would happen. Raises InputError (by field) or BackendError; changes nothing."""

    async def prepare(self) -> None:
        """Learn what ``plan`` depends on beside its arguments (a server's version, say), so that a plan made in a new
        process is placed as its preview was. Raises BackendError."""

    @abstractmethod
    def plan(self, params: ParamsT, schedule: Schedule, token: str) -> Plan:
        """The calls to be made and who holds the schedule. Pure: no network. Raises InputError."""

    def plan_occurrence(self, params: ParamsT, schedule: Schedule, due: ZonedTime, token: str) -> Plan:
        """The calls for one run that Nightshift starts itself because it is due: like ``plan``, for now."""
        from bot.schedule import Now

        return self.plan(params, Now(), token)

    @abstractmethod
    async def start(self, plan: Plan) -> Handle:
        """Make the calls of a plan, once. Raises Refused or Unreachable where nothing happened, FateUnknown where
        it may have. Secrets are put in here, at the last moment."""

    @abstractmethod
    async def find_started(self, plan: Plan) -> Handle | None:
        """Look up what an earlier ``start`` of this plan made, by its token. Raises BackendError."""

    @abstractmethod
    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        """How runs and series stand, by handle id; a few list calls for many handles. Absent: not known this time."""

    @abstractmethod
    async def cancel(self, handle: Handle) -> str:
        """Cancel a run or a whole series. Returns what happened as a sentence. Raises BackendError."""

    def params_for_rerun(self, params: ParamsT, handle: Handle, failed_targets: Sequence[str]) -> ParamsT:
        """Parameters of a new request that repeats the work on the targets that failed. Raises InputError."""
        raise InputError({"": f"{self.title} cannot be run again on the failed ones alone."})

    async def output(self, handle: Handle, target: str) -> str:
        """The log of one target, on request. Raises BackendError; empty where the back end keeps none."""
        return ""


class Connection(ABC):
    """One configured back end, such as ``foreman.prod``, with its own credentials and limits."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title

    @property
    @abstractmethod
    def operations(self) -> Mapping[str, Operation[Any]]:
        """The operations by key."""

    @abstractmethod
    async def check(self) -> str:
        """Whether address, credentials and permissions work: a sentence with the version. Raises BackendError."""

    async def close(self) -> None:
        """Release what is held open."""


@dataclass(frozen=True, slots=True)
class BackendContext:
    """What the application lends a connection."""

    clock: Clock


class ConnectionSettings(BaseModel):
    """Settings that every connection has; a back end adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    """What people call it: on cards and in the form. Its full name, such as foreman.prod, unless it is given; no two
    back ends may have the same."""
    approvals_channel: str = ""
    """Where the cards of its requests wait for approval, instead of the one under channels."""
    results_channel: str = ""
    """Where its outcomes are posted, instead of the one under channels."""


class BackendKind(Protocol):
    """A back end as it is found through the entry-point group ``nightshift.backends``."""

    kind: str
    title: str
    command: str
    """The slash command that opens its form, with the slash."""
    command_description: str
    """What the command does, for Slack's list of commands."""
    command_usage_hint: str
    """What may be typed after the command, for the same list."""
    settings_model: type[ConnectionSettings]
    operation_types: tuple[type[Operation[Any]], ...]

    def example(self) -> ConnectionSettings:
        """Settings of a made-up connection, for showing requests where none is configured."""
        ...

    def connect(self, name: str, settings: Any, context: BackendContext) -> Connection:
        """A connection for validated settings. Opens nothing yet."""
        ...
