"""When a request may be at work, and which times two of them share."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.requests.spans import TimeSpan, start_times, subtract_spans, work_spans
from bot.schedule import Now, RecurrenceRule, Schedule, Series, Window
from tests.unit.requests.build import NOW, once

HOUR = timedelta(hours=1)
LONG_WINDOW = Window(start=once("2026-03-04 22:00").start, end=once("2026-03-05 02:00").start)
SHORT_WINDOW = Window(start=once("2026-03-04 22:00").start, end=once("2026-03-04 22:30").start)
DAILY = Series(rule=RecurrenceRule(freq="daily"), zone="UTC", first=once("2026-03-04 22:00").start)
DAILY_WITH_WINDOW = DAILY.model_copy(update={"window": 120})


def span(start: float, end: float) -> TimeSpan:
    return TimeSpan(NOW + start * HOUR, NOW + end * HOUR)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "start", "end"),
    [
        (Now(), NOW, NOW + HOUR),
        (once(), at("2026-03-04 22:00"), at("2026-03-04 23:00")),
        (LONG_WINDOW, at("2026-03-04 22:00"), at("2026-03-05 02:00")),
        (SHORT_WINDOW, at("2026-03-04 22:00"), at("2026-03-04 23:00")),
        (DAILY, at("2026-03-04 22:00"), at("2026-03-04 23:00")),
        (DAILY_WITH_WINDOW, at("2026-03-04 22:00"), at("2026-03-05 00:00")),
    ],
)
def test_a_run_lasts_as_long_as_assumed_and_a_window_counts_whole(
    schedule: Schedule, start: datetime, end: datetime
) -> None:
    assert work_spans(schedule, NOW, HOUR)[0] == (start, end)


def test_a_run_over_a_change_of_the_clocks_lasts_as_long_as_any() -> None:
    (found,) = work_spans(once("2026-03-29 01:30", "Europe/Berlin"), NOW, HOUR)
    assert (found.end.hour, found.end.utcoffset()) == (3, 2 * HOUR)


@pytest.mark.parametrize(("max_runs", "horizon", "count"), [(3, timedelta(days=400), 3), (100, timedelta(days=2), 2)])
def test_of_a_series_the_next_runs_count(max_runs: int, horizon: timedelta, count: int) -> None:
    assert len(work_spans(DAILY, NOW, HOUR, max_runs=max_runs, horizon=horizon)) == count


def test_a_run_exactly_at_the_horizon_counts() -> None:
    assert len(work_spans(DAILY, at("2026-03-04 22:00"), HOUR, horizon=timedelta(days=2))) == 2
    assert len(work_spans(DAILY, NOW, HOUR)) == 100


def test_starts_are_in_the_zone_of_the_policy() -> None:
    (start,) = start_times(once(), NOW, "Europe/Berlin")
    assert (start, start.hour) == (at("2026-03-04 22:00"), 23)
    (short,) = start_times(SHORT_WINDOW, NOW, "UTC")
    assert short == at("2026-03-04 22:00")
    assert len(start_times(DAILY, NOW, "UTC", max_runs=2)) == 2


@pytest.mark.parametrize(
    ("one", "other", "overlaps"),
    [
        (span(0, 2), span(1, 3), True),
        (span(0, 1), span(1, 2), False),
        (span(0, 3), span(1, 2), True),
        (span(1, 1), span(1, 1), True),
        (span(1, 1), span(0, 1), False),
        (span(1, 1), span(1, 2), True),
        (span(0, 1), span(2, 3), False),
    ],
)
def test_which_spans_share_a_moment(one: TimeSpan, other: TimeSpan, overlaps: bool) -> None:
    assert one.overlaps(other) is overlaps
    assert other.overlaps(one) is overlaps


@pytest.mark.parametrize(
    ("others", "rest"),
    [
        ([], [span(0, 4)]),
        ([span(1, 2)], [span(0, 1), span(2, 4)]),
        ([span(0, 2)], [span(2, 4)]),
        ([span(3, 5)], [span(0, 3)]),
        ([span(-1, 5)], []),
        ([span(0, 4)], []),
        ([span(4, 5)], [span(0, 4)]),
        ([span(0, 1), span(3, 4)], [span(1, 3)]),
    ],
)
def test_what_is_left_of_a_span(others: list[TimeSpan], rest: list[TimeSpan]) -> None:
    assert subtract_spans([span(0, 4)], others) == rest
