"""Approve-by, reminders, late and hurried approvals, renewal."""

from datetime import datetime, timedelta

import pytest

from bot.requests.approval.deadlines import (
    LatenessCode,
    assess_lateness,
    escalates_at,
    expires_at,
    next_reminder_at,
    renewal_reason,
    short_notice_warning,
)
from bot.requests.durations import format_duration, parse_duration
from bot.schedule import Now, Once, RecurrenceRule, Schedule, Series, Window, ZonedTime, start_of
from tests.unit.requests.build import NOW, once, pending_request, requirement, stage

HOUR = timedelta(hours=1)
WINDOW = Window(start=once("2026-03-04 22:00").start, end=once("2026-03-05 02:00").start)
UNTIL_23 = Once(start=once("2026-03-04 22:00").start, latest_start=once("2026-03-04 23:00").start)
TWICE = Series(rule=RecurrenceRule(freq="daily"), zone="UTC", first=once("2026-03-04 22:00").start, count=2)


DAILY = TWICE.model_copy(update={"count": None})


def at(wall: str) -> datetime:
    return once(wall).start.instant


def test_an_approval_expires_some_time_after_the_asking() -> None:
    what = requirement(expires_after=3600)
    assert expires_at(what, NOW, Now()) == NOW + HOUR
    assert expires_at(what, NOW, once("2026-03-04 12:30")) == NOW + HOUR


def test_where_late_ones_are_dropped_it_expires_at_the_start_at_the_latest() -> None:
    drop = requirement(expires_after=86400, late="drop")
    latest = Once(start=once("2026-03-04 22:00").start, latest_start=once("2026-03-04 23:00").start)
    assert expires_at(drop, NOW, once("2026-03-04 22:00")) == at("2026-03-04 22:00")
    assert expires_at(drop, NOW, latest) == at("2026-03-04 23:00")
    assert expires_at(drop, NOW, WINDOW) == at("2026-03-05 02:00")
    assert expires_at(drop, NOW, TWICE) == NOW + 24 * HOUR
    assert expires_at(drop, NOW, Now()) == NOW + 24 * HOUR


def test_reminders_and_the_second_group_have_their_times() -> None:
    what = requirement(reminders=(1800, 7200), escalate_after=3600, escalate_to=stage("@leads"))
    times = [next_reminder_at(what, NOW, NOW + timedelta(minutes=m)) for m in (0, 29, 30, 59, 60, 119, 120)]
    assert times == [NOW + HOUR / 2] * 2 + [NOW + HOUR] * 2 + [NOW + 2 * HOUR] * 2 + [None]
    assert next_reminder_at(requirement(), NOW, NOW) is None
    assert next_reminder_at(requirement(effect="approve", reminders=(1800,)), NOW, NOW) is None


def test_escalation_has_its_time() -> None:
    assert escalates_at(requirement(), NOW) is None
    assert escalates_at(requirement(escalate_after=3600), NOW) is None
    assert escalates_at(requirement(escalate_to=stage("@leads")), NOW) is None
    assert escalates_at(requirement(escalate_after=3600, escalate_to=stage("@leads")), NOW) == NOW + HOUR


@pytest.mark.parametrize(
    ("schedule", "wall", "code", "options"),
    [
        (Now(), "2026-03-04 22:30", LatenessCode.IN_TIME, []),
        (once(), "2026-03-04 22:00", LatenessCode.IN_TIME, []),
        (once(), "2026-03-04 22:01", LatenessCode.START_PASSED, ["now", "next", "drop"]),
        (UNTIL_23, "2026-03-04 23:00", LatenessCode.IN_TIME, []),
        (UNTIL_23, "2026-03-04 23:01", LatenessCode.LATEST_START_PASSED, ["next", "drop"]),
        (WINDOW, "2026-03-04 23:30", LatenessCode.IN_TIME, []),
        (WINDOW, "2026-03-05 02:00", LatenessCode.IN_TIME, []),
        (WINDOW, "2026-03-05 02:01", LatenessCode.LATEST_START_PASSED, ["next", "drop"]),
        (TWICE, "2026-03-04 22:00", LatenessCode.IN_TIME, []),
        (TWICE, "2026-03-04 22:30", LatenessCode.RUNS_SKIPPED, []),
        (TWICE, "2026-03-05 22:30", LatenessCode.SERIES_OVER, ["drop"]),
    ],
)
def test_an_approval_after_the_start_asks(
    schedule: Schedule, wall: str, code: LatenessCode, options: list[str]
) -> None:
    lateness = assess_lateness(pending_request(schedule), at(wall))
    assert (lateness.code, [option.choice for option in lateness.options]) == (code, options)
    assert lateness.late is bool(options)
    assert lateness.policy_choice == ("drop" if options == ["drop"] else None)


@pytest.mark.parametrize(
    ("schedule", "wall", "text"),
    [
        (once(), "2026-03-04 22:00", ""),
        (once(), "2026-03-04 22:01", "The start, Wed 4 Mar 2026 22:00 UTC, has passed."),
        (UNTIL_23, "2026-03-04 23:01", "The latest start, Wed 4 Mar 2026 23:00 UTC, has passed."),
        (TWICE, "2026-03-04 22:00", ""),
        (TWICE, "2026-03-04 22:30", "Earlier runs are left out; the next is Thu 5 Mar 2026 22:00 UTC."),
        (DAILY, "2026-03-04 22:30", "Earlier runs are left out; the next is Thu 5 Mar 2026 22:00 UTC."),
        (TWICE, "2026-03-05 22:30", "No run of the series is left."),
    ],
)
def test_lateness_is_told_in_a_sentence(schedule: Schedule, wall: str, text: str) -> None:
    assert assess_lateness(pending_request(schedule), at(wall)).text == text


def test_late_options_are_told_in_words_with_their_schedules() -> None:
    found = assess_lateness(pending_request(once("2026-03-04 22:00", "Europe/Berlin")), at("2026-03-04 22:01"))
    now, following, drop = found.options
    assert found.text == "The start, Wed 4 Mar 2026 22:00 CET, has passed."
    assert (now.label, now.schedule) == ("Run it now", Now())
    assert (following.label, following.schedule) == (
        "Run it Thu 5 Mar 2026 22:00 CET",
        once("2026-03-05 22:00", "Europe/Berlin"),
    )
    assert drop.schedule is None


def test_the_next_slot_is_always_ahead() -> None:
    (_, following, _) = assess_lateness(pending_request(once("2026-03-04 08:00")), at("2026-03-09 09:00")).options
    assert following.schedule == once("2026-03-10 08:00")
    (_, exactly, _) = assess_lateness(pending_request(once("2026-03-04 08:00")), at("2026-03-05 08:00")).options
    assert exactly.schedule == once("2026-03-06 08:00")
    (_, tomorrow, _) = assess_lateness(pending_request(once("2026-03-04 08:00")), at("2026-03-05 07:59")).options
    assert tomorrow.schedule == once("2026-03-05 08:00")
    (moved, _) = assess_lateness(pending_request(UNTIL_23), at("2026-03-04 23:01")).options
    assert moved.schedule == Once(start=once("2026-03-05 22:00").start, latest_start=once("2026-03-05 23:00").start)
    (following, _) = assess_lateness(pending_request(WINDOW), at("2026-03-05 03:00")).options
    assert following.schedule == Window(start=once("2026-03-05 22:00").start, end=once("2026-03-06 02:00").start)
    (_, gap, _) = assess_lateness(
        pending_request(once("2026-03-28 02:30", "Europe/Berlin")), at("2026-03-28 03:00")
    ).options
    assert gap.schedule is not None
    assert start_of(gap.schedule) == ZonedTime(wall=datetime(2026, 3, 29, 3), zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("policy", "schedule", "wall", "settled"),
    [
        ("now", once(), "2026-03-04 22:01", "now"),
        ("next", once(), "2026-03-04 22:01", "next"),
        ("drop", once(), "2026-03-04 22:01", "drop"),
        ("now", WINDOW, "2026-03-05 02:01", None),
        ("now", once(), "2026-03-04 21:59", None),
    ],
)
def test_policy_may_settle_what_happens_late(policy: str, schedule: Schedule, wall: str, settled: str | None) -> None:
    assert assess_lateness(pending_request(schedule, policy), at(wall)).policy_choice == settled


@pytest.mark.parametrize(
    ("schedule", "wall", "text"),
    [
        (once(), "2026-03-04 21:44", ""),
        (once(), "2026-03-04 21:45", ""),
        (once(), "2026-03-04 21:46", "It starts in 14 minutes, so an approval now leaves little time to stop it."),
        (once(), "2026-03-04 22:00", "It starts in 0 seconds, so an approval now leaves little time to stop it."),
        (once(), "2026-03-04 22:01", ""),
        (Now(), "2026-03-04 22:01", ""),
        (TWICE, "2026-03-04 21:58", "It starts in 2 minutes"),
        (TWICE, "2026-03-05 21:58", ""),
    ],
)
def test_an_approval_in_the_last_minutes_warns(schedule: Schedule, wall: str, text: str) -> None:
    found = short_notice_warning(requirement(), schedule, at(wall))
    assert found.startswith(text)
    assert bool(found) is bool(text)


@pytest.mark.parametrize(
    ("days", "runs", "asked", "text"),
    [
        (29, 3, {"renew_after_days": 30}, ""),
        (
            30,
            3,
            {"renew_after_days": 30},
            "This series was last approved 30 days ago; policy asks again after 30 days.",
        ),
        (1, 4, {"renew_after_runs": 5}, ""),
        (
            1,
            5,
            {"renew_after_runs": 5},
            "This series has made 5 runs since it was approved; policy asks again after 5.",
        ),
        (900, 900, {}, ""),
    ],
)
def test_a_series_is_asked_for_again(days: int, runs: int, asked: dict[str, int], text: str) -> None:
    assert renewal_reason(requirement(**asked), NOW, runs, NOW + timedelta(days=days)) == text


@pytest.mark.parametrize(
    ("text", "length", "said"),
    [
        ("90s", 90, "1 minute 30 seconds"),
        ("1h30m", 5400, "1 hour 30 minutes"),
        ("2 D", 172800, "2 days"),
        ("1w", 604800, "7 days"),
        ("25h", 90000, "1 day 1 hour"),
    ],
)
def test_lengths(text: str, length: int, said: str) -> None:
    assert parse_duration(text) == length
    assert format_duration(length) == said


@pytest.mark.parametrize("text", ["", "h", "5", "5x", "-5m", "5m!", "1.5h"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length of time"):
        parse_duration(text)
