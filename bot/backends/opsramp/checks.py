"""Finds contradictions in a job, by field, and warnings for people who approve it. Pure."""

from datetime import UTC, datetime

from bot.backends.opsramp import coercion
from bot.backends.opsramp.pattern import SINGLE_RUN_TYPES, Pattern, matches_day
from bot.backends.opsramp.scripts import Script
from bot.backends.opsramp.wire import SECRET_PREFIX, masked_parameter_ids, parameters
from bot.backends.payload import as_object, value_at
from bot.values import JsonObject

_DOCUMENTED_TYPES = (coercion.AD_CHECK, coercion.CONFIG_BACKUP)
"""Types for which OpsRamp requires a name and a schedule."""

HIDDEN_CREDENTIAL = "OpsRamp does not give this password back, so it has to be chosen again."

_MAX_USUAL_INTERVAL_DAYS = 365
_SHORTEST_MONTH = 28


def pattern_problems(given: JsonObject, unused: bool) -> dict[str, str]:
    """Return what is missing from a pattern or contradictory in it. ``unused`` says that parts were given that no
    pattern uses."""
    problems: dict[str, str] = {}
    match given.get("pattern_type"):
        case None if unused or any(name.startswith("pattern_") for name in given):
            problems["pattern_type"] = "Say which pattern: daily, weekly, monthly, run once or never."
        case "daily" if "pattern_frequency" not in given:
            problems["pattern_frequency"] = "A daily pattern needs it: everyday, every weekday or recurrence."
        case "daily" if given["pattern_frequency"] == "recurrence" and "pattern_repeat_frequency" not in given:
            problems["pattern_repeat_frequency"] = "Say every how many days."
        case "weekly" if not given.get("pattern_week_days"):
            problems["pattern_week_days"] = "A weekly pattern needs at least one day."
        case "monthly":
            problems |= _monthly_problems(given)
    return problems


def _monthly_problems(given: JsonObject) -> dict[str, str]:
    dates, week, day = (given.get(f"pattern_{name}") for name in ("day_of_month", "week_index", "day_of_week"))
    if dates and (week or day):
        return {"pattern_day_of_month": "Give days of the month, or a week with a weekday, not both."}
    if not dates and not week and not day:
        return {"pattern_day_of_month": "A monthly pattern needs days of the month, or a week with a weekday."}
    if week and not day:
        return {"pattern_day_of_week": "Say which weekday of that week."}
    if day and not week:
        return {"pattern_week_index": "Say which week: First, Second, Third, Fourth or Last."}
    return {}


def job_problems(body: JsonObject) -> dict[str, str]:
    """Return what is missing from a complete job."""
    problems: dict[str, str] = {}
    script = as_object(body.get("script"))
    kind = script.get("jobType")
    if kind in _DOCUMENTED_TYPES and not body.get("name"):
        problems["name"] = f"A job of type {kind} needs a name."
    if kind == coercion.CONFIG_BACKUP and value_at(script, "configParams", "versionsSaved") is None:
        problems["versions_saved"] = "A configuration backup needs to know which versions are kept."
    if kind == coercion.APP_INSTALL and value_at(script, "approvalType", "approvalType") is None:
        problems["approval_type"] = "An installation needs manual or automatic approval."
    if kind == coercion.CUSTOM and "customScript" not in script:
        problems["script"] = "Choose the script to run."
    schedule = as_object(body.get("schedule"))
    if kind in _DOCUMENTED_TYPES and not schedule:
        problems["when"] = f"A job of type {kind} needs a schedule: give a time, or a start date and a pattern."
    elif schedule and "startDate" not in schedule:
        problems["start_date"] = "A pattern needs a start date."
    elif schedule and "pattern" not in schedule:
        problems["pattern_type"] = "A start date needs a pattern; Never is the one for a single run."
    return problems


def script_problems(body: JsonObject, script: Script | None, given: JsonObject) -> dict[str, str]:
    """Return problems with a script's parameters. ``given`` are the given values by id.

    Without the script, only problems are found that are visible without it.
    """
    stars = masked_parameter_ids(body)
    problems = {f"parameters.{name}": HIDDEN_CREDENTIAL for name in stars}
    if script is None:
        return problems
    filled = {str(p.get("paramId")) for p in parameters(body) if p.get("value") != ""}
    for parameter in script.parameters:
        name = f"parameters.{parameter.id}"
        value = given.get(parameter.id)
        if parameter.is_password and value is not None and not str(value).startswith(SECRET_PREFIX):
            problems[name] = "This is a password: choose one of the configured secrets."
        elif parameter.required and parameter.id not in filled:
            problems[name] = HIDDEN_CREDENTIAL if parameter.is_password else f"The script needs {parameter.name}."
    known = {parameter.id for parameter in script.parameters}
    for name in given:
        if known and name not in known:
            problems[f"parameters.{name}"] = f"The script {script.name} has no parameter {name}."
    return problems


def script_warnings(body: JsonObject, script: Script | None) -> list[str]:
    """Return warnings about values that may be lost because OpsRamp hides them."""
    warnings = []
    present = {str(p.get("paramId")) for p in parameters(body)}
    for parameter in script.parameters if script else ():
        if parameter.is_password and not parameter.required and parameter.id not in present:
            warnings.append(f"OpsRamp does not tell whether {parameter.name} is set; choose it again to be sure.")
    if value_at(body, "script", "jobType") == coercion.CUSTOM and "credentialSet" not in body:
        warnings.append(
            "OpsRamp never tells a job's credential set. None is sent; if the job should have one, choose it here."
        )
    return warnings


def schedule_warnings(schedule: JsonObject, now: datetime, requested_start: datetime | None) -> list[str]:
    """Return warnings about a canonical schedule. ``requested_start`` is the start as given, with its offset."""
    pattern = as_object(schedule.get("pattern"))
    try:
        start = coercion.coerce_instant(schedule.get("startDate"))
    except ValueError:
        return []
    if start is None:
        return []
    warnings = []
    if start < now:
        warnings.append("The start date has passed. OpsRamp does not say what it then does with a job's first run.")
    if pattern.get("type") not in SINGLE_RUN_TYPES and pattern:
        warnings += _recurring_warnings(pattern, start.astimezone(UTC), requested_start)
    return warnings


def _recurring_warnings(pattern: Pattern, start: datetime, requested_start: datetime | None) -> list[str]:
    warnings = [
        f"OpsRamp keeps no time zone: the job runs at {start:%H:%M} UTC all year, "
        "so it moves by an hour where clocks change."
    ]
    if pattern.get("type") in ("weekly", "monthly"):
        warnings.append("OpsRamp does not say in which zone it takes a pattern's days; its answers are in UTC.")
        if requested_start is not None and requested_start.date() != start.date():
            warnings.append(
                f"The start is {requested_start:%a %Y-%m-%d} for you but {start:%a %Y-%m-%d} in UTC. "
                "The pattern's days are sent as you chose them."
            )
    if any(date > _SHORTEST_MONTH for date in _dates(pattern)):
        warnings.append("OpsRamp does not say what happens on days 29 to 31 in shorter months.")
    if pattern.get("frequency") == "recurrence" and _interval_days(pattern) > _MAX_USUAL_INTERVAL_DAYS:
        warnings.append("OpsRamp does not say how many days apart runs may be; more than a year may be refused.")
    if not _start_is_in_pattern(pattern, start):
        warnings.append("The start date is no day of the pattern. OpsRamp does not say whether the job also runs then.")
    return warnings


def _interval_days(pattern: Pattern) -> int:
    try:
        return coercion.coerce_number(pattern.get("repeatFrequency")) or 1
    except ValueError:
        return 1


def _dates(pattern: Pattern) -> tuple[int, ...]:
    try:
        return coercion.coerce_month_days(pattern.get("dayOfMonth")) or ()
    except ValueError:
        return ()


def _start_is_in_pattern(pattern: Pattern, start: datetime) -> bool:
    try:
        return matches_day(pattern, start, start)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return True
