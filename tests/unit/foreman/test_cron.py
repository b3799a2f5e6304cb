"""Cron lines: what is accepted, and which moments a line means. cronsim is an independent reader of plain lines."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backends.foreman import cron

SPAN = timedelta(days=3000)
START = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def moments(line: cron.CronLine, zone: str, start: datetime, count: int) -> list[datetime]:
    return list(islice(cron.expand(line, zone, start, start + SPAN), count))


@pytest.mark.parametrize(
    "text",
    [
        "30 2 * * *",
        "*/15 * * * *",
        "0 6 * * 1-5",
        "0,30 8-18/2 1,15 * *",
        " 5  4  *  1-6  0 ",
        "0 0 29 2 *",
        "0 0 1 * 1",
    ],
)
def test_lines_that_every_foreman_reads_alike_are_accepted(text: str) -> None:
    assert cron.parse(text).months


@pytest.mark.parametrize(
    "text",
    [
        "foo",
        "",
        "* * * *",
        "*/10 * * * * *",
        "30 2 * * * Europe/Prague",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 7",
        "0 0 * * mon",
        "0 0 * jan *",
        "@daily",
        "0 0 L * *",
        "0 0 * * 2#2",
        "0 0 ? * *",
        "5/15 * * * *",
        "/15 * * * *",
        "10-5 * * * *",
        "*/0 * * * *",
        "1,,2 * * * *",
        "0 0 31 2 *",
        "0 0 31 4,6 *",
        "0 0 */2 * 1",
        "0 0 1 * */2",
        "٣ 2 * * *",
        "-1 * * * *",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"[.:]"):
        cron.parse(text)


def word(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    return st.one_of(
        st.just("*"),
        number.map(str),
        span,
        st.integers(2, 12).map(lambda step: f"*/{step}"),
        st.lists(number, min_size=2, max_size=4, unique=True).map(lambda found: ",".join(map(str, sorted(found)))),
    )


@settings(max_examples=150, deadline=None)
@given(word(0, 59), word(0, 23), word(1, 28), word(1, 12), word(0, 6))
def test_a_line_means_what_another_reader_says(minute: str, hour: str, day: str, month: str, weekday: str) -> None:
    text = f"{minute} {hour} {day} {month} {weekday}"
    if day != "*" and weekday != "*" and "*" in day + weekday:
        return
    ours = moments(cron.parse(text), "UTC", START, 40)
    theirs = takewhile(lambda moment: moment <= START + SPAN, CronSim(text, START - timedelta(minutes=1)))
    assert ours == list(islice(theirs, 40))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 3 L * *", ["2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"]),
        ("0 22 * * 2#2", ["2026-12-08", "2027-01-12", "2027-02-09", "2027-03-09"]),
        ("0 3 * * 0#-1", ["2026-11-29", "2026-12-27", "2027-01-31", "2027-02-28"]),
        ("0 6 * * 5#1,5#3", ["2026-12-04", "2026-12-18", "2027-01-01", "2027-01-15"]),
        ("0 6 1-7& * 2", ["2026-12-01", "2027-01-05", "2027-02-02", "2027-03-02"]),
        ("0 6 13& * 5", ["2027-08-13", "2028-10-13", "2029-04-13", "2029-07-13"]),
        ("0 6 13 * 5", ["2026-11-27", "2026-12-04", "2026-12-11", "2026-12-13"]),
    ],
)
def test_what_fugit_adds_means_what_its_words_say(text: str, days: list[str]) -> None:
    found = moments(cron.parse_fugit(text), "UTC", START, 4)
    assert [moment.date().isoformat() for moment in found] == days


def test_a_zone_at_the_end_is_read_as_one() -> None:
    line = cron.parse_fugit("30 2 * * * Europe/Prague")
    assert line.zone == "Europe/Prague"
    first = moments(line, line.zone, START, 1)[0]
    assert first.astimezone(ZoneInfo("Europe/Prague")).hour == 2


def test_a_time_that_a_gap_leaves_out_does_not_run() -> None:
    line = cron.parse("30 2 * * *")
    found = moments(line, "Europe/Berlin", datetime(2027, 3, 27, 12, tzinfo=UTC), 1)
    assert found == [datetime(2027, 3, 29, 0, 30, tzinfo=UTC)]


def test_a_time_that_an_overlap_repeats_runs_twice() -> None:
    line = cron.parse("30 2 * * *")
    found = moments(line, "Europe/Berlin", datetime(2027, 10, 30, 12, tzinfo=UTC), 2)
    assert found == [datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)]


def test_both_ends_of_a_span_count() -> None:
    line = cron.parse("0 20 * * *")
    assert list(cron.expand(line, "UTC", START, START + timedelta(days=1))) == [START, START + timedelta(days=1)]


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("*/5 * * * *", timedelta(minutes=5)),
        ("0,59 * * * *", timedelta(minutes=1)),
        ("0 3 * * *", timedelta(days=1)),
        ("58 23,0 * * *", timedelta(hours=1)),
        ("0 0 1 1 *", None),
    ],
)
def test_the_smallest_gap_is_seen(text: str, gap: timedelta | None) -> None:
    assert cron.shortest_gap(cron.parse(text), START) == gap
