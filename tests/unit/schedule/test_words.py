"""Words for a schedule, read again, are the same schedule."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule import (
    Now,
    Once,
    Parsed,
    RecurrenceRule,
    Schedule,
    Series,
    Weekday,
    Window,
    ZonedTime,
    next_runs,
    read,
    to_phrase,
)

NOW = datetime(2026, 11, 22, 21, 7, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata", "Australia/Lord_Howe")

times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
zoned_times = st.builds(
    lambda minutes, zone: ZonedTime.from_instant(NOW + timedelta(minutes=minutes), zone),
    st.integers(1, 600 * 1440),
    st.sampled_from(ZONES),
)


def ascending(low: int, high: int, max_size: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    """Some different numbers, ascending."""
    return st.sets(st.integers(low, high), min_size=1, max_size=max_size).map(lambda found: tuple(sorted(found)))


intervals = st.integers(1, 5)
clock_lists = st.sets(times, min_size=1, max_size=3).map(lambda found: tuple(sorted(found)))
plain_days = ascending(0, 6, 4).map(lambda days: tuple(Weekday(day=day) for day in days))
nths = st.sampled_from([(1,), (2,), (-1,), (1, 3), (2, -1), (5,), (-2,)])
month_days = st.sampled_from([(1,), (15,), (-1,), (1, 15), (31,), (28, -1), (-4,), (4, 10, 20)])
any_months = st.just(()) | ascending(1, 12)


@st.composite
def rules(draw: st.DrawFn) -> RecurrenceRule:
    """Every kind of rule that a phrase can mean."""
    clock, every = draw(clock_lists), draw(intervals)
    week = tuple(Weekday(day=day) for day in range(5))
    match draw(st.sampled_from(["daily", "weekly", "days", "nth", "workdays", "yearly", "yearnth", "yearday", "week"])):
        case "daily":
            return RecurrenceRule(freq="daily", interval=every, times=clock, months=draw(any_months))
        case "weekly":
            return RecurrenceRule(freq="weekly", interval=every, times=clock, weekdays=draw(plain_days))
        case "days":
            return RecurrenceRule(freq="monthly", interval=every, times=clock, monthdays=draw(month_days))
        case "nth":
            day = draw(st.integers(0, 6))
            days = tuple(Weekday(day=day, nth=n) for n in draw(nths))
            return RecurrenceRule(freq="monthly", interval=every, times=clock, weekdays=days)
        case "workdays":
            return RecurrenceRule(freq="monthly", interval=every, times=clock, weekdays=week, positions=draw(nths))
        case "yearly":
            days = draw(st.sampled_from([(1,), (1, 15), (-1,)]))
            return RecurrenceRule(freq="yearly", times=clock, months=draw(ascending(1, 12)), monthdays=days)
        case "yearnth":
            one = Weekday(day=draw(st.integers(0, 6)), nth=draw(st.sampled_from([1, 4, -1])))
            return RecurrenceRule(freq="yearly", times=clock, months=draw(any_months), weekdays=(one,))
        case "week":
            return RecurrenceRule(
                freq="yearly", times=clock, weeks=draw(ascending(1, 52, 2)), weekdays=draw(plain_days)
            )
        case _:
            return RecurrenceRule(freq="yearly", times=clock, yeardays=draw(ascending(1, 365)))


@st.composite
def series(draw: st.DrawFn) -> Series:
    """A series as reading makes them: its first moment is a run, and counting is from a date that is named."""
    rule = draw(rules())
    zone = draw(st.sampled_from(ZONES))
    asked = NOW + timedelta(days=draw(st.integers(0, 60)))
    open_end = Series(
        rule=rule.model_copy(update={"interval": 1}), zone=zone, first=ZonedTime.from_instant(asked, zone)
    )
    first = next_runs(open_end, asked, 1)[0]
    named = draw(st.booleans()) or rule.interval > 1 or asked > NOW
    count = draw(st.none() | st.integers(1, 9))
    until = None
    if count is None and draw(st.booleans()):
        last = draw(st.sampled_from([time(23, 59), time(12, 30)]))
        until = ZonedTime(wall=datetime.combine(first.wall.date() + timedelta(days=40), last), zone=zone)
    return Series(
        rule=rule,
        zone=zone,
        first=first,
        until=until,
        count=count,
        window=draw(st.none() | st.sampled_from([1, 90, 120])) if len(rule.times) == 1 else None,
        starting=first.wall.date() if named or count else None,
    )


def read_again(schedule: Schedule, *, whole_days: bool = False) -> Schedule:
    """What the words of a schedule mean to somebody far away."""
    reading = read(to_phrase(schedule), now=NOW, zone="America/Chicago", whole_days=whole_days)
    assert isinstance(reading, Parsed), (to_phrase(schedule), reading)
    return reading.schedule


@settings(max_examples=300, deadline=None)
@given(series())
def test_a_series_survives_the_round_trip(schedule: Series) -> None:
    assert read_again(schedule) == schedule, to_phrase(schedule)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["hourly", "minutely"]), st.integers(1, 90), st.sampled_from(ZONES), st.integers(1, 5000))
def test_a_sub_daily_series_survives_the_round_trip(freq: str, interval: int, zone: str, minutes: int) -> None:
    first = ZonedTime.from_instant(NOW + timedelta(minutes=minutes), zone)
    rule = RecurrenceRule.model_validate({"freq": freq, "interval": interval})
    schedule = Series(rule=rule, zone=zone, first=first, starting=first.wall.date())
    assert read_again(schedule) == schedule, to_phrase(schedule)


@settings(max_examples=100, deadline=None)
@given(zoned_times)
def test_a_single_time_survives_the_round_trip(start: ZonedTime) -> None:
    assert read_again(Once(start=start)) == Once(start=start)
    late = Once(start=start, latest_start=ZonedTime.from_instant(start.instant + timedelta(hours=3), start.zone))
    assert read_again(late) == late


@settings(max_examples=100, deadline=None)
@given(zoned_times, st.integers(1, 5000))
def test_a_window_survives_the_round_trip(start: ZonedTime, minutes: int) -> None:
    window = Window(start=start, end=ZonedTime.from_instant(start.instant + timedelta(minutes=minutes), start.zone))
    assert read_again(window) == window


def test_both_halves_of_a_repeated_hour_are_told_apart() -> None:
    wall = datetime(2027, 10, 31, 2, 30)
    first, second = (Once(start=ZonedTime(wall=wall, zone="Europe/Berlin", fold=fold)) for fold in (0, 1))
    assert to_phrase(first) != to_phrase(second)
    assert (read_again(first), read_again(second)) == (first, second)


def test_now_is_now() -> None:
    assert read_again(Now()) == Now()


def test_days_without_a_time_are_read_again_as_whole_days() -> None:
    day = ZonedTime(wall=datetime(2026, 12, 24), zone="Europe/Berlin")
    once = Once(start=day, grain="day")
    window = Window(start=day, end=ZonedTime(wall=datetime(2027, 1, 2), zone="Europe/Berlin"), grain="day")
    assert read_again(once, whole_days=True) == once
    assert read_again(window, whole_days=True) == window
