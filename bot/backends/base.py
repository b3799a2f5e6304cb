"""Defines the contract of a back end. The form, the checks, the card and the reference follow from its parameter model.

A back end is a package with a ``BackendKind``, found through the entry-point group ``nightshift.backends``. Each
configured instance is a ``Connection`` (``foreman.prod``), and a connection offers ``Operation`` objects.
docs/add-a-back-end.md explains how to write one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

from bot.backends.exchange import (
    MAX_TARGET_NAMES,
    Candidate,
    Change,
    FoundTargets,
    Handle,
    HttpCall,
    Interpretation,
    Placement,
    Plan,
    PlannedStart,
    Preview,
    Progress,
    ProgressState,
    TargetResult,
    Targets,
    TargetState,
)
from bot.backends.fields import (
    MAIN_SECTION,
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
    parse_params,
)
from bot.clock import Clock
from bot.errors import InputError
from bot.schedule import Schedule, ZonedTime
from bot.values import FrozenModel, JsonObject, Resolution, digest

__all__ = [
    "CONTRACT_VERSION",
    "MAIN_SECTION",
    "MAX_TARGET_NAMES",
    "BackendContext",
    "BackendKind",
    "Candidate",
    "Change",
    "Connection",
    "ConnectionSettings",
    "FactPatterns",
    "FormField",
    "FormValues",
    "FoundTargets",
    "FrozenModel",
    "Handle",
    "HttpCall",
    "Interpretation",
    "Operation",
    "Option",
    "Param",
    "Params",
    "ParamsT",
    "Placement",
    "Plan",
    "PlannedStart",
    "Preview",
    "Progress",
    "ProgressState",
    "Resolution",
    "TargetResult",
    "TargetState",
    "Targets",
    "Widget",
    "digest",
    "form_fields",
    "hidden_values",
    "is_relevant",
    "mask_secrets",
    "parse_params",
]

CONTRACT_VERSION: Final = 1
"""The version of this contract. A change that breaks an existing back end raises it; an addition with a default does
not."""


FactPatterns: TypeAlias = Mapping[str, Mapping[str, Callable[[str], bool]]]
"""By the name of a fact, the patterns that policy has for it, each with its test of a value."""


class Operation(ABC, Generic[ParamsT]):
    """One thing that a back end can do. It belongs to one connection and holds no state of a request."""

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    scheduling_note: ClassVar[str] = ""
    """Says on the reference page which schedules the back end keeps and which Nightshift keeps."""
    reference_notes: ClassVar[tuple[str, ...]] = ()
    """Sentences for the reference page: where the vendor's documentation and API disagree, and what Nightshift does."""
    policy_facts: ClassVar[frozenset[str] | None] = None
    """The names of the facts that its previews can tell. Rules that name another fact are errors. None: not known."""
    params_model: type[ParamsT]
    owns_schedule: ClassVar[bool] = False
    """Whether the schedule is part of what the operation creates in the back end, so that Nightshift cannot keep the
    time."""

    async def fields(self, values: FormValues) -> tuple[FormField, ...]:
        """Return the form's fields for the values so far, including dynamic ones such as a template's inputs."""
        return form_fields(self.params_model)

    async def load(self, values: FormValues) -> JsonObject:
        """Return values to fill in after a field with ``reloads`` changed. None empties a field."""
        return {}

    async def labels_for(self, values: FormValues) -> Mapping[str, str | Mapping[str, str]]:
        """Return, by field, the labels of values that ``load`` filled into selects: one label, or labels by value for a
        field with several values. Raises BackendError."""
        return {}

    async def interpret(self, values: FormValues, labels: JsonObject) -> Interpretation:
        """Return what values stand for that another field holds, such as the name of a bookmark that was typed as a
        search. Called before each preview and when a field with ``reloads`` changed. Raises InputError or BackendError.
        """
        return Interpretation()

    async def find_targets(self, values: FormValues) -> FoundTargets | None:
        """Return the targets that a form names so far, for the line below the field with ``finds_targets``.

        None if it names none yet. Results may be a minute old. Raises InputError or BackendError.
        """
        return None

    @abstractmethod
    async def lookup(self, field: str, query: str, values: FormValues) -> Sequence[Option]:
        """Return a select's options, best match first. More than 100 ask for a narrower search. Raises BackendError."""

    async def known_values(self, fact: str) -> frozenset[str] | None:
        """Return the values that a fact of its previews can have, to find misspelt ones in policy; None if they are not
        known. Raises BackendError."""
        return None

    async def resolve_option(self, field: str, text: str) -> Option | None:
        """Return the option that a typed ``key=value`` argument names exactly. None if no option or several match."""
        exact = [
            o for o in await self.lookup(field, text, {}) if text.casefold() in (o.value.casefold(), o.label.casefold())
        ]
        return exact[0] if len(exact) == 1 else None

    @abstractmethod
    async def preview(self, params: ParamsT, schedule: Schedule, token: str) -> Preview:
        """Return what would happen, without changing anything. Raises InputError (by field) or BackendError."""

    async def preview_of_start(self, params: ParamsT, schedule: Schedule, token: str, since: datetime) -> Preview:
        """Return a preview for the check of a start.

        It may use what other starts have read, for 30 seconds at most and not from before ``since``. By default it
        reads everything itself.
        """
        return await self.preview(params, schedule, token)

    async def prepare(self) -> None:
        """Fetch what ``plan`` needs besides its arguments, if this process has made no preview. Raises BackendError."""

    @abstractmethod
    def plan(self, params: ParamsT, schedule: Schedule, token: str) -> Plan:
        """Return the calls, and who keeps the schedule. Uses no network. Raises InputError."""

    def plan_occurrence(self, params: ParamsT, schedule: Schedule, due: ZonedTime, token: str) -> Plan:
        """Return the calls for a due run that Nightshift starts. By default this is ``plan`` with the schedule
        ``Now``."""
        from bot.schedule import Now

        return self.plan(params, Now(), token)

    @abstractmethod
    async def start(self, plan: Plan) -> Handle:
        """Make the calls of a plan once, with secrets in place of their references.

        Raises Refused or Unreachable if nothing happened, OutcomeUnknown or BadResponse if something may have happened.
        """

    @abstractmethod
    async def find_started(self, plan: Plan) -> Handle | None:
        """Look up by token what an earlier ``start`` of this plan created. Raises BackendError."""

    async def candidates(
        self, plan: Plan, since: datetime, until: datetime, remote_id: str = ""
    ) -> Sequence[Candidate]:
        """Return at most 10 runs that may be what an earlier ``start`` of this plan made, likeliest first.

        They started between two instants. With ``remote_id`` it is only the one that a person named, whatever differs.
        Runs that cannot be read are left out. Raises BackendError.
        """
        return ()

    @abstractmethod
    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        """Return the progress of runs and series by handle id, with few calls for many handles.

        Leave out a handle whose progress could not be determined this time.
        """

    @abstractmethod
    async def cancel(self, handle: Handle) -> str:
        """Cancel a run or a whole series. Return what happened as a sentence. Raises BackendError."""

    async def planned_start(self, series: Handle) -> PlannedStart | None:
        """Return the run of a series that the back end starts next; None if none is planned, or it cannot tell one run
        from the series. ``poll`` and ``cancel`` take its handle: cancelling it leaves the series. Raises BackendError.
        """
        return None

    def without_own_timing(self, params: ParamsT) -> ParamsT:
        """Return the parameters without the fields that give a time, for a check or a start at that time."""
        return params

    def params_for_rerun(self, params: ParamsT, handle: Handle, failed_targets: Sequence[str]) -> ParamsT:
        """Return parameters that repeat the work on the failed targets only. Raises InputError."""
        raise InputError({"": f"{self.title} cannot be rerun on failed targets alone."})

    async def output(self, handle: Handle, target: str) -> str:
        """Return the log of one target. Empty if the back end keeps none. Raises BackendError."""
        return ""


class Connection(ABC):
    """One configured back end, such as ``foreman.prod``, with its own credentials and limits."""

    operations: Mapping[str, Operation[Any]]
    """The operations by key."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title

    @abstractmethod
    async def check(self) -> str:
        """Check the address, the credentials and the permissions. Return a sentence with the version. Raises
        BackendError."""

    async def close(self) -> None:
        """Release open connections."""


@dataclass(frozen=True, slots=True)
class BackendContext:
    """What the application provides to a connection."""

    clock: Clock
    fact_patterns: FactPatterns = field(default_factory=dict)
    """The facts that policy depends on. A fact that costs more calls is looked up only if it is here."""


class ConnectionSettings(BaseModel):
    """Settings that every connection has. A back end adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    """The name on cards and in the form. Defaults to the full name, such as foreman.prod. Must be unique among the back
    ends."""
    approvals_channel: str = ""
    """The channel in which its requests wait for approval, instead of the one under channels."""
    results_channel: str = ""
    """The channel in which its outcomes are posted, instead of the one under channels."""
    scheduler: Literal["nightshift", "backend"] = "nightshift"
    """Who keeps the time of approved work: ``nightshift``, which checks everything again before each start, or
    ``backend``, where the back end can. What the back end keeps is checked in the 15 minutes before each start, unless
    Nightshift or the back end is down then. A rule of the policy may say otherwise."""


class BackendKind(Protocol):
    """A back end, found through the entry-point group ``nightshift.backends``."""

    @property
    def contract_version(self) -> int:
        """The CONTRACT_VERSION that the back end was written for."""
        ...

    @property
    def kind(self) -> str:
        """The name of the entry point, as in ``[backends.KIND.NAME]``."""
        ...

    @property
    def title(self) -> str:
        """The name shown to people."""
        ...

    @property
    def command(self) -> str:
        """The slash command that opens the form, including the slash. Must be unique among the kinds."""
        ...

    @property
    def command_description(self) -> str:
        """What the command does, for Slack's list of commands."""
        ...

    @property
    def command_usage_hint(self) -> str:
        """What can be typed after the command, for the same list."""
        ...

    @property
    def settings_model(self) -> type[ConnectionSettings]:
        """The model of ``[backends.KIND.NAME]`` in the configuration."""
        ...

    @property
    def operation_types(self) -> Sequence[type[Operation[Any]]]:
        """The classes of the operations, in the order in which the form offers them."""
        ...

    def example(self) -> ConnectionSettings:
        """Return settings of a made-up connection, for ``dry-run`` and the reference if none is configured.

        They must validate, and ``connect`` must accept them, without environment variables and without a network.
        """
        ...

    def connect(self, name: str, settings: Any, context: BackendContext) -> Connection:
        """Return a connection for validated settings, without opening it. Raises ConfigError."""
        ...
