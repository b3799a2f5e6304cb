"""The moments around an approval: until when, reminders, an approval that comes late or in a hurry, and renewal."""

from datetime import datetime, timedelta
from typing import Literal

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


def expires_at(requirement: Requirement, opened_at: datetime, schedule: Schedule) -> datetime:
    """Until when the approval must be complete. Where policy drops late approvals, that is not after the start (or
    the latest start); otherwise the start has no say in it."""
    until = opened_at + timedelta(seconds=requirement.expires_after)
    start = start_of(schedule)
    if requirement.late != "drop" or isinstance(schedule, Series) or start is None:
        return until
    return min(until, latest_start_of(schedule) or start.instant)


def escalates_at(requirement: Requirement, opened_at: datetime) -> datetime | None:
    """When the second group is asked too; None where there is none."""
    if requirement.escalate_to is None or requirement.escalate_after is None:
        return None
    return opened_at + timedelta(seconds=requirement.escalate_after)


def next_reminder_at(requirement: Requirement, opened_at: datetime, now: datetime) -> datetime | None:
    """When approvers are next to be reminded, or the second group is to be asked; None where never."""
    if requirement.effect != "ask":
        return None
    times = [opened_at + timedelta(seconds=after) for after in requirement.reminders]
    second = escalates_at(requirement, opened_at)
    return min((at for at in (*times, *((second,) if second else ())) if at > now), default=None)


class LateOption(FrozenModel):
    """One way to go on with an approval that came late. ``schedule`` is the new one, where it changes."""

    choice: LateChoice
    label: str
    schedule: Schedule | None = None


class Lateness(FrozenModel):
    """Whether an approval at this moment comes after the start. ``settled`` is what policy does without asking; where
    it is None and ``late``, the approver picks one of ``options``."""

    late: bool
    policy_choice: LateChoice | None = None
    options: tuple[LateOption, ...] = ()
    text: str = ""


def assess_lateness(request: Request, now: datetime) -> Lateness:
    """What an approval at this moment means for the start.

    Within a window, or before an agreed latest start, it is not late: the request itself says that it may start then.
    A series is late only when no run of it is left.
    """
    schedule = request.content.schedule
    start, latest = start_of(schedule), latest_start_of(schedule)
    if isinstance(schedule, Series):
        return _series_lateness(schedule, now)
    if start is None or now <= start.instant or (latest is not None and now <= latest):
        return Lateness(late=False)
    options = tuple(_options(schedule, start, latest, now))
    wanted = request.requirement.late
    settled = next((option.choice for option in options if option.choice == wanted), None)
    passed = "The latest start" if latest is not None else "The start"
    at = format_moment((latest or start.instant).astimezone(start.local.tzinfo))
    return Lateness(late=True, policy_choice=settled, options=options, text=f"{passed}, {at}, has passed.")


def _series_lateness(series: Series, now: datetime) -> Lateness:
    coming = next_runs(series, now, 1)
    if not coming:
        drop = LateOption(choice="drop", label="Drop it")
        return Lateness(late=True, policy_choice="drop", options=(drop,), text="No run of the series is left.")
    if now <= series.first.instant:
        return Lateness(late=False)
    return Lateness(late=False, text=f"Earlier runs are left out; the next is {format_moment(coming[0].local)}.")


def _options(schedule: Schedule, start: ZonedTime, latest: datetime | None, now: datetime) -> list[LateOption]:
    found = []
    if latest is None:
        found.append(LateOption(choice="now", label="Run it now", schedule=Now()))
    moved = _move_to_next_day(schedule, start, now)
    at = start_of(moved)
    if at is not None:
        found.append(LateOption(choice="next", label=f"Run it {format_moment(at.local)}", schedule=moved))
    found.append(LateOption(choice="drop", label="Drop it"))
    return found


def _move_to_next_day(schedule: Schedule, start: ZonedTime, now: datetime) -> Schedule:
    """The same schedule on the first later day on which its wall-clock time is still to come."""
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
    """A warning where the start is so near that an approval now leaves no time to look; empty otherwise."""
    start = start_of(schedule)
    if start is None:
        return ""
    if isinstance(schedule, Series) and now > start.instant:
        return ""
    left = (start.instant - now).total_seconds()
    if not 0 <= left < requirement.warn_before:
        return ""
    return f"It starts in {format_duration(left)}, so an approval now leaves little time to stop it."


def renewal_reason(requirement: Requirement, approved_at: datetime, run_count: int, now: datetime) -> str:
    """Why a series needs a new approval before its next run, as a sentence; empty where it does not. ``runs`` counts
    the runs that were started since it was last approved."""
    days, most = requirement.renew_after_days, requirement.renew_after_runs
    if days is not None and now >= approved_at + timedelta(days=days):
        ago = format_duration((now - approved_at).total_seconds())
        return f"This series was last approved {ago} ago; policy asks again after {count_noun(days, 'days')}."
    if most is not None and run_count >= most:
        return f"This series has run {run_count} times since it was approved; policy asks again after {most}."
    return ""
