"""Freezes: what they touch and what they do."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.requests.freezes.calendars import Calendar
from bot.requests.freezes.load import build_freeze
from bot.requests.freezes.model import (
    Freeze,
    FreezeCause,
    FreezeEffect,
    FreezeHit,
    find_freeze_hits,
    frozen_spans,
    is_whole_day_series,
    refusing_hits,
    start_blocking_hits,
)
from bot.requests.freezes.rules import FreezeRule
from bot.requests.model import RequirementCode
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import headline
from bot.requests.spans import TimeSpan, work_spans
from bot.schedule import Now, Parsed, RecurrenceRule, Schedule, Series, Weekday, Window, ZonedTime
from tests.unit.requests.build import NOW, once, policy, requirement, rule, stage, subject

HOUR = timedelta(hours=1)


def moment(wall: str, zone: str = "UTC") -> ZonedTime:
    return ZonedTime(wall=datetime.fromisoformat(wall), zone=zone)


EVENING = Window(start=moment("2026-03-04 20:00"), end=moment("2026-03-05 06:00"))
FRIDAYS = Series(
    rule=RecurrenceRule(freq="weekly", weekdays=(Weekday(day=4),), times=(time(18),)),
    zone="Europe/Berlin",
    first=moment("2024-01-05 18:00", "Europe/Berlin"),
)
TWO_DAYS = Window(start=moment("2026-03-05 00:00"), end=moment("2026-03-07 00:00"))
DAILY = Series(rule=RecurrenceRule(freq="daily", times=(time(19),)), zone="UTC", first=moment("2026-03-04 19:00"))


def freeze(**values: Any) -> Freeze:
    return Freeze(**({"name": "F", "schedule": EVENING} | values))


def freeze_hits(
    schedule: Schedule, *freezes: Freeze, calendars: dict[str, Calendar] | None = None, **about: Any
) -> tuple[FreezeHit, ...]:
    asked = subject(schedule=schedule, **about)
    return find_freeze_hits(freezes, asked, work_spans(schedule, NOW, HOUR), NOW, calendars)


@pytest.mark.parametrize(
    ("schedule", "is_hit"),
    [
        (Now(), False),
        (once("2026-03-04 18:59"), False),
        (once("2026-03-04 19:00"), False),
        (once("2026-03-04 19:01"), True),
        (once("2026-03-04 20:00"), True),
        (once("2026-03-05 05:59"), True),
        (once("2026-03-05 06:00"), False),
        (once("2026-03-05 06:30", "Europe/Berlin"), True),
        (Window(start=moment("2026-03-04 12:00"), end=moment("2026-03-04 20:00")), False),
        (Window(start=moment("2026-03-04 12:00"), end=moment("2026-03-04 20:01")), True),
        (Window(start=moment("2026-03-04 19:30"), end=moment("2026-03-04 19:45")), True),
    ],
)
def test_moments_and_windows(schedule: Schedule, is_hit: bool) -> None:
    assert bool(freeze_hits(schedule, freeze())) is is_hit


def test_a_hit_tells_the_freeze_and_its_time_in_its_zone() -> None:
    (hit,) = freeze_hits(once(), freeze(zone="Europe/Berlin"))
    assert hit.text == "It falls into the freeze “F”, from Wed 4 Mar 2026 21:00 CET to Thu 5 Mar 2026 07:00 CET."
    assert refusing_hits([hit]) == (hit,)


@pytest.mark.parametrize(
    ("wall", "is_hit"),
    [
        ("2026-03-06 16:59", False),
        ("2026-03-06 17:00", True),
        ("2026-03-07 00:59", True),
        ("2026-03-07 01:00", False),
        ("2026-04-03 16:00", True),
        ("2026-04-03 15:59", False),
    ],
)
def test_a_freeze_that_repeats_keeps_its_wall_clock(wall: str, is_hit: bool) -> None:
    found = find_freeze_hits(
        [freeze(schedule=FRIDAYS, duration_seconds=8 * 3600)], subject(), [TimeSpan(*2 * [moment(wall).instant])], NOW
    )
    assert bool(found) is is_hit


@pytest.mark.parametrize(
    ("when", "autumn_end", "spring_end"),
    [
        ("every friday 18:00 for 60 hours", "2026-10-26 05:00", "2026-03-30 07:00"),
        ("every friday 18:00 to monday 06:00", "2026-10-26 06:00", "2026-03-30 06:00"),
        ("every saturday 22:00 to 06:00", "2026-10-25 06:00", "2026-03-29 06:00"),
        ("every saturday 22:00 for 8 hours", "2026-10-25 05:00", "2026-03-29 07:00"),
    ],
)
def test_lengths_are_real_time_and_ends_are_times_on_the_clock(when: str, autumn_end: str, spring_end: str) -> None:
    built = build_freeze(FreezeRule(name="F", when=when), "Europe/Berlin")
    assert built.schedule is not None
    for first, end in (("2026-10-23", autumn_end), ("2026-03-27", spring_end)):
        begin = moment(f"{first} 12:00", "Europe/Berlin").instant
        spans = frozen_spans(built.schedule, built.duration_seconds, begin, begin + timedelta(days=3))
        assert [span.end for span in spans] == [moment(end, "Europe/Berlin").instant]


def test_a_series_goes_on_around_a_freeze_unless_all_of_it_is_inside() -> None:
    (hit,) = freeze_hits(DAILY, freeze(schedule=TWO_DAYS))
    assert (hit.affected_runs, hit.total_runs, hit.effect) == (2, 100, FreezeEffect.SKIPS_RUNS)
    assert hit.cause is FreezeCause.SCHEDULE
    assert hit.text.startswith("2 of the next 100 runs fall into the freeze “F”, the first from Thu 5 Mar 2026 00:00")
    assert hit.text.endswith("They will be left out.")
    assert refusing_hits([hit]) == ()
    (whole,) = freeze_hits(DAILY, freeze(schedule=DAILY, duration_seconds=3600))
    assert (whole.affected_runs, whole.skips_runs, refusing_hits([whole])) == (100, False, (whole,))


def test_a_series_whose_runs_cannot_be_left_out_is_stopped_by_any_of_them() -> None:
    frozen, asked = freeze(schedule=TWO_DAYS), subject(schedule=DAILY)
    (hit,) = find_freeze_hits([frozen], asked, work_spans(DAILY, NOW, HOUR), NOW, can_skip_runs=False)
    assert (hit.skips_runs, refusing_hits([hit])) == (False, (hit,))
    assert "left out" not in hit.text


@pytest.mark.parametrize(
    ("scope", "about", "is_hit"),
    [
        ({"backend": ("foreman",)}, {}, True),
        ({"backend": ("foreman.lab",)}, {}, False),
        ({"operation": ("foreman.*",)}, {}, True),
        ({"operation": ("immybot.*",)}, {}, False),
        ({"targets": ("WEB-2",)}, {}, True),
        ({"targets": ("db-*",)}, {}, False),
        ({"targets": ("db-*",)}, {"targets": 3}, True),
    ],
)
def test_scope(scope: dict[str, tuple[str, ...]], about: dict[str, Any], is_hit: bool) -> None:
    assert bool(freeze_hits(once(), freeze(**scope), **about)) is is_hit


def test_a_freeze_may_win_over_another() -> None:
    soft = freeze(name="soft", stage=stage("@cab"), wins_over=("F",))
    assert [h.freeze for h in freeze_hits(once(), freeze(), soft)] == ["soft"]
    short = soft.model_copy(
        update={"schedule": Window(start=moment("2026-03-04 22:00"), end=moment("2026-03-04 22:30"))}
    )
    assert [h.freeze for h in freeze_hits(once(), freeze(), short)] == ["F", "soft"]
    elsewhere = soft.model_copy(update={"backend": ("immybot",)})
    assert [h.freeze for h in freeze_hits(once(), freeze(), elsewhere)] == ["F"]


def test_policy_refuses_or_asks_the_freezes_own_approvers() -> None:
    asked, ok = subject(schedule=once()), rule('backend = "foreman"', 'effect = "approve"')
    hard = freeze_hits(once(), freeze())
    soft = freeze_hits(once(), freeze(stage=stage("@cab", quorum=2)))
    assert (hard[0].effect, soft[0].effect) == (FreezeEffect.REFUSES, FreezeEffect.ASKS)
    refused = evaluate(policy(ok), asked, hard)
    assert (refused.effect, headline(refused)) == ("refuse", hard[0].text)
    assert refused.codes == (RequirementCode.FREEZE_REFUSES,)
    own = evaluate(policy(ok), asked, soft)
    assert (headline(own), own.freezes) == ("Needs 2 of @cab because the freeze F.", ("F",))
    assert own.codes == (RequirementCode.APPROVING_RULE_OVERRULED, RequirementCode.FREEZE_ASKS)
    assert soft[0].text in own.reasons
    assert (
        headline(evaluate(policy(""), asked, soft))
        == "Needs 1 of @sre, then 2 of @cab because no rule applies and the freeze F."
    )
    skipped = freeze_hits(DAILY, freeze(schedule=TWO_DAYS))
    around = evaluate(policy(ok), subject(schedule=DAILY), skipped)
    assert (around.effect, around.reasons[-1]) == ("approve", skipped[0].text)
    assert around.codes == (RequirementCode.RULE_APPROVES, RequirementCode.FREEZE_SKIPS_RUNS)


def test_at_the_start_only_an_approved_freeze_is_no_hindrance() -> None:
    (hard,) = freeze_hits(once(), freeze())
    (soft,) = freeze_hits(once(), freeze(stage=stage("@cab")))
    assert start_blocking_hits([hard, soft], requirement()) == (hard, soft)
    assert start_blocking_hits([hard, soft], requirement(freezes=("F",))) == (hard,)
    assert start_blocking_hits([soft], requirement(freezes=("F",))) == ()


def test_freezes_of_the_file_are_ready_to_use() -> None:
    text = """[policy]
approvers = "@sre"
zone = "Europe/Berlin"

[[policy.freezes]]
name = "Year end"
start = 2026-12-20T00:00:00
end = 2027-01-03T06:00:00

[[policy.freezes]]
name = "From the calendar"
calendar = "https://example.org/freezes.ics"
max_age = "2h"
effect = "ask"
approvers = "@cab"
targets = "db-*"
"""
    first, second = policy(text).freezes
    assert first.schedule == Window(
        start=moment("2026-12-20 00:00", "Europe/Berlin"), end=moment("2027-01-03 06:00", "Europe/Berlin")
    )
    assert (first.stage, second.stage) == (None, stage("@cab"))
    assert (second.calendar, second.max_age, second.targets) == ("https://example.org/freezes.ics", 7200, ("db-*",))


def phrase(text: str, **values: Any) -> Freeze:
    return build_freeze(FreezeRule(name="F", when=text, **values), "Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "values", "outside", "inside"),
    [
        ("2026-12-20 22:00 to 2027-01-03 06:00", {}, ["2026-12-20 21:59", "2027-01-03 06:00"], ["2026-12-20 22:00"]),
        ("2026-12-20 to 2027-01-03", {}, ["2026-12-19 23:59", "2027-01-04 00:00"], ["2027-01-03 23:59"]),
        ("24 December 2026", {}, ["2026-12-23 23:59", "2026-12-25 00:00"], ["2026-12-24 00:00", "2026-12-24 23:59"]),
        ("24 December 2026", {"lasts": "36h"}, ["2026-12-25 12:00"], ["2026-12-24 00:00", "2026-12-25 11:59"]),
        ("every friday 18:00 for 8 hours", {}, ["2026-03-06 17:59", "2026-03-07 02:00"], ["2026-03-07 01:59"]),
        ("every friday 18:00", {"lasts": "2d"}, ["2026-03-08 18:00"], ["2026-03-06 18:00", "2026-03-08 17:59"]),
        ("every sunday", {}, ["2026-10-24 23:59", "2026-10-26 00:00"], ["2026-10-25 00:00", "2026-10-25 23:59"]),
        ("every year on 24 December", {}, ["2027-12-25 00:00"], ["2026-12-24 12:00", "2031-12-24 23:59"]),
    ],
)
def test_phrases(text: str, values: dict[str, Any], outside: list[str], inside: list[str]) -> None:
    def is_frozen(wall: str) -> bool:
        at = moment(wall, "Europe/Berlin").instant
        return bool(find_freeze_hits([phrase(text, **values)], subject(), [TimeSpan(at, at)], NOW))

    assert [wall for wall in outside if is_frozen(wall)] == []
    assert [wall for wall in inside if not is_frozen(wall)] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tomorrow", "depends on the day it is read; give dates with the year"),
        ("24 December", "depends on the day it is read"),
        ("saturday 8:00 to 17:00", "depends on the day it is read"),
        ("every 2 weeks on friday at 18:00", "depends on the day it is read"),
        ("every friday 18:00", 'names a moment, not a span; add how long it lasts, such as lasts = "8h"'),
        ("2026-12-24 18:00", "names a moment, not a span"),
        ("now", "is not a time that can be frozen"),
        ("when pigs fly", "is not understood: "),
    ],
)
def test_phrases_that_are_no_freeze(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        phrase(text)


def test_windows_of_a_series_end_at_the_horizon() -> None:
    yearly = Series(rule=RecurrenceRule(freq="yearly", times=(time(9),)), zone="UTC", first=moment("2026-03-10 09:00"))
    assert [s.start for s in work_spans(yearly, NOW, HOUR)] == [
        datetime(2026, 3, 10, 9, tzinfo=UTC),
        datetime(2027, 3, 10, 9, tzinfo=UTC),
    ]
    late = Series(
        rule=RecurrenceRule(freq="daily", times=(time(9),)), zone="UTC", first=moment("2026-03-10 09:00"), window=120
    )
    assert [s.end for s in work_spans(late, NOW, HOUR, max_runs=1)] == [datetime(2026, 3, 10, 11, tzinfo=UTC)]


def test_a_series_is_not_skipped_by_a_freeze_that_asks() -> None:
    (hit,) = freeze_hits(DAILY, freeze(schedule=TWO_DAYS, stage=stage("@cab")))
    assert (hit.effect, hit.skips_runs) == (FreezeEffect.ASKS, False)
    assert hit.text.endswith("That needs 1 of @cab.")
    (single,) = freeze_hits(once(), freeze())
    assert (single.effect, single.affected_runs, single.total_runs) == (FreezeEffect.REFUSES, 1, 1)


def test_of_two_runs_both_are_told() -> None:
    twice = DAILY.model_copy(update={"count": 2})
    (hit,) = freeze_hits(twice, freeze(schedule=TWO_DAYS))
    assert hit.text.startswith("1 of the next 2 runs fall into the freeze “F”")


def test_no_runs_touch_no_freeze() -> None:
    assert find_freeze_hits([freeze()], subject(), [], NOW) == ()


def test_the_first_span_that_is_touched_is_told() -> None:
    wednesdays = RecurrenceRule(freq="daily", times=(time(9), time(21)))
    series = Series(rule=wednesdays, zone="UTC", first=moment("2026-03-04 21:00"))
    (hit,) = freeze_hits(once("2026-03-05 09:30"), freeze(schedule=series, duration_seconds=3600))
    assert (hit.start, hit.end) == (moment("2026-03-05 09:00").instant, moment("2026-03-05 10:00").instant)


@pytest.mark.parametrize(
    ("series", "is_whole_day"),
    [
        (Series(rule=RecurrenceRule(freq="weekly"), zone="UTC", first=moment("2026-03-04 00:00")), True),
        (DAILY, False),
        (Series(rule=RecurrenceRule(freq="hourly"), zone="UTC", first=moment("2026-03-04 00:00")), False),
        (Series(rule=RecurrenceRule(freq="minutely"), zone="UTC", first=moment("2026-03-04 00:00")), False),
        (Series(rule=RecurrenceRule(freq="weekly"), zone="UTC", first=moment("2026-03-04 00:00"), window=60), False),
    ],
)
def test_which_series_freeze_whole_days(series: Series, is_whole_day: bool) -> None:
    assert is_whole_day_series(series) is is_whole_day


@pytest.mark.parametrize(
    ("schedule", "seconds", "minutes"),
    [
        (once("2026-03-04 19:00"), None, 0),
        (once("2026-03-04 19:00"), 60, 1),
        (DAILY, None, 0),
        (DAILY, 120, 2),
        (DAILY.model_copy(update={"window": 30}), None, 30),
        (Window(start=moment("2026-03-04 19:00"), end=moment("2026-03-04 19:05")), None, 5),
    ],
)
def test_how_long_a_freeze_holds(schedule: Schedule, seconds: int | None, minutes: int) -> None:
    start = moment("2026-03-04 19:00").instant
    assert frozen_spans(schedule, seconds, start, start + HOUR) == [(start, start + timedelta(minutes=minutes))]


def test_a_span_of_a_series_that_began_long_before_still_holds() -> None:
    at = moment("2026-03-07 10:00").instant
    assert frozen_spans(FRIDAYS, 2 * 86400, at, at) == [
        (moment("2026-03-06 17:00").instant, moment("2026-03-08 17:00").instant)
    ]
    overnight = FRIDAYS.model_copy(update={"window": 3 * 24 * 60})
    assert len(frozen_spans(overnight, None, moment("2026-03-09 10:00").instant, at + 3 * 24 * HOUR)) == 1
    sundays = phrase("every sunday").schedule
    assert sundays is not None
    last = moment("2026-10-25 23:59", "Europe/Berlin").instant
    assert [s.end - s.start for s in frozen_spans(sundays, None, last, last)] == [25 * HOUR]


def test_a_phrase_for_whole_days_may_have_a_length_of_its_own() -> None:
    found = phrase("every sunday", lasts="2h")
    assert found.duration_seconds == 7200
    assert phrase("every sunday").duration_seconds is None
    assert phrase("every friday 18:00 for 8 hours", lasts="2h").duration_seconds == 7200


OTHER_DAY = DAILY.model_copy(update={"rule": RecurrenceRule(freq="daily", times=(time(20),))})
EVERY_OTHER = RecurrenceRule(freq="daily", interval=2, times=(time(19),))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (DAILY, DAILY, True),
        (DAILY, DAILY.model_copy(update={"first": moment("2026-03-05 19:00")}), True),
        (DAILY, OTHER_DAY, False),
        (DAILY, DAILY.model_copy(update={"until": moment("2026-04-05 19:00")}), False),
        (DAILY, once(), False),
        (once(), DAILY, False),
        (
            DAILY.model_copy(update={"rule": EVERY_OTHER, "starting": moment("2026-03-04 19:00")}),
            DAILY.model_copy(update={"rule": EVERY_OTHER, "starting": moment("2026-03-04 19:00")}),
            True,
        ),
        (
            DAILY.model_copy(update={"rule": EVERY_OTHER, "starting": moment("2026-03-04 19:00")}),
            DAILY.model_copy(update={"rule": EVERY_OTHER, "starting": moment("2026-03-05 19:00")}),
            False,
        ),
    ],
)
def test_a_phrase_must_mean_the_same_on_every_day(first: Schedule, second: Schedule, same: bool) -> None:
    readings = iter([Parsed(schedule=first, phrase="x"), Parsed(schedule=second, phrase="x")])

    def read_in_turn(phrase: str, *, now: datetime, zone: str) -> Parsed:
        return next(readings)

    def built() -> Freeze:
        return build_freeze(FreezeRule(name="F", when="x", lasts="1h"), "UTC", read_in_turn)

    if same:
        assert built().schedule == first
    else:
        with pytest.raises(ValueError, match="depends on the day it is read"):
            built()


def test_a_phrase_is_read_as_if_said_on_the_first_day_of_2024() -> None:
    mondays = phrase("every monday 08:00 for 1 hour").schedule
    assert isinstance(mondays, Series)
    assert mondays.first == moment("2024-01-01 08:00", "Europe/Berlin")
