"""Who holds a series: Foreman only where its cron line means exactly the same moments."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.backends.foreman import cron
from bot.backends.foreman.placement import ScheduledInForeman, ScheduledInNightshift, choose_scheduler
from bot.backends.foreman.server import ForemanServer
from bot.schedule import RecurrenceRule, Series, Weekday, ZonedTime, occurrences

NOW = datetime(2026, 11, 23, 20, 0, 30, tzinfo=UTC)
OLD, NEW = ForemanServer(), ForemanServer(tasks=(10, 0))
BERLIN = "Europe/Berlin"
AT_SIX = (time(6),)


def series(
    rule: RecurrenceRule, zone: str = "UTC", first: datetime = datetime(2026, 11, 24, 6), **more: object
) -> Series:
    return Series.model_validate({"rule": rule, "zone": zone, "first": ZonedTime(wall=first, zone=zone), **more})


def place_rule(
    rule: RecurrenceRule, server: ForemanServer, zone: str = "UTC", **more: object
) -> ScheduledInForeman | ScheduledInNightshift:
    return choose_scheduler(series(rule, zone, **more), NOW, server, "UTC")


EXACT = [
    (RecurrenceRule(freq="daily", times=AT_SIX), "0 6 * * *", "0 6 * * * UTC"),
    (RecurrenceRule(freq="daily", times=(time(6), time(18))), "0 6,18 * * *", "0 6,18 * * * UTC"),
    (
        RecurrenceRule(freq="weekly", weekdays=tuple(Weekday(day=d) for d in range(5)), times=AT_SIX),
        "0 6 * * 1-5",
        "0 6 * * 1-5 UTC",
    ),
    (RecurrenceRule(freq="weekly", weekdays=(Weekday(day=6),), times=(time(3, 30),)), "30 3 * * 0", "30 3 * * 0 UTC"),
    (RecurrenceRule(freq="weekly", times=AT_SIX), "0 6 * * 2", "0 6 * * 2 UTC"),
    (RecurrenceRule(freq="monthly", monthdays=(1, 15), times=AT_SIX), "0 6 1,15 * *", "0 6 1,15 * * UTC"),
    (RecurrenceRule(freq="monthly", times=AT_SIX), "0 6 24 * *", "0 6 24 * * UTC"),
    (RecurrenceRule(freq="monthly", interval=3, times=AT_SIX), "0 6 24 2,5,8,11 *", "0 6 24 2,5,8,11 * UTC"),
    (RecurrenceRule(freq="yearly", times=AT_SIX), "0 6 24 11 *", "0 6 24 11 * UTC"),
    (RecurrenceRule(freq="yearly", months=(12,), monthdays=(24,), times=AT_SIX), "0 6 24 12 *", "0 6 24 12 * UTC"),
    (RecurrenceRule(freq="hourly", interval=6), "0 */6 * * *", "0 */6 * * * UTC"),
    (RecurrenceRule(freq="minutely", interval=15), "*/15 * * * *", "*/15 * * * * UTC"),
    (
        RecurrenceRule(freq="minutely", interval=30, hours=(8, 9, 10)),
        "0,30 8-10 * * *",
        "0,30 8-10 * * * UTC",
    ),
]

FUGIT_ONLY = [
    (
        RecurrenceRule(freq="monthly", weekdays=(Weekday(day=1, nth=2),), times=(time(22),)),
        "0 22 * * 2#2 Europe/Berlin",
    ),
    (RecurrenceRule(freq="monthly", weekdays=(Weekday(day=6, nth=-1),), times=AT_SIX), "0 6 * * 0#-1 Europe/Berlin"),
    (RecurrenceRule(freq="monthly", monthdays=(-1,), times=AT_SIX), "0 6 L * * Europe/Berlin"),
    (
        RecurrenceRule(freq="monthly", weekdays=(Weekday(day=4, nth=1), Weekday(day=4, nth=3)), times=AT_SIX),
        "0 6 * * 5#1,5#3 Europe/Berlin",
    ),
    (
        RecurrenceRule(freq="monthly", weekdays=(Weekday(day=1),), monthdays=(1, 2, 3, 4, 5, 6, 7), times=AT_SIX),
        "0 6 1-7& * 2 Europe/Berlin",
    ),
    (
        RecurrenceRule(freq="yearly", months=(11,), weekdays=(Weekday(day=3, nth=4),), times=AT_SIX),
        "0 6 * 11 4#4 Europe/Berlin",
    ),
]

NOT_REPRESENTABLE = [
    (RecurrenceRule(freq="daily", interval=3, times=AT_SIX), "every 3 days"),
    (RecurrenceRule(freq="weekly", interval=2, times=AT_SIX), "every 2 weeks"),
    (RecurrenceRule(freq="monthly", interval=5, times=AT_SIX), "every 5 months"),
    (RecurrenceRule(freq="yearly", interval=2, times=AT_SIX), "every 2 years"),
    (RecurrenceRule(freq="hourly", interval=5), "every 5 hours"),
    (RecurrenceRule(freq="minutely", interval=17), "every 17 minutes"),
    (RecurrenceRule(freq="daily", times=(time(18), time(20, 45))), "times of the day"),
    (
        RecurrenceRule(freq="monthly", weekdays=(Weekday(day=0), Weekday(day=1)), positions=(-1,), times=AT_SIX),
        "position",
    ),
    (RecurrenceRule(freq="yearly", yeardays=(100,), times=AT_SIX), "the year"),
    (RecurrenceRule(freq="yearly", weeks=(20,), weekdays=(Weekday(day=0),), times=AT_SIX), "week number"),
    (RecurrenceRule(freq="monthly", monthdays=(-2,), times=AT_SIX), "end of a month"),
    (RecurrenceRule(freq="monthly", weekdays=(Weekday(day=0, nth=-2),), times=AT_SIX), "these weekdays"),
    (RecurrenceRule(freq="monthly", weekdays=(Weekday(day=0, nth=1), Weekday(day=1)), times=AT_SIX), "these weekdays"),
    (RecurrenceRule(freq="yearly", weekdays=(Weekday(day=0, nth=20),), times=AT_SIX), "these weekdays"),
    (RecurrenceRule(freq="yearly", weekdays=(Weekday(day=0, nth=1),), times=AT_SIX), "not in a year"),
    (RecurrenceRule(freq="monthly", weekdays=(Weekday(day=1),), monthdays=(1, 15), times=AT_SIX), "combine"),
]


@pytest.mark.parametrize(("rule", "plain", "fugit"), EXACT)
def test_what_every_cron_can_say_is_foremans(rule: RecurrenceRule, plain: str, fugit: str) -> None:
    for server, line in ((OLD, plain), (NEW, fugit)):
        found = place_rule(rule, server)
        assert isinstance(found, ScheduledInForeman), found
        assert found.cron_line == line


def is_unproven(line: str) -> bool:
    return "&" in line or line.count("#") > 1


@pytest.mark.parametrize(("rule", "line"), [pair for pair in FUGIT_ONLY if not is_unproven(pair[1])])
def test_what_only_fugit_can_say_is_foremans_where_it_has_it(rule: RecurrenceRule, line: str) -> None:
    found = place_rule(rule, NEW, "UTC")
    assert isinstance(found, ScheduledInForeman), found
    assert found.cron_line == line.replace(BERLIN, "UTC")
    assert isinstance(place_rule(rule, OLD), ScheduledInNightshift)


@pytest.mark.parametrize(("rule", "line"), FUGIT_ONLY)
def test_lines_that_fugit_is_not_proven_to_run_at_the_same_moments_are_held(rule: RecurrenceRule, line: str) -> None:
    found = place_rule(rule, NEW, BERLIN)
    assert isinstance(found, ScheduledInNightshift)
    assert "Fugit is not proven to run" in found.reason
    assert isinstance(place_rule(rule, NEW, "UTC"), ScheduledInNightshift) is is_unproven(line)


def test_a_time_of_day_that_a_later_clock_change_repeats_is_held() -> None:
    rule = RecurrenceRule(freq="monthly", monthdays=(29,), times=(time(2, 30),))
    found = place_rule(rule, NEW, BERLIN)
    assert isinstance(found, ScheduledInNightshift)
    assert "skips or repeats its time of day" in found.reason


@pytest.mark.parametrize(("zone", "is_held"), [("Africa/Cairo", True), ("America/Santiago", True), (BERLIN, False)])
def test_weekdays_are_held_where_the_clocks_jump_over_midnight(zone: str, is_held: bool) -> None:
    weekly = RecurrenceRule(freq="weekly", weekdays=(Weekday(day=4),), times=AT_SIX)
    assert isinstance(place_rule(weekly, NEW, zone), ScheduledInNightshift) is is_held
    daily = RecurrenceRule(freq="daily", times=AT_SIX)
    assert isinstance(place_rule(daily, NEW, zone), ScheduledInForeman)


@pytest.mark.parametrize(("rule", "why"), NOT_REPRESENTABLE)
def test_what_cron_cannot_say_is_held_and_the_reason_is_told(rule: RecurrenceRule, why: str) -> None:
    found = place_rule(rule, NEW)
    assert isinstance(found, ScheduledInNightshift)
    assert why in found.reason


def test_a_line_without_zone_is_used_only_in_the_servers_zone() -> None:
    daily = RecurrenceRule(freq="daily", times=AT_SIX)
    elsewhere = place_rule(daily, OLD, BERLIN)
    assert isinstance(elsewhere, ScheduledInNightshift)
    assert "reads cron lines in UTC, the series is in Europe/Berlin" in elsewhere.reason
    there = choose_scheduler(series(daily, BERLIN), NOW, OLD, BERLIN)
    assert isinstance(there, ScheduledInForeman)
    assert "configured as reading it in Europe/Berlin" in there.reason
    assert isinstance(place_rule(daily, OLD, "Etc/UTC"), ScheduledInForeman)


@pytest.mark.parametrize("wall", [time(2, 30), time(2, 0)])
def test_a_time_that_daylight_saving_skips_or_repeats_is_held(wall: time) -> None:
    found = place_rule(RecurrenceRule(freq="daily", times=(wall,)), NEW, BERLIN)
    assert isinstance(found, ScheduledInNightshift)
    assert "exactly the same moments" in found.reason


def test_hourly_runs_are_held_where_the_clocks_change() -> None:
    found = place_rule(RecurrenceRule(freq="hourly"), NEW, BERLIN)
    assert isinstance(found, ScheduledInNightshift)
    assert "clocks in Europe/Berlin change" in found.reason
    assert isinstance(place_rule(RecurrenceRule(freq="hourly"), NEW, "Asia/Kolkata"), ScheduledInForeman)


def test_foreman_cannot_keep_a_maintenance_window_of_a_series() -> None:
    found = place_rule(RecurrenceRule(freq="daily", times=AT_SIX), NEW, window=60)
    assert isinstance(found, ScheduledInNightshift)
    assert "starting late" in found.reason


def test_a_first_run_that_is_too_close_is_held() -> None:
    close = series(RecurrenceRule(freq="daily", times=(time(20, 2),)), first=datetime(2026, 11, 23, 20, 2))
    assert isinstance(choose_scheduler(close, NOW, NEW, "UTC"), ScheduledInNightshift)
    assert isinstance(choose_scheduler(close, NOW - timedelta(minutes=1), NEW, "UTC"), ScheduledInForeman)


def test_a_count_and_an_end_become_a_number_of_runs() -> None:
    daily = RecurrenceRule(freq="daily", times=AT_SIX)
    counted = place_rule(daily, NEW, count=10)
    assert isinstance(counted, ScheduledInForeman)
    assert counted.max_runs == 10
    ended = place_rule(daily, NEW, until=ZonedTime(wall=datetime(2026, 11, 30, 6), zone="UTC"))
    assert isinstance(ended, ScheduledInForeman)
    assert ended.max_runs == 7
    endless = place_rule(daily, NEW)
    assert isinstance(endless, ScheduledInForeman)
    assert endless.max_runs is None


def test_runs_that_have_passed_are_not_counted_again() -> None:
    late = series(RecurrenceRule(freq="daily", times=AT_SIX), first=datetime(2026, 11, 20, 6), count=10)
    found = choose_scheduler(late, NOW, NEW, "UTC")
    assert isinstance(found, ScheduledInForeman)
    assert (found.first_run, found.max_runs) == (datetime(2026, 11, 24, 6, tzinfo=UTC), 6)


def test_an_end_that_cannot_be_counted_is_held() -> None:
    far = place_rule(
        RecurrenceRule(freq="daily", times=AT_SIX), NEW, until=ZonedTime(wall=datetime(2028, 6, 1), zone="UTC")
    )
    assert isinstance(far, ScheduledInNightshift)
    assert "400 days" in far.reason
    many = place_rule(RecurrenceRule(freq="minutely"), NEW, until=ZonedTime(wall=datetime(2027, 6, 1), zone="UTC"))
    assert isinstance(many, ScheduledInNightshift)
    assert "too many to count" in many.reason


def test_a_series_without_runs_left_is_not_given_to_foreman() -> None:
    over = series(RecurrenceRule(freq="daily", times=AT_SIX), first=datetime(2026, 11, 20, 6), count=2)
    assert isinstance(choose_scheduler(over, NOW, NEW, "UTC"), ScheduledInNightshift)


def test_a_server_that_misreads_offsets_is_given_no_start() -> None:
    old = ForemanServer(remote_execution=(7, 1), tasks=(10,))
    assert isinstance(place_rule(RecurrenceRule(freq="daily", times=AT_SIX), old), ScheduledInNightshift)


RULES = st.builds(
    RecurrenceRule,
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
FIRST_RUNS = st.builds(
    lambda day, hour: datetime.combine(date(2026, 11, 24) + timedelta(days=day), time(hour)),
    st.integers(0, 90),
    st.sampled_from([0, 6]),
)


@settings(max_examples=120, deadline=None)
@given(
    RULES, FIRST_RUNS, st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata"]), st.sampled_from([OLD, NEW])
)
def test_foremans_line_gives_our_moments_and_so_says_another_reader(
    rule: RecurrenceRule, first: datetime, zone: str, server: ForemanServer
) -> None:
    wanted = series(rule, zone, first)
    # Midnight in India is over when it is evening in UTC.
    assume(wanted.first.instant > NOW)
    found = choose_scheduler(wanted, NOW, server, zone)
    assume(isinstance(found, ScheduledInForeman))
    assert isinstance(found, ScheduledInForeman)
    horizon = found.first_run + timedelta(days=395)
    ours = [m.instant for m in islice(occurrences(wanted), 60) if m.instant <= horizon]
    line = cron.parse_fugit(found.cron_line)
    assert list(islice(cron.expand(line, zone, found.first_run, horizon), 60)) == ours
    plain = " ".join(found.cron_line.split()[:5])
    if not set("#L&") & set(plain):
        theirs = CronSim(plain, (found.first_run - timedelta(minutes=1)).astimezone(ZoneInfo(zone)))
        assert [next(theirs).astimezone(UTC) for _ in ours] == ours
