"""The table ``[policy]`` of the configuration file: defaults and rules. Each model rejects what cannot be meant."""

from collections.abc import Mapping
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
    WeekdayName,
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
    operation: PatternList = ()
    template: PatternList = ()
    job_type: PatternList = ()
    task: PatternList = ()
    reboot: PatternList = ()
    run_as: PatternList = ()
    facts: Annotated[Mapping[str, PatternList], AfterValidator(_check_any)] = {}
    requester: PrincipalNames = ()
    channel: ChannelNames = ()
    min_targets: WholeNumber | None = Field(default=None, ge=0)
    max_targets: WholeNumber | None = Field(default=None, ge=0)
    targets: PatternList = ()
    query: PatternList = ()
    reason: PatternList = ()
    schedule: Annotated[tuple[Literal["now", "once", "window", "series"], ...], BeforeValidator(as_list)] = ()
    days: Annotated[tuple[WeekdayName, ...], BeforeValidator(as_list)] = ()
    hours: HourRanges = ()
    hours_cover: Literal["start", "run"] = "start"
    """Whether ``days`` and ``hours`` are for the start alone, or for the whole run as long as it is assumed to last."""
    zone: ZoneName = ""
    conflicts: TrueOrFalse | None = None

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
    quorum: WholeNumber = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _check_quorum_reachable(self) -> Self:
        check_quorum(self.approvers, self.quorum)
        return self

    @property
    def stage(self) -> Stage:
        return make_stage(self.approvers, self.quorum)


class ApprovalTerms(FrozenModel):
    """The terms that both the defaults and a rule may set. None leaves a term to others."""

    may_request: PrincipalNames = ()
    may_pause: PrincipalNames = ()
    may_see: PrincipalNames = ()
    """Who may see the requests, besides those who have to do with them."""
    approvers: PrincipalNames = ()
    not_approvers: ExcludedNames = ()
    """Who may not approve, whatever group they are in."""
    approver_limit: ApproverLimit | None = None
    approval_holds: ApprovalHolds | None = None
    quorum: WholeNumber | None = Field(default=None, ge=1)
    stages: Annotated[tuple[StageSettings, ...], BeforeValidator(as_list)] = ()
    requester_counts: TrueOrFalse | None = None
    expires: DurationSeconds | None = None
    reminders: ReminderTimes | None = None
    escalate_after: DurationSeconds | None = None
    escalate_to: PrincipalNames = ()
    late: LatePolicy | None = None
    overlap: Overlap | None = None
    drift: WholeNumber | None = Field(default=None, ge=0, le=100)
    renew_after_days: WholeNumber | None = Field(default=None, ge=1)
    renew_after_runs: WholeNumber | None = Field(default=None, ge=1)
    warn_before: DurationSeconds | None = None
    notify: Notify | None = None
    count: Count | None = None

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        if self.approvers and self.stages:
            raise ValueError("approvers and stages exclude each other; put the approvers into the first stage")
        if self.stages and self.quorum:
            raise ValueError("quorum and stages exclude each other; give each stage its own quorum")
        check_quorum(self.approvers, self.quorum or 1)
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
    when: RuleConditions = RuleConditions()
    unless: Annotated[tuple[RuleConditions, ...], BeforeValidator(_as_tables)] = ()
    """Exceptions; each alone is enough."""
    require: RequiredValues = RequiredValues()
    effect: Literal["ask", "approve", "refuse", "limit", "emergency"] = "ask"
    review_by: PrincipalNames = ()
    """Who must review an emergency afterwards: one of them, who did not take part."""
    review_within: DurationSeconds | None = None
    because: str = ""
    budget: WholeNumber | None = Field(default=None, ge=1)
    wins_over: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    """The names of rules, or patterns for them, that do not count where this one covers the whole request."""
    loosens: TrueOrFalse = False
    """Whether its terms may be easier than those of ``[policy]``."""
    scheduler: Scheduler | None = None
    """Who keeps the time. Its default is a setting of each back end."""

    @model_validator(mode="after")
    def _check_effect(self) -> Self:
        if (self.effect == "emergency") != bool(self.review_by):
            raise ValueError('review_by goes with effect = "emergency", and it needs it; give both or neither')
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
        if self.budget is not None and self.effect != "approve":
            raise ValueError('budget is for effect = "approve" only; leave it out')
        if self.effect == "approve" and self.budget is None and self.required_stages():
            raise ValueError("nobody is asked where all is approved at once; leave the approvers out or give a budget")
        if self.effect in ("refuse", "limit") and (self.required_stages() or self.quorum):
            raise ValueError(f'effect = "{self.effect}" asks nobody; leave the approvers out or use "ask"')
        return self


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
    working_days: Annotated[tuple[WeekdayName, ...], BeforeValidator(as_list)] = Field(
        default=WEEKDAY_NAMES[:5], min_length=1
    )
    short_names: TrueOrFalse = False
    """Whether conflicts treat ``web-1`` and ``web-1.example.org`` as one target."""
    holidays: str = ""
    """File or address of a calendar (iCalendar) whose events are holidays: no business days in phrases about time."""
    rules: tuple[PolicyRule, ...] = ()
    freezes: tuple[FreezeRule, ...] = ()
    each: tuple[EachSettings, ...] = ()
    """Rules for each customer; they are among ``rules`` already."""
    tests: tuple[PolicyTest, ...] = ()
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
