"""Freezes that are kept in a calendar, and what happens when it cannot be read."""

from datetime import timedelta

import pytest

from bot.errors import ConfigError
from bot.requests.freezes.calendars import Calendar, parse_calendar
from bot.requests.freezes.model import FreezeCause, find_freeze_hits, refusing_hits
from bot.requests.spans import TimeSpan
from tests.unit.requests.build import NOW, once, stage, subject
from tests.unit.requests.test_freezes import freeze, freeze_hits, moment

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
        ("DTSTART:20260304T220000Z", "2026-03-04 22:00", True),
        ("DTSTART:20260225T220000Z\nRRULE:FREQ=WEEKLY;INTERVAL=1", "2026-03-04 22:00", True),
        ("DTSTART:20260225T220000Z\nRRULE:FREQ=WEEKLY;INTERVAL=2", "2026-03-04 22:00", False),
        ("DTSTART:20260304T220000Z\nDTEND:20260304T220000Z", "2026-03-04 22:01", False),
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
        (2 * EVENT.format(summary="x", when="DTSTART:20260304T220000Z"), "cal.ics: the calendar cannot be read ("),
        (
            EVENT.format(summary="x", when="DTSTART:20260304T220000Z\nRRULE:COUNT=3"),
            'cal.ics:4: the event "x" cannot be expanded',
        ),
        (
            EVENT.format(summary="x", when="DTSTART:20260304T220000Z\nRRULE:FREQ=DAILY;INTERVAL=0"),
            'cal.ics:4: the event "x" cannot be expanded (its INTERVAL is less than 1',
        ),
        (
            EVENT.format(summary="x", when="DTSTART:20260304T220000Z").replace("BEGIN:VEVENT\n", ""),
            "cal.ics:9: the calendar ends too early or twice",
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


def test_the_age_of_a_copy_is_told_after_an_hour_and_it_is_too_old_after_its_maximum() -> None:
    inside = "DTSTART:20260304T220000Z\nDURATION:PT1H"
    frozen = freeze(schedule=None, calendar="cal.ics", max_age=2 * 3600, stage=stage("@cab"))

    def text(age: timedelta) -> str:
        (hit,) = freeze_hits(once(), frozen, calendars=calendar(inside, age=age))
        return hit.text

    assert text(timedelta(hours=1)).endswith("That needs 1 of @cab.")
    assert text(timedelta(hours=1, seconds=1)).endswith("Its calendar was last read 1 hour ago.")
    assert text(timedelta(hours=2)).endswith("Its calendar was last read 2 hours ago.")
    stale = text(timedelta(hours=2, seconds=1))
    assert "everything counts as frozen" in stale
    assert stale.endswith("That needs 1 of @cab.")
    assert text(-timedelta(hours=5)).endswith("That needs 1 of @cab.")


def test_the_first_event_that_is_touched_is_told() -> None:
    later = (
        "BEGIN:VEVENT\nUID:2\nDTSTAMP:20260101T000000Z\nSUMMARY:A\nDTSTART:20260304T224000Z\nDURATION:PT1H\nEND:VEVENT"
    )
    sooner = EVENT.format(summary="Z", when="DTSTART:20260304T221000Z\nDURATION:PT10M")
    text = sooner.replace("BEGIN:VEVENT", later + "\nBEGIN:VEVENT", 1)
    copies = {"cal.ics": parse_calendar(text, "cal.ics", NOW)}
    (hit,) = freeze_hits(once(), freeze(schedule=None, calendar="cal.ics"), calendars=copies)
    assert (hit.title, hit.start) == ("Z", moment("2026-03-04 22:10").instant)


def test_an_event_named_like_its_freeze_is_not_named_twice() -> None:
    when = "DTSTART:20260304T220000Z\nDURATION:PT1H"
    (hit,) = freeze_hits(once(), freeze(schedule=None, calendar="cal.ics"), calendars=calendar(when, "F"))
    assert hit.text.startswith("It falls into the freeze “F”, from")


def test_events_are_in_order_and_only_those_that_touch_the_period() -> None:
    when = "DTSTART:20260304T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY"
    found = calendar(when)["cal.ics"].events(
        moment("2026-03-05 09:59").instant, moment("2026-03-07 09:00").instant, "UTC"
    )
    assert [event.start.day for event in found] == [5, 6]


def test_a_stale_calendar_freezes_exactly_what_is_asked_about() -> None:
    frozen = freeze(schedule=None, calendar="cal.ics")
    at = moment("2026-03-04 22:00").instant
    (hit,) = find_freeze_hits([frozen], subject(), [TimeSpan(at, at)], NOW)
    assert (hit.start, hit.end) == (at, at)


@pytest.mark.parametrize("fold", [" ", "\t"])
def test_folded_lines_are_one_line(fold: str) -> None:
    folded = EVENT.format(summary="Release", when=f"{fold}freeze\nDTSTART:20260304T220000Z\nDURATION:PT1H")
    (event,) = parse_calendar(folded, "cal.ics", NOW).events(NOW, NOW + timedelta(days=1), "UTC")
    assert event.title == "Releasefreeze"
    broken = EVENT.format(summary="x", when=f"DTSTART:20260304T220000Z\nnon\n{fold}sense\n{fold}here")
    with pytest.raises(ConfigError, match=r'cal.ics:9: "nonsensehere" is not a line'):
        parse_calendar(broken, "cal.ics", NOW)


def test_blank_lines_are_no_fault() -> None:
    text = "\n \n" + EVENT.format(summary="x", when="DTSTART:20260304T220000Z\n\nDURATION:PT1H")
    assert parse_calendar(text, "cal.ics", NOW).read_at == NOW
