"""Which runs of a held series start, which were missed, and that each is dealt with once."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule import RecurrenceRule, Series, ZonedTime, agenda

FIRST = datetime(2027, 3, 24, 5, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def daily(window: int | None = None, count: int | None = None) -> Series:
    """Every day at 06:00 in Berlin: 05:00 UTC, from 28 March on 04:00 UTC."""
    first = ZonedTime(wall=datetime(2027, 3, 24, 6), zone="Europe/Berlin")
    return Series(
        rule=RecurrenceRule(freq="daily", times=(time(6),)),
        zone="Europe/Berlin",
        first=first,
        window=window,
        count=count,
    )


def test_before_its_time_nothing_is_due() -> None:
    found = agenda(daily(), None, FIRST - HOUR)
    assert (found.due, found.missed) == (None, ())
    assert found.coming is not None
    assert found.coming.instant == FIRST


def test_at_its_time_a_run_is_due_once() -> None:
    found = agenda(daily(), None, FIRST)
    assert found.due is not None
    assert found.due.instant == FIRST
    again = agenda(daily(), found.due.instant, FIRST)
    assert (again.due, again.missed) == (None, ())


def test_a_late_run_starts_within_its_window_and_is_missed_after_it() -> None:
    assert agenda(daily(window=120), None, FIRST + 2 * HOUR).due is not None
    late = agenda(daily(window=120), None, FIRST + 2 * HOUR + timedelta(seconds=1))
    assert late.due is None
    assert [moment.instant for moment in late.missed] == [FIRST]


def test_after_days_of_downtime_the_old_runs_are_missed_and_the_last_is_due() -> None:
    found = agenda(daily(), FIRST, datetime(2027, 3, 29, 4, 10, tzinfo=UTC))
    assert [moment.instant.day for moment in found.missed] == [25, 26, 27, 28]
    assert found.due is not None
    assert found.due.instant == datetime(2027, 3, 29, 4, 0, tzinfo=UTC)
    assert found.coming is not None
    assert found.coming.instant == datetime(2027, 3, 30, 4, 0, tzinfo=UTC)


def test_where_two_runs_may_start_only_the_later_does() -> None:
    found = agenda(daily(), None, FIRST + timedelta(days=1), grace=timedelta(days=3))
    assert [moment.instant for moment in found.missed] == [FIRST]
    assert found.due is not None
    assert found.due.instant == FIRST + timedelta(days=1)


def test_a_clock_that_steps_back_starts_nothing_twice() -> None:
    found = agenda(daily(), FIRST, FIRST - HOUR)
    assert (found.due, found.missed) == (None, ())


def test_a_series_that_has_ended_has_nothing_to_come() -> None:
    found = agenda(daily(count=2), None, FIRST + timedelta(days=9))
    assert len(found.missed) == 2
    assert (found.due, found.coming) == (None, None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=20), st.sampled_from([None, 30, 600]))
def test_every_run_is_either_started_or_missed_exactly_once(pauses: list[int], window: int | None) -> None:
    made, handled, now = daily(window), None, FIRST - HOUR
    dealt: list[datetime] = []
    for pause in pauses:
        now += timedelta(minutes=pause)
        found = agenda(made, handled, now)
        new = [moment.instant for moment in (*found.missed, *([found.due] if found.due else []))]
        dealt += new
        handled = dealt[-1] if dealt else None
    runs = agenda(made, None, now, grace=timedelta())
    every = [moment.instant for moment in (*runs.missed, *([runs.due] if runs.due else []))]
    assert dealt == every
