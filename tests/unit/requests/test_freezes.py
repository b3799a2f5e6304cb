"""Freezes: what they touch, what they do, and what happens when their calendar cannot be read."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.errors import ConfigError
from bot.requests.freezes.calendars import Calendar, parse_calendar
from bot.requests.freezes.load import build_freeze
from bot.requests.freezes.model import (
    Freeze,
    FreezeCause,
    FreezeEffect,
    FreezeHit,
    find_freeze_hits,
    refusing_hits,
    start_blocking_hits,
)
from bot.requests.freezes.rules import FreezeRule
from bot.requests.model import RequirementCode
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import headline
from bot.requests.spans import TimeSpan, work_spans
from bot.schedule import Now, RecurrenceRule, Schedule, Series, Weekday, Window, ZonedTime
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
        == "Needs 1 of @sre, then 2 of @cab because no rule covers it and the freeze F."
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


EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
SUMMARY:{summary}
{when}
END:VEVENT
END:VCALENDAR
"""


def calendar(when: str, summary: str = "Release freeze", age: timedelta = timedelta(0)) -> dict[str, Calendar]:
    text = EVENT.format(summary=summary, when=when)
    return {"cal.ics": parse_calendar(text, "cal.ics", NOW - age)}


@pytest.mark.parametrize(
    ("when", "wall", "is_hit"),
    [
        ("DTSTART:20260304T220000Z\nDTEND:20260304T230000Z", "2026-03-04 22:30", True),
        ("DTSTART:20260304T220000Z\nDURATION:PT1H", "2026-03-04 23:00", False),
        ("DTSTART:20260304T220000\nDTEND:20260304T230000", "2026-03-04 21:30", True),
        ("DTSTART:20260304T220000\nDTEND:20260304T230000", "2026-03-04 22:30", False),
        ("DTSTART;TZID=America/New_York:20260304T220000\nDURATION:PT1H", "2026-03-05 03:30", True),
        ("DTSTART;VALUE=DATE:20260304", "2026-03-04 22:30", True),
        ("DTSTART;VALUE=DATE:20260304", "2026-03-04 23:00", False),
        ("DTSTART;VALUE=DATE:20260301\nDTEND;VALUE=DATE:20260310", "2026-03-09 22:59", True),
        ("DTSTART:20260102T210000Z\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;BYDAY=FR", "2026-03-06 22:00", True),
        ("DTSTART:20260102T210000Z\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;BYDAY=FR", "2026-03-05 22:00", False),
        (
            "DTSTART:20260102T210000Z\nDURATION:PT2H\nRRULE:FREQ=WEEKLY\nEXDATE:20260306T210000Z",
            "2026-03-06 22:00",
            False,
        ),
        ("DTSTART:20260304T220000Z\nDURATION:PT1H\nSTATUS:CANCELLED", "2026-03-04 22:30", False),
    ],
)
def test_a_calendar(when: str, wall: str, is_hit: bool) -> None:
    frozen = freeze(schedule=None, calendar="cal.ics", zone="Europe/Berlin")
    found = find_freeze_hits([frozen], subject(), [TimeSpan(*2 * [moment(wall).instant])], NOW, calendar(when))
    assert bool(found) is is_hit
    assert all("(Release freeze)" in hit.text for hit in found)


def test_only_events_with_the_right_title_freeze() -> None:
    frozen = freeze(schedule=None, calendar="cal.ics", events=("*freeze*",))
    when = "DTSTART:20260304T220000Z\nDURATION:PT1H"
    assert freeze_hits(once(), frozen, calendars=calendar(when))
    assert not freeze_hits(once(), frozen, calendars=calendar(when, "Lunch"))


def test_an_old_copy_serves_and_its_age_is_told_until_it_is_too_old() -> None:
    frozen = freeze(schedule=None, calendar="cal.ics", max_age=24 * 3600)
    inside = "DTSTART:20260304T220000Z\nDURATION:PT1H"
    outside = "DTSTART:20260304T010000Z\nDURATION:PT1H"
    (fresh,) = freeze_hits(once(), frozen, calendars=calendar(inside, age=timedelta(minutes=10)))
    assert "last read" not in fresh.text
    assert (fresh.cause, fresh.title) == (FreezeCause.EVENT, "Release freeze")
    (older,) = freeze_hits(once(), frozen, calendars=calendar(inside, age=timedelta(hours=5)))
    assert older.text.endswith("Its calendar was last read 5 hours ago.")
    assert not freeze_hits(once(), frozen, calendars=calendar(outside, age=timedelta(hours=24)))
    (stale,) = freeze_hits(once(), frozen, calendars=calendar(outside, age=timedelta(hours=30)))
    frozen_now = "until it answers, everything counts as frozen."
    assert stale.text == f"The calendar of the freeze “F” was last read 1 day 6 hours ago; {frozen_now}"
    (never,) = freeze_hits(once(), frozen)
    assert f"was never read; {frozen_now}" in never.text
    assert (stale.cause, never.cause) == (FreezeCause.STALE_CALENDAR, FreezeCause.UNREAD_CALENDAR)
    assert refusing_hits([stale, never]) == (stale, never)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<html>", "cal.ics:1: this is not a calendar"),
        ("", "cal.ics:1: this is not a calendar"),
        (
            EVENT.format(summary="x", when="DTSTART:20260304T220000Z\nDURATION:PT1H\nnonsense"),
            'cal.ics:10: "nonsense" is not a line of a calendar',
        ),
        (EVENT.format(summary="x", when="DTSTART:2026abcd"), 'cal.ics:4: the event "x" has faults (DTSTART:'),
        (
            EVENT.format(summary="x", when="DTSTART:20260304T220000Z\nRRULE:FREQ=OFTEN"),
            'cal.ics:4: the event "x" has faults (RRULE:',
        ),
        (EVENT.format(summary="x", when="DURATION:PT1H"), 'cal.ics:4: the event "x" cannot be expanded'),
        (
            EVENT.format(summary="x", when="DTSTART:20260304T220000Z\nDTEND:20260303T220000Z"),
            'cal.ics:4: the event "x" cannot be expanded',
        ),
        (
            EVENT.format(summary="x", when="DTSTART:20260304T220000Z").replace("END:VCALENDAR\n", ""),
            "cal.ics:9: the calendar ends too early or twice",
        ),
    ],
)
def test_a_broken_calendar_is_named_with_its_line(text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_calendar(text, "cal.ics", NOW)
    (found,) = caught.value.problems
    assert found.startswith(fault)


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
