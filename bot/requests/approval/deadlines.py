"""The deadlines of an approval: its expiry, reminders, approvals that come late or at short notice, and renewal."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from bot.requests.business_time import deadline
from bot.requests.durations import format_duration
from bot.requests.model import Request, Requirement
from bot.requests.text import count_noun, format_moment
from bot.schedule import (
    Now,
    Once,
    Schedule,
    Series,
    Window,
    ZonedTime,
    latest_start_of,
    next_runs,
    resolve_wall_time,
    start_of,
)
from bot.values import FrozenModel

LateChoice = Literal["now", "next", "drop"]
"""What becomes of a request that was approved after its start: it runs now, at the next slot, or not at all."""


def expires_at(requirement: Requirement, opened_at: datetime, schedule: Schedule) -> datetime:
    """Return when the approval must be complete: at the latest start at the latest, and where policy drops late
    approvals at the start. Otherwise the start does not matter."""
    expiry = deadline(requirement.business, opened_at, requirement.expires_after)
    start = start_of(schedule)
    if isinstance(schedule, Series) or start is None:
        return expiry
    latest = latest_start_of(schedule)
    if latest is None and requirement.late == "drop":
        latest = start.instant
    return expiry if latest is None else min(expiry, latest)


def escalates_at(requirement: Requirement, opened_at: datetime) -> datetime | None:
    """Return when the second group is asked too; None if there is none."""
    if requirement.escalate_to is None or requirement.escalate_after is None:
        return None
    return deadline(requirement.business, opened_at, requirement.escalate_after)


def next_reminder_at(requirement: Requirement, opened_at: datetime, now: datetime) -> datetime | None:
    """Return when approvers are next to be reminded, or the second group is to be asked; None if never."""
    if requirement.effect != "ask":
        return None
    times = [deadline(requirement.business, opened_at, after) for after in requirement.reminders]
    escalation = escalates_at(requirement, opened_at)
    if escalation is not None:
        times.append(escalation)
    return min((at for at in times if at > now), default=None)


class LatenessCode(StrEnum):
    """How the moment of an approval relates to the start."""

    IN_TIME = "in_time"
    RUNS_SKIPPED = "runs_skipped"
    START_PASSED = "start_passed"
    LATEST_START_PASSED = "latest_start_passed"
    SERIES_OVER = "series_over"


class LateOption(FrozenModel):
    """One way to go on with an approval that came late. ``schedule`` is the new one, where it changes."""

    choice: LateChoice
    label: str
    schedule: Schedule | None = None


class Lateness(FrozenModel):
    """Whether an approval at this moment comes after the start. ``policy_choice`` is what policy does without asking.
    Where it is None and the approval is late, the approver picks one of ``options``."""

    code: LatenessCode = LatenessCode.IN_TIME
    policy_choice: LateChoice | None = None
    options: tuple[LateOption, ...] = ()
    text: str = ""

    @property
    def late(self) -> bool:
        return self.code not in (LatenessCode.IN_TIME, LatenessCode.RUNS_SKIPPED)


def assess_lateness(request: Request, now: datetime) -> Lateness:
    """Return what an approval at this moment means for the start.

    Within a window, or before an agreed latest start, it is not late: the request itself allows a start then. A series
    is late only when no run of it is left.
    """
    schedule = request.content.schedule
    start, latest = start_of(schedule), latest_start_of(schedule)
    if isinstance(schedule, Series):
        return _series_lateness(schedule, now)
    if start is None or now <= (latest or start.instant):
        return Lateness()
    options = tuple(_late_options(schedule, start, latest, now))
    preferred = request.requirement.late
    passed = "The latest start" if latest is not None else "The start"
    moment = format_moment((latest or start.instant).astimezone(start.local.tzinfo))
    return Lateness(
        code=LatenessCode.START_PASSED if latest is None else LatenessCode.LATEST_START_PASSED,
        policy_choice=next((option.choice for option in options if option.choice == preferred), None),
        options=options,
        text=f"{passed}, {moment}, has passed.",
    )


def chosen_schedule(request: Request, late: LateChoice | None, now: datetime) -> Schedule | None:
    """Return the schedule that an approver chose together with a late approval; None if it stays the same."""
    options = assess_lateness(request, now).options
    return next((option.schedule for option in options if option.choice == late), None)


def _series_lateness(series: Series, now: datetime) -> Lateness:
    coming = next_runs(series, now, 1)
    if not coming:
        return Lateness(
            code=LatenessCode.SERIES_OVER,
            policy_choice="drop",
            options=(LateOption(choice="drop", label="Drop it"),),
            text="No run of the series is left.",
        )
    if now <= series.first.instant:
        return Lateness()
    (following,) = coming
    text = f"Earlier runs are left out; the next is {format_moment(following.local)}."
    return Lateness(code=LatenessCode.RUNS_SKIPPED, text=text)


def _late_options(schedule: Schedule, start: ZonedTime, latest: datetime | None, now: datetime) -> list[LateOption]:
    options = []
    if latest is None:
        options.append(LateOption(choice="now", label="Run it now", schedule=Now()))
    moved = _move_to_next_day(schedule, start, now)
    moved_start = start_of(moved)
    if moved_start is not None:
        label = f"Run it {format_moment(moved_start.local)}"
        options.append(LateOption(choice="next", label=label, schedule=moved))
    options.append(LateOption(choice="drop", label="Drop it"))
    return options


def _move_to_next_day(schedule: Schedule, start: ZonedTime, now: datetime) -> Schedule:
    """Move a schedule to the first later day on which its wall-clock time is still to come."""
    days = max((now.astimezone(start.local.tzinfo).date() - start.wall.date()).days, 1)
    if resolve_wall_time(start.wall + timedelta(days=days), start.zone).instant <= now:
        days += 1

    def moved(at: ZonedTime) -> ZonedTime:
        return resolve_wall_time(at.wall + timedelta(days=days), at.zone)

    match schedule:
        case Once(start=first, latest_start=latest):
            return schedule.model_copy(
                update={"start": moved(first), "latest_start": moved(latest) if latest is not None else None}
            )
        case Window(start=first, end=end):
            return schedule.model_copy(update={"start": moved(first), "end": moved(end)})
        case _:
            return schedule


def short_notice_warning(requirement: Requirement, schedule: Schedule, now: datetime) -> str:
    """Return a warning if the start is so near that an approval now leaves no time to look; empty otherwise."""
    start = start_of(schedule)
    if start is None:
        return ""
    seconds_left = (start.instant - now).total_seconds()
    if not 0 <= seconds_left < requirement.warn_before:
        return ""
    return f"It starts in {format_duration(seconds_left)}, so an approval now leaves little time to stop it."


def renewal_reason(requirement: Requirement, approved_at: datetime, run_count: int, now: datetime) -> str:
    """Return why a series needs a new approval before its next run, as a sentence; empty if it does not. ``run_count``
    counts the runs that were started since it was last approved."""
    max_days, max_runs = requirement.renew_after_days, requirement.renew_after_runs
    if max_days is not None and now >= approved_at + timedelta(days=max_days):
        age = format_duration((now - approved_at).total_seconds())
        return f"This series was last approved {age} ago; policy asks again after {count_noun(max_days, 'days')}."
    if max_runs is not None and run_count >= max_runs:
        runs = count_noun(run_count, "runs")
        return f"This series has made {runs} since it was approved; policy asks again after {max_runs}."
    return ""
