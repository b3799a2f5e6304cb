"""A question offers every sane reading, and none that is absurd."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule import Ambiguous, Now, Once, Parsed, Series, TimePreferences, Window, next_runs, read
from bot.schedule.calendar_names import WEEKDAYS
from tests.unit.schedule.phrases.score import cases

ZONE = "Asia/Tokyo"
"""A zone whose clocks never change."""
moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(
    lambda at: at.replace(second=0, microsecond=0, tzinfo=ZoneInfo(ZONE))
)
weekdays = st.integers(0, 6)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def offered(phrase: str, now: datetime, *usual: time) -> list[tuple[datetime, ...]]:
    """The start of each answer, with the end of a window."""
    reading = read(phrase, now=now, zone=ZONE, preferences=TimePreferences(usual_times=usual))
    assert isinstance(reading, Ambiguous), reading
    found: list[tuple[datetime, ...]] = []
    for choice in reading.choices:
        match choice.meaning.schedule:
            case Once(start=start):
                found.append((start.wall,))
            case Window(start=start, end=end):
                found.append((start.wall, end.wall))
            case other:
                raise AssertionError(other)
    return found


def days_from(now: datetime, weekday: int) -> int:
    return (weekday - now.weekday()) % 7


@given(moments, st.integers(1, 12))
def test_an_hour_alone_is_in_either_half_of_the_day(now: datetime, hour: int) -> None:
    day = now.date() + timedelta(days=1)
    halves = {(datetime.combine(day, time(hour % 12 + half)),) for half in (0, 12)}
    assert set(offered(f"tomorrow at {hour}", now)) == halves


@given(moments, weekdays, st.integers(1, 12), st.integers(1, 12))
def test_a_range_of_two_hours_alone_begins_in_either_half_and_ends_at_the_next_such_hour(
    now: datetime, weekday: int, first: int, last: int
) -> None:
    if first == last:
        return
    day = now.date() + timedelta(days=days_from(now, weekday) + 7)
    windows = set()
    for half in (0, 12):
        start = datetime.combine(day, time(first % 12 + half))
        windows.add((start, start + timedelta(hours=(last - first) % 12)))
    assert set(offered(f"{day.isoformat()} from {first} to {last}", now)) == windows


@given(moments, st.integers(1, 12), st.integers(1, 12))
def test_figures_of_a_date_are_day_and_month_in_either_order(now: datetime, one: int, other: int) -> None:
    if one == other:
        return
    days = set()
    for month, day in ((one, other), (other, one)):
        at = datetime(now.year, month, day, 21)
        past = at.date() < now.date()
        days.add((at.replace(year=now.year + past),))
    wall = now.replace(tzinfo=None)
    today = {found for found in days if found[0].date() == now.date() and found[0] <= wall}
    assert days - today <= set(offered(f"{one}/{other} 21:00", now)) | today


@given(moments, weekdays)
def test_next_friday_is_the_coming_one_or_that_of_next_week(now: datetime, weekday: int) -> None:
    coming = now.date() + timedelta(days=days_from(now, weekday) or 7)
    of_next_week = now.date() + timedelta(days=7 - now.weekday() + weekday)
    meant = {(datetime.combine(day, time(21)),) for day in (coming, of_next_week)}
    phrase = f"next {WEEKDAYS[weekday]} 21:00"
    if len(meant) == 1:
        reading = read(phrase, now=now, zone=ZONE)
        assert isinstance(reading, Parsed)
    else:
        assert set(offered(phrase, now)) == meant


@given(moments, weekdays, st.integers(1, 5))
def test_an_hour_after_midnight_at_night_is_on_that_day_or_the_next(now: datetime, weekday: int, hour: int) -> None:
    day = now.date() + timedelta(days=days_from(now, weekday))
    meant = {(datetime.combine(day + timedelta(days=shift), time(hour)),) for shift in (0, 1)}
    wall = now.replace(tzinfo=None)
    past = {found for found in meant if found[0] <= wall}
    assert meant - past <= set(offered(f"{WEEKDAYS[weekday]} night {hour}am", now))


@given(moments, st.integers(1, 300), st.lists(times, min_size=1, max_size=3, unique=True), times)
def test_a_missing_hour_offers_the_usual_times_and_takes_any_other(
    now: datetime, ahead: int, usual: list[time], picked: time
) -> None:
    day = now.date() + timedelta(days=ahead)
    phrase = f"{day.isoformat()} for 2 hours" if ahead % 2 else day.isoformat()
    starts = {found[0] for found in offered(phrase, now, *usual)}
    assert starts == {datetime.combine(day, at) for at in usual}
    reading = read(phrase, now=now, zone=ZONE)
    assert isinstance(reading, Ambiguous)
    answered = read(reading.phrase_at(picked), now=now, zone=ZONE)
    assert isinstance(answered, Parsed), answered
    assert isinstance(answered.schedule, Once | Window)
    assert answered.schedule.start.wall == datetime.combine(day, picked)


@given(moments, weekdays, times)
def test_a_series_without_an_hour_takes_any(now: datetime, weekday: int, picked: time) -> None:
    for phrase in (f"every {WEEKDAYS[weekday]}", f"every {WEEKDAYS[weekday]} until 2030", f"{WEEKDAYS[weekday]}s UTC"):
        reading = read(phrase, now=now, zone=ZONE)
        assert isinstance(reading, Ambiguous), reading
        answered = read(reading.phrase_at(picked), now=now, zone=ZONE)
        assert isinstance(answered, Parsed), answered
        assert isinstance(answered.schedule, Series)
        assert answered.schedule.rule.times == (picked,)


@settings(max_examples=10)
@given(moments)
def test_answers_are_in_the_future_and_of_a_sane_length(now: datetime) -> None:
    for case in (*cases("operators"), *cases("operators2")):
        reading = read(case.phrase, now=now, zone=ZONE)
        for choice in reading.choices if isinstance(reading, Ambiguous) else ():
            match choice.meaning.schedule:
                case Now():
                    continue
                case Once(start=start):
                    assert start.instant > now, (case.phrase, choice.label)
                case Window(start=start, end=end):
                    assert end.instant > now, (case.phrase, choice.label)
                    dated = f"{start.wall:%Y-%m-%d %H:%M} to {end.wall:%Y-%m-%d %H:%M}" in choice.meaning.phrase
                    hours = (end.wall - start.wall) / timedelta(hours=1)
                    assert hours <= 12 or dated or not _between_times(case.phrase), (case.phrase, choice.label)
                case Series() as series:
                    assert next_runs(series, now, 1), (case.phrase, choice.label)


def _between_times(phrase: str) -> bool:
    """Whether a phrase names two times of day and at most one day, so that a longer window would be absurd."""
    named = sum(name[:3] in phrase.casefold() for name in WEEKDAYS)
    return named < 2 and "now" not in phrase and "by" not in phrase and not any(c.isdigit() for c in phrase[:4])


def test_what_is_asked_about_a_day_of_the_clock_change_is_both_hours() -> None:
    now = datetime(2027, 3, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    reading = read("31 october 2027 02:30", now=now, zone="Europe/Berlin")
    assert isinstance(reading, Ambiguous)
    starts = [choice.meaning.schedule.start for choice in reading.choices]  # type: ignore[union-attr]
    assert [(start.wall.date(), start.fold) for start in starts] == [(date(2027, 10, 31), 0), (date(2027, 10, 31), 1)]
