"""The policy as it stands in the configuration file: defaults, rules, freezes. Each model says what is impossible."""

from collections.abc import Mapping
from datetime import datetime, time
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bot.requests.directory import is_group, is_user
from bot.requests.durations import parse_duration
from bot.requests.model import Stage
from bot.requests.patterns import Patterns
from bot.values import FrozenModel

WeekdayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAY_NAMES: tuple[WeekdayName, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LatePolicy = Literal["ask", "now", "next", "drop"]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _check_patterns(texts: tuple[str, ...]) -> tuple[str, ...]:
    Patterns(texts)
    return texts


def _check_principals(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not is_group(name) and not is_user(name):
            raise ValueError(
                f'"{name}" names nobody; write a user group as "@sre" or its id, a person as the member ID (U0123ABCD)'
            )
    if len(set(names)) < len(names):
        raise ValueError("somebody is named twice; name each once")
    return names


def _parse_duration(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f'"{name}" is not a time zone; write one such as "Europe/Berlin"') from error
    return name


def _check_reminder_gaps(reminders: tuple[int, ...]) -> tuple[int, ...]:
    gaps = [after - before for before, after in pairwise((0, *reminders))]
    if any(gap <= 0 for gap in gaps) or any(b < a for a, b in pairwise(gaps)):
        raise ValueError("reminders are times after the asking, and their gaps must grow: write 30m, 2h, 4h")
    return reminders


def _check_hours(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        parse_hour_range(text)
    return texts


def parse_hour_range(text: str) -> tuple[time, time]:
    """``22:00-06:00`` as its two times; the second is not part of it. Raises ValueError."""
    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError as error:
        raise ValueError(f'"{text}" is not a span of hours; write it like "22:00-06:00"') from error
    if first == last:
        raise ValueError(f'"{text}" is empty; leave hours out to mean the whole day')
    return first, last


PatternList = Annotated[tuple[str, ...], BeforeValidator(_as_list), AfterValidator(_check_patterns)]
PrincipalNames = Annotated[tuple[str, ...], BeforeValidator(_as_list), AfterValidator(_check_principals)]
DurationSeconds = Annotated[int, BeforeValidator(_parse_duration), Field(gt=0)]
ReminderTimes = Annotated[
    tuple[Annotated[int, BeforeValidator(_parse_duration)], ...],
    BeforeValidator(_as_list),
    AfterValidator(_check_reminder_gaps),
]
ZoneName = Annotated[str, AfterValidator(_check_zone)]
HourRanges = Annotated[tuple[str, ...], BeforeValidator(_as_list), AfterValidator(_check_hours)]


class RuleConditions(FrozenModel):
    """The conditions of a rule; all that are given must hold, and of several patterns in one any will do."""

    backend: PatternList = ()
    operation: PatternList = ()
    template: PatternList = ()
    job_type: PatternList = ()
    task: PatternList = ()
    reboot: PatternList = ()
    run_as: PatternList = ()
    facts: Mapping[str, PatternList] = {}
    requester: PrincipalNames = ()
    channel: PatternList = ()
    min_targets: int | None = Field(default=None, ge=0)
    max_targets: int | None = Field(default=None, ge=0)
    targets: PatternList = ()
    query: PatternList = ()
    schedule: Annotated[tuple[Literal["now", "once", "window", "series"], ...], BeforeValidator(_as_list)] = ()
    days: Annotated[tuple[WeekdayName, ...], BeforeValidator(_as_list)] = ()
    hours: HourRanges = ()
    zone: ZoneName = ""
    conflicts: bool | None = None

    @model_validator(mode="after")
    def _check_target_range(self) -> Self:
        if None not in (self.min_targets, self.max_targets) and (self.min_targets or 0) > (self.max_targets or 0):
            raise ValueError("min_targets is larger than max_targets, so it never holds; swap them")
        return self

    @property
    def is_empty(self) -> bool:
        """Whether it holds for every request."""
        return not self.model_dump(exclude={"zone"}, exclude_defaults=True)


@lru_cache(maxsize=4096)
def make_stage(approvers: tuple[str, ...], quorum: int) -> Stage:
    """A stage from names in policy, groups first."""
    groups = tuple(name for name in approvers if is_group(name))
    users = tuple(name for name in approvers if not is_group(name))
    return Stage(groups=groups, users=users, quorum=quorum, names=groups + users)


def _check_quorum(approvers: tuple[str, ...], quorum: int) -> None:
    if approvers and not any(is_group(name) for name in approvers) and quorum > len(approvers):
        raise ValueError(
            f"quorum {quorum} cannot be reached by {len(approvers)} named "
            f"{'person' if len(approvers) == 1 else 'people'}; lower it or name more"
        )


class StageSettings(FrozenModel):
    """One stage of an approval in the file."""

    approvers: PrincipalNames = Field(min_length=1)
    quorum: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _check_quorum_reachable(self) -> Self:
        _check_quorum(self.approvers, self.quorum)
        return self

    @property
    def stage(self) -> Stage:
        return make_stage(self.approvers, self.quorum)


class ApprovalTerms(FrozenModel):
    """What may be said both as a default and by a rule. None leaves it to others."""

    may_request: PrincipalNames = ()
    approvers: PrincipalNames = ()
    quorum: int | None = Field(default=None, ge=1)
    stages: tuple[StageSettings, ...] = ()
    requester_counts: bool | None = None
    expires: DurationSeconds | None = None
    reminders: ReminderTimes | None = None
    escalate_after: DurationSeconds | None = None
    escalate_to: PrincipalNames = ()
    late: LatePolicy | None = None
    drift: int | None = Field(default=None, ge=0, le=100)
    renew_after_days: int | None = Field(default=None, ge=1)
    renew_after_runs: int | None = Field(default=None, ge=1)
    warn_before: DurationSeconds | None = None

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        if self.approvers and self.stages:
            raise ValueError("approvers and stages exclude each other; put the approvers into the first stage")
        if self.stages and self.quorum:
            raise ValueError("quorum and stages exclude each other; give each stage its own quorum")
        _check_quorum(self.approvers, self.quorum or 1)
        if bool(self.escalate_to) != (self.escalate_after is not None):
            raise ValueError("escalate_after and escalate_to belong together; give both or neither")
        if self.expires and self.escalate_after and self.escalate_after >= self.expires:
            raise ValueError("escalate_after is not before the expiry, so it never happens; make it shorter")
        if self.expires and self.reminders and self.reminders[-1] >= self.expires:
            raise ValueError("the last reminder is not before the expiry, so it is never sent; leave it out")
        return self

    def required_stages(self) -> tuple[Stage, ...]:
        """The stages that are asked for; none where no approvers are named."""
        if self.approvers:
            return (make_stage(self.approvers, self.quorum or 1),)
        return tuple(stage.stage for stage in self.stages)


class PolicyRule(ApprovalTerms):
    """One rule. ``limit`` only adds its terms and leaves it to others whether anybody must approve."""

    name: str = Field(min_length=1)
    when: RuleConditions = RuleConditions()
    unless: RuleConditions | None = None
    effect: Literal["ask", "approve", "refuse", "limit"] = "ask"
    because: str = ""
    budget: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _check_effect(self) -> Self:
        if self.unless is not None and self.unless.is_empty:
            raise ValueError("unless is empty, so the rule never applies; give it a condition or leave it out")
        if self.effect == "approve" and self.when.is_empty:
            raise ValueError("a rule without conditions would approve everything at once; say when it applies")
        if self.budget is not None and self.effect != "approve":
            raise ValueError('budget is for effect = "approve" only; leave it out')
        if self.effect == "approve" and self.budget is None and self.required_stages():
            raise ValueError("nobody is asked where all is approved at once; leave the approvers out or give a budget")
        if self.effect in ("refuse", "limit") and (self.required_stages() or self.quorum):
            raise ValueError(f'nobody is asked by effect = "{self.effect}"; leave the approvers out or use "ask"')
        return self


class FreezeRule(FrozenModel):
    """One freeze in the file: a phrase, two dates or a calendar; what it covers; what it does."""

    name: str = Field(min_length=1)
    when: str = ""
    start: datetime | None = None
    end: datetime | None = None
    lasts: DurationSeconds | None = None
    zone: ZoneName = ""
    calendar: str = ""
    events: PatternList = ()
    max_age: DurationSeconds = 86400
    effect: Literal["refuse", "ask"] = "refuse"
    approvers: PrincipalNames = ()
    quorum: int = Field(default=1, ge=1)
    backend: PatternList = ()
    operation: PatternList = ()
    targets: PatternList = ()
    wins_over: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        given = [bool(self.when), self.start is not None or self.end is not None, bool(self.calendar)]
        if sum(given) != 1:
            raise ValueError('say when it holds in one way: when = "a phrase", start and end, or calendar = "a URL"')
        if given[1] and (self.start is None or self.end is None or self.start >= self.end):
            raise ValueError("start and end are both needed, the end after the start")
        if self.lasts is not None and not self.when:
            raise ValueError("lasts goes with a phrase only; leave it out")
        if (self.effect == "ask") != bool(self.approvers):
            raise ValueError('approvers go with effect = "ask", and it needs them; give both or neither')
        _check_quorum(self.approvers, self.quorum)
        return self


class PolicySettings(ApprovalTerms):
    """The table ``[policy]``: what holds where no rule says otherwise."""

    zone: ZoneName = "UTC"
    assume: DurationSeconds = 3600
    """How long a run is taken to last, for freezes and conflicts."""
    short_names: bool = False
    """Whether ``web-1`` and ``web-1.example.org`` are one target when conflicts are looked for."""
    rules: tuple[PolicyRule, ...] = ()
    freezes: tuple[FreezeRule, ...] = ()

    @model_validator(mode="after")
    def _check_default_approvers(self) -> Self:
        if not self.required_stages():
            raise ValueError('approvers are missing: say who decides where no rule does, such as approvers = ["@sre"]')
        return self
