"""The table ``[policy]`` of the configuration file: defaults and rules. Each model rejects what cannot be meant."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bot.requests.business_time import BusinessTime
from bot.requests.freezes.rules import FreezeRule
from bot.requests.model import ApprovalHolds, ApproverLimit, LatePolicy, Notify, Overlap, Scheduler, Stage
from bot.requests.oncall import RotaSettings
from bot.requests.policy.each import EachSettings
from bot.requests.policy.policy_tests import PolicyTest
from bot.requests.setting_types import (
    WEEKDAY_NAMES,
    ChannelNames,
    DurationSeconds,
    ExcludedNames,
    HourRanges,
    PatternList,
    PrincipalNames,
    ReminderTimes,
    TrueOrFalse,
    WeekdayList,
    WholeNumber,
    ZoneName,
    as_list,
    check_quorum,
    make_stage,
    parse_hour_range,
)
from bot.values import FrozenModel

DEFAULT_EXPIRY = 8 * 3600
DEFAULT_WARN_BEFORE = 900
DEFAULT_REVIEW_WITHIN = 24 * 3600
DEFAULT_EMERGENCY_BUDGET = 3
"""How many emergencies a day a rule lets run that nobody approves."""
HOLDS_BY_STRICTNESS: tuple[ApprovalHolds, ...] = ("start", "decided")
LATE_BY_STRICTNESS: tuple[LatePolicy, ...] = ("drop", "ask", "next", "now")
Count = Literal["clock", "business"]
"""Whether every hour counts for expiry, reminders and escalation, or only working hours."""
COUNT_BY_STRICTNESS: tuple[Count, ...] = ("clock", "business")
NOTIFY_BY_STRICTNESS: tuple[Notify, ...] = ("both", "dm", "mention")


def _check_any(facts: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    if not facts:
        raise ValueError("facts is empty, so it says nothing; name a fact or leave it out")
    return facts


def _check_working_hours(text: str) -> str:
    begin, end = parse_hour_range(text)
    if end < begin:
        raise ValueError(f'"{text}" goes past midnight; working hours begin and end on one day')
    return text


class RuleConditions(FrozenModel):
    """The conditions of a rule. All that are given must hold; of several patterns in one condition, any may match."""

    backend: PatternList = ()
    """The full name of a system (``foreman.prod``), or its kind (``foreman``)."""
    operation: PatternList = ()
    """The key of an operation, such as ``foreman.run``."""
    template: PatternList = ()
    """The template that would run, by name (Foreman)."""
    job_type: PatternList = ()
    """The type of a job (OpsRamp)."""
    task: PatternList = ()
    """The software, task or deployment (ImmyBot)."""
    reboot: PatternList = ()
    """The reboot preference: ``Force``, ``Normal``, ``Suppress``, ``Prompt`` (ImmyBot)."""
    run_as: PatternList = ()
    """The user that a script runs as."""
    facts: Annotated[Mapping[str, PatternList], AfterValidator(_check_any)] = {}
    """Any fact of the operation, by name: ``{ tenants = "Contoso*" }``."""
    requester: PrincipalNames = ()
    """User groups and member ids of whoever asks."""
    channel: ChannelNames = ()
    """The channel in which it is asked for: ``#name`` or its id."""
    min_targets: WholeNumber | None = Field(default=None, ge=0)
    """The least number of targets."""
    max_targets: WholeNumber | None = Field(default=None, ge=0)
    """The largest number of targets."""
    targets: PatternList = ()
    """Names of targets."""
    query: PatternList = ()
    """The search that finds the targets."""
    reason: PatternList = ()
    """The reason that was given."""
    schedule: Annotated[tuple[Literal["now", "once", "window", "series"], ...], BeforeValidator(as_list)] = ()
    """The kind of schedule: ``now``, ``once``, ``window``, ``series``."""
    days: WeekdayList = ()
    """The days of the start, ``mon`` to ``sun``."""
    hours: HourRanges = ()
    """The hours of the start: ``22:00-06:00``; the end is not part of them."""
    hours_cover: Literal["start", "run"] = "start"
    """Whether ``days`` and ``hours`` are for the start alone, or for the whole run as long as it is assumed to last."""
    zone: ZoneName = ""
    """The time zone of days and hours. Empty: that of ``[policy]``."""
    conflicts: TrueOrFalse | None = None
    """Whether another request works on the same targets at the same time."""

    @model_validator(mode="after")
    def _check_ranges(self) -> Self:
        low, high = self.min_targets, self.max_targets
        if low is not None and high is not None and low > high:
            raise ValueError("min_targets is larger than max_targets, so it never holds; swap them")
        if self.hours_cover == "run" and not self.hours and not self.days:
            raise ValueError('hours_cover = "run" says nothing without hours or days; give one of them')
        return self

    @property
    def is_empty(self) -> bool:
        """Whether there is no condition, so that every request matches."""
        return not self.model_dump(exclude={"zone"}, exclude_defaults=True)


_CONDITIONS_OF_SIGHT = {
    "backend",
    "operation",
    "template",
    "job_type",
    "task",
    "reboot",
    "run_as",
    "facts",
    "min_targets",
    "max_targets",
    "targets",
    "query",
}
"""The conditions that hold for a request whoever asks for it and whenever it runs."""


class RequiredValues(FrozenModel):
    """What a rule requires the form to say."""

    change: PatternList = ()
    """The reference to a change, in a field of its own."""


class StageSettings(FrozenModel):
    """One stage of an approval in the file."""

    approvers: PrincipalNames = Field(min_length=1)
    """User groups and member ids, of whom any may approve."""
    quorum: WholeNumber = Field(default=1, ge=1)
    """How many of them must approve."""

    @model_validator(mode="after")
    def _check_quorum_reachable(self) -> Self:
        check_quorum(self.approvers, self.quorum)
        return self

    @property
    def stage(self) -> Stage:
        return make_stage(self.approvers, self.quorum)


def leaves_nobody(stage: Stage, excluded: Iterable[str]) -> bool:
    """Return whether all approvers of a stage are excluded by name."""
    return {*stage.groups, *stage.users} <= set(excluded)


class ApprovalTerms(FrozenModel):
    """The terms that both the defaults and a rule may set. None leaves a term to others."""

    may_request: PrincipalNames = ()
    """The only people who may ask for what is covered."""
    may_pause: PrincipalNames = ()
    """Who may hold starts: of all systems in ``[policy]``, of the systems of its rule elsewhere."""
    may_see: PrincipalNames = ()
    """Who may see the requests, besides those who have to do with them."""
    approvers: PrincipalNames = ()
    """User groups and member ids, of whom any may approve."""
    not_approvers: ExcludedNames = ()
    """Who may not approve, whatever group they are in."""
    approver_limit: ApproverLimit | None = None
    """How much one person may approve."""
    approval_holds: ApprovalHolds | None = None
    """Whether an approver must still be one at the ``start``, or only when it is ``decided``."""
    quorum: WholeNumber | None = Field(default=None, ge=1)
    """How many of them must approve."""
    stages: Annotated[tuple[StageSettings, ...], BeforeValidator(as_list)] = ()
    """Several stages, one after the other, instead of ``approvers``."""
    requester_counts: TrueOrFalse | None = None
    """Whether the requester may be one of the approvers."""
    expires: DurationSeconds | None = None
    """How long people have to decide, from the request on."""
    reminders: ReminderTimes | None = None
    """When approvers are reminded, from the request on; each gap longer than the one before."""
    escalate_after: DurationSeconds | None = None
    """When the people of ``escalate_to`` may approve too."""
    escalate_to: PrincipalNames = ()
    """Who may approve after ``escalate_after``."""
    late: LatePolicy | None = None
    """What an approval after the start does: ``ask``, ``now``, ``next``, ``drop``."""
    overlap: Overlap | None = None
    """The loosest that a series may do while a run of it is still going: ``skip``, ``wait``, ``start``."""
    drift: WholeNumber | None = Field(default=None, ge=0, le=100)
    """How many percent of the targets may change before approvers must confirm it."""
    renew_after_days: WholeNumber | None = Field(default=None, ge=1)
    """After how many days a series needs a new approval."""
    renew_after_runs: WholeNumber | None = Field(default=None, ge=1)
    """After how many runs a series needs a new approval."""
    warn_before: DurationSeconds | None = None
    """How close to the start an approval shows a warning."""
    notify: Notify | None = None
    """How the people who must act are told: ``mention``, ``dm`` or ``both``."""
    count: Count | None = None
    """The hours that count for expiry, reminders and escalation: ``clock`` (all) or ``business`` (working hours)."""

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        if self.approvers and self.stages:
            raise ValueError("approvers and stages exclude each other; put the approvers into the first stage")
        if self.stages and self.quorum:
            raise ValueError("quorum and stages exclude each other; give each stage its own quorum")
        check_quorum(self.approvers, self.quorum or 1)
        if any(leaves_nobody(stage, self.not_approvers) for stage in self.required_stages()):
            raise ValueError("not_approvers leaves nobody of the approvers; name others in one of them")
        if bool(self.escalate_to) != (self.escalate_after is not None):
            raise ValueError("escalate_after and escalate_to belong together; give both or neither")
        if self.expires and self.escalate_after and self.escalate_after >= self.expires:
            raise ValueError("escalate_after is not before the expiry, so it never happens; make it shorter")
        if self.expires and self.reminders and self.reminders[-1] >= self.expires:
            raise ValueError("the last reminder is not before the expiry, so it is never sent; leave it out")
        return self

    def required_stages(self) -> tuple[Stage, ...]:
        """Return the stages that these terms require; none if no approvers are named."""
        if self.approvers:
            return (make_stage(self.approvers, self.quorum or 1),)
        return tuple(stage.stage for stage in self.stages)


def _as_tables(value: object) -> object:
    """Let a single table stand for a list of one."""
    return [value] if isinstance(value, dict) else as_list(value)


class PolicyRule(ApprovalTerms):
    """One rule. The effect ``limit`` only adds terms; other rules decide whether anybody must approve."""

    name: str = Field(min_length=1)
    """Its name, in reasons and for ``wins_over``."""
    when: RuleConditions = RuleConditions()
    """Its conditions, all of which must hold."""
    unless: Annotated[tuple[RuleConditions, ...], BeforeValidator(_as_tables)] = ()
    """Exceptions; each alone is enough."""
    require: RequiredValues = RequiredValues()
    """What the form must say."""
    effect: Literal["ask", "approve", "refuse", "limit", "emergency"] = "ask"
    """``ask``, ``approve``, ``refuse``, ``limit`` (only adds terms), ``emergency``."""
    review_by: PrincipalNames = ()
    """Who must review an emergency afterwards: one of them, who did not take part."""
    review_within: DurationSeconds | None = None
    """How long the review may take, from the approval on."""
    because: str = ""
    """A reason in your own words, instead of the conditions."""
    budget: WholeNumber | None = Field(default=None, ge=1)
    """How many runs a day the rule lets start that nobody approves; after that people decide. 3 for emergencies."""
    wins_over: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    """The names of rules, or patterns for them, that do not count where this one covers the whole request."""
    loosens: TrueOrFalse = False
    """Whether its terms may be easier than those of ``[policy]``."""
    scheduler: Scheduler | None = None
    """Who keeps the time. Its default is a setting of each back end."""

    @model_validator(mode="after")
    def _check_effect(self) -> Self:
        if self.effect == "emergency" and not self.review_by:
            raise ValueError('effect = "emergency" needs review_by: who reviews it afterwards')
        if self.effect != "emergency" and self.review_by:
            raise ValueError('review_by is for effect = "emergency" only; leave it out')
        if self.review_within is not None and self.effect != "emergency":
            raise ValueError('review_within is for effect = "emergency" only; leave it out')
        if any(exception.is_empty for exception in self.unless):
            raise ValueError("unless is empty, so the rule never applies; give it a condition or leave it out")
        if self.may_pause and (self.unless or self.when.model_dump(exclude={"backend"}, exclude_defaults=True)):
            raise ValueError("may_pause is about whole systems; give its rule no other condition than backend")
        if self.may_see and (self.unless or self.when.model_dump(exclude=_CONDITIONS_OF_SIGHT, exclude_defaults=True)):
            raise ValueError(
                "may_see is about systems and targets; give its rule no conditions but those on backend, operation, "
                "facts, targets and query, and no unless"
            )
        if self.effect == "approve" and self.when.is_empty:
            raise ValueError("a rule without conditions would approve everything at once; say when it applies")
        if self.budget is not None and self.effect not in ("approve", "emergency"):
            raise ValueError('budget is for effect = "approve" and "emergency" only; leave it out')
        if self.effect == "emergency" and self.budget is not None and self.required_stages():
            raise ValueError("budget is for emergencies that nobody approves; leave it or the approvers out")
        if self.effect == "approve" and self.budget is None and self.required_stages():
            raise ValueError("nobody is asked where all is approved at once; leave the approvers out or give a budget")
        if self.effect in ("refuse", "limit") and (self.required_stages() or self.quorum):
            raise ValueError(f'effect = "{self.effect}" asks nobody; leave the approvers out or use "ask"')
        return self

    @property
    def daily_budget(self) -> int | None:
        """How many runs a day it lets start that nobody approves; None if it sets no bound."""
        if self.effect == "emergency" and not self.required_stages():
            return self.budget or DEFAULT_EMERGENCY_BUDGET
        return self.budget

    def is_used_up(self, used: Mapping[str, int]) -> bool:
        """Return whether its budget is used up. ``used`` counts by the names of rules."""
        return self.daily_budget is not None and used.get(self.name, 0) >= self.daily_budget


class PolicySettings(ApprovalTerms):
    """The table ``[policy]``: the defaults, the rules and the freezes."""

    oncall: Mapping[str, RotaSettings] = {}
    """The rotas that policy names as ``oncall:NAME``."""
    admins: PrincipalNames = ()
    """Who sees every request, with its logs and files."""
    zone: ZoneName = "UTC"
    """The zone of days, hours and freezes; by default that of people without one (``default_zone``)."""
    assume: DurationSeconds = 3600
    """The assumed duration of a run, for freezes and conflicts."""
    working_hours: Annotated[str, AfterValidator(_check_working_hours)] = "09:00-17:00"
    """The hours that count with ``count = "business"``, in ``zone``."""
    working_days: WeekdayList = Field(default=WEEKDAY_NAMES[:5], min_length=1)
    """The days that count with ``count = "business"``."""
    short_names: TrueOrFalse = False
    """Whether conflicts treat ``web-1`` and ``web-1.example.org`` as one target."""
    holidays: str = ""
    """File or address of a calendar (iCalendar) whose events are holidays: no business days in phrases about time."""
    rules: tuple[PolicyRule, ...] = ()
    """The rules."""
    freezes: tuple[FreezeRule, ...] = ()
    """The freezes."""
    each: tuple[EachSettings, ...] = ()
    """Rules for each customer; they are among ``rules`` already."""
    tests: tuple[PolicyTest, ...] = ()
    """The tests."""
    tests_file: str = ""
    """Another file with ``[[policy.tests]]``, relative to this one."""
    strict_tests: TrueOrFalse = False
    """Whether a test that fails stops the start."""

    @property
    def business_time(self) -> BusinessTime:
        """Return the working hours."""
        begin, end = parse_hour_range(self.working_hours)
        weekdays = tuple(WEEKDAY_NAMES.index(day) for day in self.working_days)
        return BusinessTime(begin=begin, end=end, weekdays=weekdays, zone=self.zone)

    @model_validator(mode="after")
    def _check_default_approvers(self) -> Self:
        if not self.required_stages():
            raise ValueError('approvers are missing: say who decides where no rule does, such as approvers = ["@sre"]')
        return self
