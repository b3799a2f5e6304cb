"""The two times of day that begin and end a stretch of hours, each settling what the other leaves open."""

from dataclasses import replace

from bot.schedule.pieces import Clock, Sure


def pair(first: Clock, last: Clock) -> tuple[Clock, Clock]:
    """The start and end of a stretch, each settling the hour of the other where it can.

    In "5 to 6pm" the first is the nearest 5 before 18:00, in "1:30pm to 4" the last is the nearest 4 after it. In
    "3:00 to 4:00" both are read as written, if the end then comes after the start.
    """
    if last.sure == Sure.FIXED and first.sure < Sure.FIXED and last.half:
        return _nearest_before(first, last), last
    if first.sure == Sure.FIXED and last.sure < Sure.FIXED and first.half:
        return first, _nearest_after(first, last)
    if last.sure == Sure.FIXED and first.sure < Sure.WRITTEN:
        return replace(first, sure=Sure.FIXED), last
    if Sure.LOW in (first.sure, last.sure) and _minutes(first) < _minutes(last) and last.sure > Sure.BARE:
        first, last = (replace(clock, sure=max(clock.sure, Sure.WRITTEN)) for clock in (first, last))
    elif last.sure == Sure.BARE and first.sure >= Sure.LOW:
        first = replace(first, sure=max(first.sure, Sure.WRITTEN))
        last = _nearest_after(first, last)
    return first, last


def _minutes(clock: Clock) -> int:
    return clock.hour % 24 * 60 + clock.minute


def _nearest_before(first: Clock, last: Clock) -> Clock:
    back = (_minutes(last) - _minutes(first)) % 720 or 720
    total = (_minutes(last) - back) % 1440
    return replace(first, hour=total // 60, minute=total % 60, sure=Sure.FIXED)


def _nearest_after(first: Clock, last: Clock) -> Clock:
    ahead = (_minutes(last) - _minutes(first)) % 720 or 720
    total = (_minutes(first) + ahead) % 1440
    return replace(last, hour=total // 60, minute=total % 60, sure=Sure.FIXED)
