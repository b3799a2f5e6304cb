"""Checks parameters against each other and reports problems by field."""

from datetime import datetime, timedelta
from itertools import islice

from bot.backends.foreman import cron
from bot.backends.foreman.params import PASSWORD_FIELDS, TIMING_FIELDS, ForemanJobParams
from bot.backends.foreman.placement import MIN_LEAD_TIME
from bot.backends.foreman.settings import ForemanSettings
from bot.errors import InputError
from bot.schedule import Now, Once, Schedule, Window, latest_start_of

SECRET_PREFIX = "secret:"  # noqa: S105 - the mark of a reference, not a secret
"""The prefix of a secret's name. The value of the secret replaces both when the call is made."""

_MAX_COUNTED_RUNS = 20_000


def validate(params: ForemanJobParams, schedule: Schedule, settings: ForemanSettings, now: datetime) -> None:
    """Check the parameters. Raises InputError with one message for each field."""
    problems: dict[str, str] = {}
    _check_template_and_hosts(params, problems)
    _check_secrets(params, settings, problems)
    if isinstance(schedule, Now):
        _check_timing_fields(params, settings, now, problems)
    else:
        for name in TIMING_FIELDS:
            if getattr(params, name) is not None:
                problems[name] = "The request already says when; leave this empty, or ask for the request to start now."
    _check_schedule(schedule, now, problems)
    if problems:
        raise InputError(problems)


def effective_max_iteration(params: ForemanJobParams, settings: ForemanSettings, now: datetime) -> int | None:
    """Return the number of runs before ``end_time``, or ``max_iteration`` if it is smaller.

    Foreman's API accepts ``end_time`` but ignores it. Raises InputError if there are no runs, or too many to count.
    """
    if params.cron_line is None or params.end_time is None:
        return params.max_iteration
    start = max(now, params.start_at or now)
    moments = cron.expand(cron.parse(params.cron_line), settings.cron_zone, start, params.end_time)
    fit = sum(1 for _ in islice(moments, _MAX_COUNTED_RUNS + 1))
    if fit == 0:
        raise InputError({"end_time": "The cron line does not run before this time."})
    if fit > _MAX_COUNTED_RUNS:
        raise InputError({"end_time": "The cron line runs too often before this time; choose an earlier one."})
    return min(fit, params.max_iteration or fit)


def _check_template_and_hosts(params: ForemanJobParams, problems: dict[str, str]) -> None:
    if params.job_template_id is None and params.feature is None:
        problems["job_template_id"] = "Choose a template or a feature."
    elif params.job_template_id is not None and params.feature is not None:
        problems["feature"] = "Give a template or a feature, not both."
    if params.search_query is None and params.bookmark_id is None:
        problems["search_query"] = "Say where: names, a search or a bookmark."
    elif params.search_query is not None and params.bookmark_id is not None:
        problems["bookmark_id"] = "Give a search or a bookmark, not both."
    if params.feature is not None and params.targeting_type == "dynamic_query":
        problems["targeting_type"] = "For a feature Foreman always matches the hosts once: choose static."
    if params.tags_flag is not None and params.tags is None:
        problems["tags"] = "Name the tags that are meant."
    for name, value in params.inputs.items():
        if "\x00" in value:
            problems[f"inputs.{name}"] = "This holds a character that cannot be sent."


def _check_secrets(params: ForemanJobParams, settings: ForemanSettings, problems: dict[str, str]) -> None:
    known = ", ".join(sorted(settings.secrets)) or "none is configured"
    for name in PASSWORD_FIELDS:
        value = getattr(params, name)
        if value is not None and value.removeprefix(SECRET_PREFIX) not in settings.secrets:
            problems[name] = f"Passwords are not typed here: name a configured secret ({known})."
    for name, value in params.inputs.items():
        if value.startswith(SECRET_PREFIX) and value.removeprefix(SECRET_PREFIX) not in settings.secrets:
            problems[f"inputs.{name}"] = f"There is no secret of this name; there is {known}."


def _check_timing_fields(
    params: ForemanJobParams, settings: ForemanSettings, now: datetime, problems: dict[str, str]
) -> None:
    if params.start_at is not None and params.start_at < now + MIN_LEAD_TIME:
        problems["start_at"] = "This must be at least two minutes ahead."
    if params.cron_line is None:
        for name in ("max_iteration", "end_time", "purpose"):
            if getattr(params, name) is not None:
                problems[name] = "This belongs to a cron line, and there is none."
        if params.start_before is not None:
            if params.start_at is None:
                problems["start_before"] = "This belongs to a start time, and there is none."
            elif params.start_before < params.start_at:
                problems["start_before"] = "This is before the start."
        return
    if params.start_before is not None:
        problems["start_before"] = "Foreman drops this for a series: leave it empty."
    gap = cron.shortest_gap(cron.parse(params.cron_line), now)
    if gap is not None and gap < timedelta(minutes=settings.minimum_interval):
        problems["cron_line"] = f"This runs more often than every {settings.minimum_interval} minutes."


def _check_schedule(schedule: Schedule, now: datetime, problems: dict[str, str]) -> None:
    if isinstance(schedule, Once | Window) and schedule.grain == "day":
        problems[""] = "The schedule names a day but no time."
    latest = latest_start_of(schedule)
    if latest is not None and latest <= now:
        problems[""] = "The latest start has passed."
