"""The values of a request: who asked for what, when and why, and its state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from bot.requests.business_time import BusinessTime
from bot.requests.hashing import canonical_json, sha256_hex
from bot.requests.start_check import StartCheck
from bot.schedule import Schedule
from bot.values import FrozenModel, Resolution, StoredJson

RequestState = Literal[
    "awaiting_approval",
    "approved",
    "scheduled",
    "starting",
    "running",
    "unknown",
    "succeeded",
    "partly_failed",
    "failed",
    "cancelled",
    "ended_unseen",
    "denied",
    "expired",
    "withdrawn",
    "undeliverable",
]
RunState = Literal[
    "pending",
    "starting",
    "scheduled_in_backend",
    "running",
    "unknown",
    "succeeded",
    "partly_failed",
    "failed",
    "cancelled",
    "missed",
    "ended_unseen",
]
Scheduler = Literal["nightshift", "backend"]
"""Who keeps the time of approved work."""
Notify = Literal["mention", "dm", "both"]
"""How approvers are told: by a mention in their channel, by direct message, or by both."""
LatePolicy = Literal["ask", "now", "next", "drop"]
"""What policy does with an approval that comes after the start: ask the approver, or choose for them."""

ApprovalHolds = Literal["decided", "start"]
"""Whether somebody who has left the approvers since they decided still counts at the start."""
Overlap = Literal["skip", "wait", "start"]
"""What happens to the next run of a series while the last one is still going."""


class Person(FrozenModel):
    """A Slack user, keyed by team and user id."""

    team: str
    user: str

    @property
    def key(self) -> str:
        """The person as the audit trail names them."""
        return f"{self.team}/{self.user}"


class Stage(FrozenModel):
    """One step of an approval: who may approve (user groups by id, users by id) and how many of them must."""

    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    quorum: int = Field(default=1, ge=1)
    names: tuple[str, ...] = ()
    """What the groups and users are called in the policy, for people to read."""
    excluded: tuple[str, ...] = ()
    """User groups and user ids who may not approve in it, whatever else they are in."""
    excluded_names: tuple[str, ...] = ()
    """What the excluded are called in the policy, for people to read."""


class ApproverLimit(FrozenModel):
    """How many requests one person may approve in a period. A night is from noon to noon."""

    count: int = Field(ge=1, strict=True)
    """How many requests one person may approve."""
    per: Literal["hour", "day", "night", "week"]
    """In which time: ``hour``, ``day``, ``night`` or ``week``."""


class Review(FrozenModel):
    """The review that an emergency needs: by one of these people, ``within`` seconds after its approval."""

    by: Stage
    within: int


class RequirementCode(StrEnum):
    """Why policy demands what it does; ``reasons`` has the sentences."""

    RULE_REFUSES = "rule_refuses"
    REQUESTER_NOT_ALLOWED = "requester_not_allowed"
    GROUP_MISSING = "group_missing"
    FREEZE_REFUSES = "freeze_refuses"
    CHANGE_MISSING = "change_missing"
    RULE_APPROVES = "rule_approves"
    EMERGENCY = "emergency"
    RULE_ASKS = "rule_asks"
    BUDGET_EXHAUSTED = "budget_exhausted"
    APPROVING_RULE_OVERRULED = "approving_rule_overruled"
    NO_RULE_COVERS_IT = "no_rule_covers_it"
    NO_RULE_COVERS_THE_REST = "no_rule_covers_the_rest"
    FREEZE_ASKS = "freeze_asks"
    FREEZE_SKIPS_RUNS = "freeze_skips_runs"


class Requirement(FrozenModel):
    """What policy demands of a request, and why. Times are in seconds."""

    effect: Literal["ask", "approve", "refuse"] = "ask"
    stages: tuple[Stage, ...] = ()
    reasons: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    requester_counts: bool = False
    expires_after: int = 8 * 3600
    reminders: tuple[int, ...] = ()
    escalate_after: int | None = None
    escalate_to: Stage | None = None
    late: LatePolicy = "ask"
    renew_after_days: int | None = None
    renew_after_runs: int | None = None
    drift_percent: int | None = None
    because: tuple[str, ...] = ()
    """What made policy demand this, in a few words each: "43 hosts", "a forced reboot"."""
    demanded_by: tuple[str, ...] = ()
    """The rules that demand it, by name. Requirements that earlier releases stored have none."""
    codes: tuple[RequirementCode, ...] = ()
    """What made policy demand this, for code to compare. Requirements that earlier releases stored have none."""
    freezes: tuple[str, ...] = ()
    """The freezes whose own approvers are among the stages. These no longer stop the request."""
    overlap: Overlap | None = None
    """The loosest overlap of a series' runs that policy allows; None allows each."""
    warn_before: int = 900
    """Warn of an approval that comes less than this before the start."""
    scheduler: Scheduler | None = None
    """Who keeps the time, as rules say; None leaves it to the setting of the back end."""
    approver_limits: tuple[ApproverLimit, ...] = ()
    """How many requests one of its approvers may approve; each counts."""
    approval_holds: ApprovalHolds = "start"
    """Until when the approvers must be approvers: the start, or their decision."""
    review: Review | None = None
    """The review that is due afterwards if policy lets this run as an emergency; None for every other request."""
    business: BusinessTime | None = None
    """The working hours in which expiry, reminders and escalation are counted; None if every hour counts."""
    notify: Notify = "mention"
    """How its approvers are told. Those who are not in the channel get a direct message in any case."""

    def is_no_stricter_than(self, other: "Requirement") -> bool:
        """Return whether an approval that meets the other requirement meets this one too. Groups must be named alike in
        both."""
        if self.effect != "ask" or other.effect != "ask":
            return self.effect == "approve" or self.effect == other.effect
        others = {(frozenset(s.groups), frozenset(s.users)): s for s in other.stages}
        pairs = [(stage, others.get((frozenset(stage.groups), frozenset(stage.users)))) for stage in self.stages]
        enough = (
            met is not None and met.quorum >= s.quorum and set(s.excluded) <= set(met.excluded) for s, met in pairs
        )
        counts_alike = self.requester_counts or not other.requester_counts
        return all(enough) and counts_alike and set(self.freezes) <= set(other.freezes)


class TargetSet(FrozenModel):
    """The targets that a request would touch: how many, and the names that are known, one for each target."""

    count: int
    names: tuple[str, ...] = ()
    noun: str = "hosts"
    fixed: bool = True
    note: str = ""
    facts: Mapping[str, tuple[str | None, ...]] = {}
    known_for: Mapping[str, tuple[str, ...]] = {}
    """What the targets belong to, for policy rules, as ``bot.backends.exchange.Targets`` has it."""

    @property
    def names_are_complete(self) -> bool:
        return len(self.names) >= self.count


HASH_VERSION = 2
"""How new content is signed. Content keeps the version that it was approved under."""
_FIELDS_OF_LATER_RELEASES = frozenset({"overlap", "change", "emergency"})
"""These are left out of stored content where they have their default."""
_FIELDS_OF_VERSION_1 = _FIELDS_OF_LATER_RELEASES | {"backend", "operation", "params", "schedule", "targets", "renewal"}


class Content(FrozenModel):
    """The content that an approval signs. Any change of it makes a new revision and voids approvals."""

    backend: str
    operation: str
    params: Mapping[str, StoredJson]
    schedule: Schedule
    resolutions: tuple[Resolution, ...] = ()
    """What the parameters stand for: the template behind a feature, the script of a job."""
    targets: tuple[str, ...] = ()
    renewal: int = 0
    """How often approval was requested again. Each time, earlier approvals stop counting."""
    overlap: Overlap | None = None
    """What somebody chose for runs of a series that would overlap; None leaves it to policy."""
    change: str = ""
    """The reference to the change that the work belongs to, such as a ticket's number."""
    emergency: bool = False
    """Whether its requester asked for an emergency. Policy decides whether it is one."""
    hash_version: Literal[1, 2] = 1
    """Which fields are signed: version 1 signs those of the first release, version 2 all. The default is for stored
    content that has no version; new content names ``HASH_VERSION``."""

    @model_serializer(mode="wrap")
    def _without_defaults(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out what earlier releases did not know, so that the hash of what they stored stays the same."""
        fields: dict[str, object] = serialize(self)
        return {name: value for name, value in fields.items() if value or name not in _FIELDS_OF_LATER_RELEASES}

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of the signed fields, in hex."""
        signed = self.model_dump(mode="json", include=set(_FIELDS_OF_VERSION_1) if self.hash_version == 1 else None)
        return sha256_hex(canonical_json(signed))


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """A request as a line of a list. ``requester`` is a user id; ``display_time`` is its start, else when it was
    created."""

    id: str
    number: int
    revision: int
    state: RequestState
    title: str
    requester: str
    display_time: datetime

    @property
    def name(self) -> str:
        """What people call it."""
        return f"NS-{self.number}"


class Request(FrozenModel):
    """A request as it is stored. ``id`` is opaque; ``number`` is what people say (NS-12)."""

    id: str
    number: int
    state: RequestState
    version: int
    revision: int
    content: Content
    content_hash: str
    labels: Mapping[str, StoredJson] = {}
    """The texts that people saw for the values they picked, by field name."""
    values: Mapping[str, StoredJson] = {}
    """The values of the form, by field name. An edit of the request starts from them."""
    title: str = ""
    """The operation in words: ``Foreman (prod): run a job``."""
    rerun_of: str = ""
    """The name of the request (NS-7) whose failed targets this is for."""
    summary: tuple[tuple[str, str], ...] = ()
    """The parameters as label and text, secrets hidden."""
    phrase: str
    zone: str
    reason: str
    requester: Person
    channel: str = ""
    targets: TargetSet
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, StoredJson] = {}
    calls: tuple[Mapping[str, StoredJson], ...] = ()
    changes: tuple[Mapping[str, str], ...] = ()
    """The changes that the work makes in the back end: field, before, after."""
    revision_changes: tuple[Mapping[str, str], ...] = ()
    """The changes since the previous revision: field, before, after."""
    last_editor: str = ""
    former_authors: tuple[str, ...] = ()
    """The user ids of those who wrote it before the requester took it over. They cannot approve it."""
    author_groups: tuple[str, ...] | None = None
    """The ids of the user groups in which its authors were when they wrote it: Slack forgets those of people who left.
    None for a request of an earlier release."""
    editors: tuple[str, ...] = ()
    """The user ids of everyone except the requester who wrote a revision, ordered by their first one."""
    scheduler: Scheduler = "nightshift"
    scheduler_reason: str = ""
    requirement: Requirement
    approve_by: datetime | None = None
    remind_at: datetime | None = None
    """When to remind the approvers next, or to ask a second group."""
    start_at: datetime | None = None
    latest_start: datetime | None = None
    created_at: datetime
    round_opened_at: datetime | None = None
    """When the approvers were asked about this revision."""
    approved_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: str = ""
    start_notes: tuple[str, ...] = ()
    """What could not be checked in full when the newest run started, a sentence each."""

    @property
    def name(self) -> str:
        """What people call it."""
        return f"NS-{self.number}"

    @property
    def edited_by(self) -> tuple[Person, ...]:
        """Everyone except the requester who wrote a revision. Together with the requester they are the authors."""
        users = dict.fromkeys((*self.editors, self.last_editor))
        return tuple(
            Person(team=self.requester.team, user=user) for user in users if user and user != self.requester.user
        )

    @property
    def taken_over_from(self) -> tuple[Person, ...]:
        """Everyone who wrote it before the requester took it over."""
        return tuple(Person(team=self.requester.team, user=user) for user in self.former_authors)

    @property
    def is_emergency(self) -> bool:
        """Whether policy lets it run first and be reviewed afterwards."""
        return self.requirement.review is not None

    @property
    def is_series(self) -> bool:
        return self.content.schedule.kind == "series"


class Decision(FrozenModel):
    """One person's decision on one revision. ``retracted_at`` is when they took it back."""

    id: str
    request_id: str
    revision: int
    content_hash: str
    person: Person
    verdict: Literal["approved", "denied", "changes"]
    comment: str = ""
    at: datetime
    retracted_at: datetime | None = None
    on_behalf_of: str = ""
    rescheduled_hash: str = ""
    """The hash of the content under the schedule that this approval chose, because it came after the requested start;
    empty if it kept the schedule."""


class Proposal(FrozenModel):
    """A run in the back end that somebody takes for a run of unknown outcome. ``title`` is for people; ``by`` is the id
    of a user."""

    remote_id: str
    title: str
    by: str


class Run(FrozenModel):
    """One execution of a request: the only one, or one occurrence of a series."""

    id: str
    request_id: str
    number: int
    state: RunState
    version: int
    due_at: datetime | None = None
    latest_start: datetime | None = None
    token: str = ""
    handle: Mapping[str, StoredJson] | None = None
    proposal: Proposal | None = None
    """Which run of the back end somebody takes this one for, while it is unknown and an approver has to confirm it."""
    progress: Mapping[str, Any] | None = None
    problem: str = ""
    silent_since: datetime | None = None
    """Since when its back end has not told how it goes; None while it does."""
    starts_at: datetime | None = None
    """When the back end starts it by itself, as it last told."""
    start_check: StartCheck | None = None
    """What came of the check of that start; None before it."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
