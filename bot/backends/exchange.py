"""The values that a back end and the rest of the bot exchange: a plan, a preview, and the progress of a run.

Back ends import them from ``bot.backends.base``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from pydantic import JsonValue, model_validator

from bot.values import FrozenModel, Json, Resolution

MAX_TARGET_NAMES: Final = 20_000
"""Maximum number of target names that a preview gives."""


class Targets(FrozenModel):
    """The targets of a request: how many in all, and the names that are known, one for each target.

    Give all names up to ``MAX_TARGET_NAMES``: without them nobody can tell whether the targets changed.
    """

    count: int
    names: tuple[str, ...] = ()
    noun: str = "hosts"
    note: str = ""
    fixed: bool = True
    """False if the back end determines the targets again when the job starts."""
    facts: Mapping[str, tuple[str | None, ...]] = {}
    """What the targets belong to, for policy rules: each value once, "" for targets that belong to nothing, None where
    it cannot be told or was not looked up."""
    known_for: Mapping[str, tuple[str, ...]] = {}
    """Of a fact with None: the patterns whose matches are all known nonetheless, because they were looked up."""


class FoundTargets(FrozenModel):
    """The targets that a form names so far: how many, and the first few names."""

    count: int
    names: tuple[str, ...] = ()
    noun: str = "hosts"
    notes: tuple[str, ...] = ()
    """Sentences about the choice, such as which names are listed twice."""


class Interpretation(FrozenModel):
    """Values of a form that stand for what was typed or picked elsewhere in it, and their labels. None empties a
    field."""

    values: Mapping[str, JsonValue] = {}
    labels: Mapping[str, JsonValue] = {}


class HttpCall(FrozenModel):
    """One HTTP request exactly as it is sent, except that ``body`` holds references to secrets, because people see
    it."""

    method: str
    url: str
    body: JsonValue = None


class Change(FrozenModel):
    """One line of a diff: a field, and its value before and after as people read it."""

    field: str
    before: str
    after: str


class Placement(FrozenModel):
    """Who keeps the time of a schedule. ``reason`` is a sentence for the card.

    ``own_timing`` says that the parameters hold the time, in the back end's own fields, and not the schedule.
    """

    scheduler: Literal["backend", "nightshift"]
    reason: str
    own_timing: bool = False

    @model_validator(mode="before")
    @classmethod
    def _accept_earlier_name(cls, values: Json) -> Json:
        """Accept plans that were stored when the field was called ``holder``."""
        if isinstance(values, dict) and "holder" in values:
            return {"scheduler" if name == "holder" else name: value for name, value in values.items()}
        return values


class Plan(FrozenModel):
    """The calls of one attempt, exactly as they are sent. ``token`` is the correlation key that they carry.

    ``context`` holds what ``start`` and ``find_started`` need besides the calls. It is stored as JSON, and a later
    version of the back end may read it.
    """

    operation: str
    token: str
    placement: Placement
    calls: tuple[HttpCall, ...]
    context: Mapping[str, JsonValue] = {}
    warnings: tuple[str, ...] = ()
    """What people should know about these calls, as far as it is known without a network. ``Preview.warnings`` includes
    these."""


class Preview(FrozenModel):
    """What a request would do. Making a preview changes nothing."""

    targets: Targets
    plan: Plan
    headline: str = ""
    """What would happen, in at most 80 characters, verb and object first; see ``bot.backends.headlines``."""
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, JsonValue] = {}
    """Values that policy rules can match, such as template, job type or run_as. None in a list is a value that cannot
    be told. What follows from the targets is in their own ``facts``."""
    changes: tuple[Change, ...] = ()
    resolutions: tuple[Resolution, ...] = ()
    """What the parameters stand for right now. People approve it, and it is compared before each start, so it must be
    read from the back end each time."""


class Handle(FrozenModel):
    """Identifies what was started. ``id`` is the back end's own id, unique within the connection and ``kind``.

    ``url`` becomes the link on the card. ``detail`` belongs to the back end. It is stored as JSON, and a later version
    may read it. It is empty if a person attached the run by its id in an earlier release.
    """

    kind: Literal["run", "series"] = "run"
    id: str
    url: str = ""
    detail: Mapping[str, JsonValue] = {}


class Candidate(FrozenModel):
    """A run that may be what an attempt of unknown outcome started. ``candidates`` finds it again by its ``id``.

    ``differences`` says in sentences in what, but for the time and the token, it is not what was planned.
    ``other_token`` is the token of another start that it carries; "" if it carries none.
    """

    id: str
    handle: Handle
    title: str
    starts_at: datetime | None = None
    carries_token: bool = False
    other_token: str = ""
    differences: tuple[str, ...] = ()


class PlannedStart(FrozenModel):
    """A run of a series that the back end will start by itself, under a handle of its own."""

    handle: Handle
    starts_at: datetime


TargetState = Literal["pending", "running", "succeeded", "failed", "cancelled", "skipped"]


class TargetResult(FrozenModel):
    """The result on one target."""

    name: str
    state: TargetState
    reason: str = ""


ProgressState = Literal["waiting", "running", "succeeded", "partly_failed", "failed", "cancelled"]
FINAL_STATES: frozenset[ProgressState] = frozenset({"succeeded", "partly_failed", "failed", "cancelled"})


class Progress(FrozenModel):
    """The state of a started run. ``summary`` states only what is known, in the back end's own terms."""

    state: ProgressState
    total: int = 0
    succeeded: int = 0
    failed: int = 0
    pending: int = 0
    cancelled: int = 0
    summary: str = ""
    results: tuple[TargetResult, ...] = ()
    """At most 2,000 targets, the failed first. ``params_for_rerun`` and ``output`` are called with these names."""
    starts_at: datetime | None = None
    runs: tuple[Handle, ...] = ()
    """The runs made so far, oldest first, of a series that the back end schedules."""

    @property
    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self.state in FINAL_STATES
