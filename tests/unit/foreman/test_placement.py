"""Who holds a series: Foreman only where its cron line means exactly the same moments."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.backends.foreman import cron
from bot.backends.foreman.placement import Held, Native, place
from bot.backends.foreman.server import Server
from bot.schedule import Moment, Rule, Series, Weekday, occurrences

NOW = datetime(2026, 11, 23, 20, 0, 30, tzinfo=UTC)
OLD, NEW = Server(), Server(tasks=(10, 0))
BERLIN = "Europe/Berlin"
SIX = (time(6),)


def series(rule: Rule, zone: str = "UTC", first: datetime = datetime(2026, 11, 24, 6), **more: object) -> Series:
    return Series.model_validate({"rule": rule, "zone": zone, "first": Moment(wall=first, zone=zone), **more})


def placed(rule: Rule, server: Server, zone: str = "UTC", **more: object) -> Native | Held:
    return place(series(rule, zone, **more), NOW, server, "UTC")


EXACT = [
    (Rule(freq="daily", times=SIX), "0 6 * * *", "0 6 * * * UTC"),
    (Rule(freq="daily", times=(time(6), time(18))), "0 6,18 * * *", "0 6,18 * * * UTC"),
    (
        Rule(freq="weekly", weekdays=tuple(Weekday(day=d) for d in range(5)), times=SIX),
        "0 6 * * 1-5",
        "0 6 * * 1-5 UTC",
    ),
    (Rule(freq="weekly", weekdays=(Weekday(day=6),), times=(time(3, 30),)), "30 3 * * 0", "30 3 * * 0 UTC"),
    (Rule(freq="weekly", times=SIX), "0 6 * * 2", "0 6 * * 2 UTC"),
    (Rule(freq="monthly", monthdays=(1, 15), times=SIX), "0 6 1,15 * *", "0 6 1,15 * * UTC"),
    (Rule(freq="monthly", times=SIX), "0 6 24 * *", "0 6 24 * * UTC"),
    (Rule(freq="monthly", interval=3, times=SIX), "0 6 24 2,5,8,11 *", "0 6 24 2,5,8,11 * UTC"),
    (Rule(freq="yearly", times=SIX), "0 6 24 11 *", "0 6 24 11 * UTC"),
    (Rule(freq="yearly", months=(12,), monthdays=(24,), times=SIX), "0 6 24 12 *", "0 6 24 12 * UTC"),
    (Rule(freq="hourly", interval=6), "0 */6 * * *", "0 */6 * * * UTC"),
    (Rule(freq="minutely", interval=15), "*/15 * * * *", "*/15 * * * * UTC"),
    (
        Rule(freq="minutely", interval=30, hours=(8, 9, 10)),
        "0,30 8-10 * * *",
        "0,30 8-10 * * * UTC",
    ),
]

FUGIT_ONLY = [
    (Rule(freq="monthly", weekdays=(Weekday(day=1, nth=2),), times=(time(22),)), "0 22 * * 2#2 Europe/Berlin"),
    (Rule(freq="monthly", weekdays=(Weekday(day=6, nth=-1),), times=SIX), "0 6 * * 0#-1 Europe/Berlin"),
    (Rule(freq="monthly", monthdays=(-1,), times=SIX), "0 6 L * * Europe/Berlin"),
    (
        Rule(freq="monthly", weekdays=(Weekday(day=4, nth=1), Weekday(day=4, nth=3)), times=SIX),
        "0 6 * * 5#1,5#3 Europe/Berlin",
    ),
    (
        Rule(freq="monthly", weekdays=(Weekday(day=1),), monthdays=(1, 2, 3, 4, 5, 6, 7), times=SIX),
        "0 6 1-7& * 2 Europe/Berlin",
    ),
    (
        Rule(freq="yearly", months=(11,), weekdays=(Weekday(day=3, nth=4),), times=SIX),
        "0 6 * 11 4#4 Europe/Berlin",
    ),
]

NEITHER = [
    (Rule(freq="daily", interval=3, times=SIX), "every 3 days"),
    (Rule(freq="weekly", interval=2, times=SIX), "every 2 weeks"),
    (Rule(freq="monthly", interval=5, times=SIX), "every 5 months"),
    (Rule(freq="yearly", interval=2, times=SIX), "every 2 years"),
    (Rule(freq="hourly", interval=5), "every 5 hours"),
    (Rule(freq="minutely", interval=17), "every 17 minutes"),
    (Rule(freq="daily", times=(time(18), time(20, 45))), "times of the day"),
    (Rule(freq="monthly", weekdays=(Weekday(day=0), Weekday(day=1)), positions=(-1,), times=SIX), "position"),
    (Rule(freq="yearly", yeardays=(100,), times=SIX), "the year"),
    (Rule(freq="yearly", weeks=(20,), weekdays=(Weekday(day=0),), times=SIX), "week number"),
    (Rule(freq="monthly", monthdays=(-2,), times=SIX), "end of a month"),
    (Rule(freq="monthly", weekdays=(Weekday(day=0, nth=-2),), times=SIX), "these weekdays"),
    (Rule(freq="monthly", weekdays=(Weekday(day=0, nth=1), Weekday(day=1)), times=SIX), "these weekdays"),
    (Rule(freq="yearly", weekdays=(Weekday(day=0, nth=20),), times=SIX), "these weekdays"),
    (Rule(freq="yearly", weekdays=(Weekday(day=0, nth=1),), times=SIX), "not in a year"),
    (Rule(freq="monthly", weekdays=(Weekday(day=1),), monthdays=(1, 15), times=SIX), "combine"),
]


@pytest.mark.parametrize(("rule", "plain", "fugit"), EXACT)
def test_what_every_cron_can_say_is_foremans(rule: Rule, plain: str, fugit: str) -> None:
    for server, line in ((OLD, plain), (NEW, fugit)):
        found = placed(rule, server)
        assert isinstance(found, Native), found
        assert found.line == line


@pytest.mark.parametrize(("rule", "line"), FUGIT_ONLY)
def test_what_only_fugit_can_say_is_foremans_where_it_has_it(rule: Rule, line: str) -> None:
    found = placed(rule, NEW, BERLIN)
    assert isinstance(found, Native), found
    assert found.line == line
    assert isinstance(placed(rule, OLD), Held)


@pytest.mark.parametrize(("rule", "why"), NEITHER)
def test_what_cron_cannot_say_is_held_and_the_reason_is_told(rule: Rule, why: str) -> None:
    found = placed(rule, NEW)
    assert isinstance(found, Held)
    assert why in found.reason


def test_a_line_without_zone_is_used_only_in_the_servers_zone() -> None:
    daily = Rule(freq="daily", times=SIX)
    elsewhere = placed(daily, OLD, BERLIN)
    assert isinstance(elsewhere, Held)
    assert "reads cron lines in UTC, the series is in Europe/Berlin" in elsewhere.reason
    there = place(series(daily, BERLIN), NOW, OLD, BERLIN)
    assert isinstance(there, Native)
    assert "configured as reading it in Europe/Berlin" in there.reason
    assert isinstance(placed(daily, OLD, "Etc/UTC"), Native)


@pytest.mark.parametrize("wall", [time(2, 30), time(2, 0)])
def test_a_time_that_daylight_saving_skips_or_repeats_is_held(wall: time) -> None:
    found = placed(Rule(freq="daily", times=(wall,)), NEW, BERLIN)
    assert isinstance(found, Held)
    assert "exactly the same moments" in found.reason


def test_hourly_runs_are_held_where_the_clocks_change() -> None:
    found = placed(Rule(freq="hourly"), NEW, BERLIN)
    assert isinstance(found, Held)
    assert "clocks in Europe/Berlin change" in found.reason
    assert isinstance(placed(Rule(freq="hourly"), NEW, "Asia/Kolkata"), Native)


def test_foreman_cannot_keep_a_maintenance_window_of_a_series() -> None:
    found = placed(Rule(freq="daily", times=SIX), NEW, window=60)
    assert isinstance(found, Held)
    assert "starting late" in found.reason


def test_a_first_run_that_is_too_close_is_held() -> None:
    close = series(Rule(freq="daily", times=(time(20, 2),)), first=datetime(2026, 11, 23, 20, 2))
    assert isinstance(place(close, NOW, NEW, "UTC"), Held)
    assert isinstance(place(close, NOW - timedelta(minutes=1), NEW, "UTC"), Native)


def test_a_count_and_an_end_become_a_number_of_runs() -> None:
    daily = Rule(freq="daily", times=SIX)
    counted = placed(daily, NEW, count=10)
    assert isinstance(counted, Native)
    assert counted.runs == 10
    ended = placed(daily, NEW, until=Moment(wall=datetime(2026, 11, 30, 6), zone="UTC"))
    assert isinstance(ended, Native)
    assert ended.runs == 7
    endless = placed(daily, NEW)
    assert isinstance(endless, Native)
    assert endless.runs is None


def test_runs_that_have_passed_are_not_counted_again() -> None:
    late = series(Rule(freq="daily", times=SIX), first=datetime(2026, 11, 20, 6), count=10)
    found = place(late, NOW, NEW, "UTC")
    assert isinstance(found, Native)
    assert (found.first, found.runs) == (datetime(2026, 11, 24, 6, tzinfo=UTC), 6)


def test_an_end_that_cannot_be_counted_is_held() -> None:
    far = placed(Rule(freq="daily", times=SIX), NEW, until=Moment(wall=datetime(2028, 6, 1), zone="UTC"))
    assert isinstance(far, Held)
    assert "400 days" in far.reason
    many = placed(Rule(freq="minutely"), NEW, until=Moment(wall=datetime(2027, 6, 1), zone="UTC"))
    assert isinstance(many, Held)
    assert "too many to count" in many.reason


def test_a_series_without_runs_left_is_not_given_to_foreman() -> None:
    over = series(Rule(freq="daily", times=SIX), first=datetime(2026, 11, 20, 6), count=2)
    assert isinstance(place(over, NOW, NEW, "UTC"), Held)


def test_a_server_that_misreads_offsets_is_given_no_start() -> None:
    old = Server(remote_execution=(7, 1), tasks=(10,))
    assert isinstance(placed(Rule(freq="daily", times=SIX), old), Held)


RULES = st.builds(
    Rule,
    freq=st.sampled_from(["yearly", "monthly", "weekly", "daily"]),
    interval=st.sampled_from([1, 1, 1, 2, 3]),
    weekdays=st.lists(
        st.builds(Weekday, day=st.integers(0, 6), nth=st.sampled_from([None, None, 1, 2, -1])), max_size=2, unique=True
    ).map(tuple),
    monthdays=st.one_of(
        st.just(()),
        st.just((-1,)),
        st.lists(st.integers(1, 31), min_size=1, max_size=3, unique=True).map(lambda days: tuple(sorted(days))),
    ),
    months=st.one_of(st.just(()), st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True).map(tuple)),
    times=st.lists(
        st.builds(time, st.sampled_from([0, 2, 6, 23]), st.sampled_from([0, 30])), min_size=1, max_size=3, unique=True
    ).map(tuple),
)
FIRSTS = st.builds(
    lambda day, hour: datetime.combine(date(2026, 11, 24) + timedelta(days=day), time(hour)),
    st.integers(0, 90),
    st.sampled_from([0, 6]),
)


@settings(max_examples=120, deadline=None)
@given(RULES, FIRSTS, st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata"]), st.sampled_from([OLD, NEW]))
def test_foremans_line_gives_our_moments_and_so_says_another_reader(
    rule: Rule, first: datetime, zone: str, server: Server
) -> None:
    wanted = series(rule, zone, first)
    found = place(wanted, NOW, server, zone)
    assume(isinstance(found, Native))
    assert isinstance(found, Native)
    horizon = found.first + timedelta(days=395)
    ours = [m.instant for m in islice(occurrences(wanted), 60) if m.instant <= horizon]
    line = cron.read_fugit(found.line)
    assert list(islice(cron.expand(line, zone, found.first, horizon), 60)) == ours
    plain = " ".join(found.line.split()[:5])
    if not set("#L&") & set(plain):
        theirs = CronSim(plain, (found.first - timedelta(minutes=1)).astimezone(ZoneInfo(zone)))
        assert [next(theirs).astimezone(UTC) for _ in ours] == ours
