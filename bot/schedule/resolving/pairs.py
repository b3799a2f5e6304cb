"""Settle the hours of the two times of a range by each other."""

from dataclasses import replace

from bot.schedule.parsing.nodes import HourCertainty, TimeOfDay


def resolve_pair(first: TimeOfDay, last: TimeOfDay) -> tuple[TimeOfDay, TimeOfDay]:
    """Return the start and end of a range, each settling the hour of the other where it can.

    In "5 to 6pm" the first is the nearest 5 before 18:00, in "1:30pm to 4" the last is the nearest 4 after it. In
    "3:00 to 4:00" both are read as written, if the end then comes after the start.
    """
    if last.certainty == HourCertainty.CERTAIN and first.certainty < HourCertainty.CERTAIN and last.has_meridiem:
        return _nearest_before(first, last), last
    if first.certainty == HourCertainty.CERTAIN and last.certainty < HourCertainty.CERTAIN and first.has_meridiem:
        return first, _nearest_after(first, last)
    if last.certainty == HourCertainty.CERTAIN and first.certainty < HourCertainty.LIKELY:
        return replace(first, certainty=HourCertainty.CERTAIN), last
    if (
        HourCertainty.LOW in (first.certainty, last.certainty)
        and _minute_of_day(first) < _minute_of_day(last)
        and last.certainty > HourCertainty.UNKNOWN
    ):
        first, last = (replace(clock, certainty=max(clock.certainty, HourCertainty.LIKELY)) for clock in (first, last))
    elif last.certainty == HourCertainty.UNKNOWN and first.certainty >= HourCertainty.LOW:
        first = replace(first, certainty=max(first.certainty, HourCertainty.LIKELY))
        last = _nearest_after(first, last)
    return first, last


def half_day_ranges(first: TimeOfDay, last: TimeOfDay, word: str) -> tuple[str, ...]:
    """Return both ranges that "10-2" can mean, or none where an hour is certain: 10:00 to 14:00, 22:00 to 02:00."""
    first, last = resolve_pair(first, last)
    if max(first.certainty, last.certainty) >= HourCertainty.LIKELY or first.is_midnight or last.is_midnight:
        return ()
    ranges = []
    for half in (0, 12):
        start = replace(first, hour=first.hour % 12 + half, certainty=HourCertainty.CERTAIN)
        end = _nearest_after(start, last)
        ranges.append(f"{start.hour:02}:{start.minute:02} {word} {end.hour:02}:{end.minute:02}")
    return tuple(ranges)


def _minute_of_day(clock: TimeOfDay) -> int:
    return clock.hour % 24 * 60 + clock.minute


def _nearest_before(first: TimeOfDay, last: TimeOfDay) -> TimeOfDay:
    back = (_minute_of_day(last) - _minute_of_day(first)) % 720 or 720
    total = (_minute_of_day(last) - back) % 1440
    return replace(first, hour=total // 60, minute=total % 60, certainty=HourCertainty.CERTAIN)


def _nearest_after(first: TimeOfDay, last: TimeOfDay) -> TimeOfDay:
    ahead = (_minute_of_day(last) - _minute_of_day(first)) % 720 or 720
    total = (_minute_of_day(first) + ahead) % 1440
    return replace(last, hour=total // 60, minute=total % 60, certainty=HourCertainty.CERTAIN)
