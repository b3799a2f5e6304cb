"""Translates a series to a cron line."""

from collections.abc import Iterable
from itertools import product

from bot.backends.foreman.settings import CronDialect
from bot.schedule import RecurrenceRule, Series


class InexactCron(Exception):
    """No cron line can express the series. The message is a clause that says why."""


def to_cron_line(series: Series, dialect: CronDialect) -> str:
    """Return a candidate line for a series. Only expanding both proves that they are equal. Raises InexactCron."""
    rule = series.rule
    if series.excluded:
        raise InexactCron("cron cannot leave out single dates")
    if rule.positions or rule.yeardays or rule.weeks:
        raise InexactCron("cron cannot pick days by their position in a set, the year or a week number")
    minutes, hours = _minutes_and_hours(series)
    months = _months(series)
    days, weekdays = _days(series, dialect)
    line = " ".join(
        (_cron_field(minutes, 0, 59), _cron_field(hours, 0, 23), days, _cron_field(months, 1, 12), weekdays)
    )
    return f"{line} {series.zone}" if dialect == "fugit" else line


def _minutes_and_hours(series: Series) -> tuple[set[int], set[int]]:
    rule, first = series.rule, series.first.wall
    match rule.freq:
        case "minutely":
            if 60 % rule.interval:
                raise InexactCron(f"cron starts every {rule.interval} minutes again from each full hour")
            minutes = {m for m in range(60) if (m - first.minute) % rule.interval == 0}
            return minutes & set(rule.minutes or range(60)), set(rule.hours or range(24))
        case "hourly":
            if 24 % rule.interval:
                raise InexactCron(f"cron starts every {rule.interval} hours again from midnight")
            hours = {h for h in range(24) if (h - first.hour) % rule.interval == 0}
            return set(rule.minutes or (first.minute,)), hours & set(rule.hours or range(24))
    times = rule.times or (first.time(),)
    minutes, hours = {t.minute for t in times}, {t.hour for t in times}
    if {(t.hour, t.minute) for t in times} != set(product(hours, minutes)):
        raise InexactCron("one cron line cannot hold these times of the day")
    return minutes, hours


def _months(series: Series) -> set[int]:
    rule, first = series.rule, series.first.wall
    if rule.freq in ("hourly", "minutely"):
        return set(rule.months or range(1, 13))
    if rule.freq == "monthly" and rule.interval > 1 and 12 % rule.interval == 0 and not rule.months:
        return {m for m in range(1, 13) if (m - first.month) % rule.interval == 0}
    if rule.interval > 1:
        unit = {"daily": "days", "weekly": "weeks", "monthly": "months", "yearly": "years"}[rule.freq]
        raise InexactCron(f"cron cannot count every {rule.interval} {unit}")
    if rule.freq == "yearly" and not rule.months and not rule.weekdays and not rule.monthdays:
        return {first.month}
    return set(rule.months or range(1, 13))


def _days(series: Series, dialect: CronDialect) -> tuple[str, str]:
    """Return the fields for days of the month and weekdays."""
    rule, first = series.rule, series.first.wall
    if not rule.weekdays and not rule.monthdays:
        match rule.freq:
            case "weekly":
                return "*", str((first.weekday() + 1) % 7)
            case "monthly" | "yearly":
                return str(first.day), "*"
            case _:
                return "*", "*"
    days = _dates(rule, dialect)
    weekdays = _weekdays(rule, dialect)
    if days != "*" and weekdays != "*":
        if dialect == "plain":
            raise InexactCron("cron runs on either the date or the weekday, not on both together")
        if "," in days or days == "L" or "/" in days:
            raise InexactCron("a cron line cannot combine these dates with weekdays")
        days += "&"
    return days, weekdays


def _dates(rule: RecurrenceRule, dialect: CronDialect) -> str:
    if not rule.monthdays:
        return "*"
    if all(day > 0 for day in rule.monthdays):
        return _cron_field(rule.monthdays, 1, 31)
    if rule.monthdays == (-1,) and dialect == "fugit":
        return "L"
    raise InexactCron("this server's cron cannot count days from the end of a month")


def _weekdays(rule: RecurrenceRule, dialect: CronDialect) -> str:
    if not rule.weekdays:
        return "*"
    counted = [w for w in rule.weekdays if w.nth is not None]
    if not counted:
        return _cron_field({(w.day + 1) % 7 for w in rule.weekdays}, 0, 6)
    if dialect == "plain":
        raise InexactCron("this server's cron cannot pick the second or last weekday of a month")
    if len(counted) < len(rule.weekdays) or any(w.nth not in (1, 2, 3, 4, 5, -1) for w in counted):
        raise InexactCron("a cron line cannot pick these weekdays of a month")
    if rule.freq == "yearly" and not rule.months:
        raise InexactCron("cron counts weekdays in a month, not in a year")
    return ",".join(f"{(w.day + 1) % 7}#{w.nth}" for w in counted)


def _cron_field(numbers: Iterable[int], low: int, high: int) -> str:
    """Format numbers as a field: ``*``, ``*/15``, ranges and single numbers."""
    wanted = sorted(set(numbers))
    if not wanted:
        raise InexactCron("no time of the day fits all its parts")
    if wanted == list(range(low, high + 1)):
        return "*"
    step = wanted[1] - wanted[0] if len(wanted) > 2 else 0
    if step > 1 and wanted == list(range(low, high + 1, step)):
        return f"*/{step}"
    runs: list[list[int]] = []
    for number in wanted:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)
