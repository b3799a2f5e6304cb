"""Rules that are pasted, from crontabs, systemd timers and calendars, are said back in words."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from cronsim import CronSim
from dateutil.rrule import rrulestr

from bot.schedule import Ambiguous, Parsed, Rejected, Series, echo, next_runs, read, to_phrase

NOW = datetime(2026, 11, 26, 10, 15, tzinfo=UTC)


def series_of(rule: str) -> Series:
    reading = read(rule, now=NOW, zone="UTC")
    assert isinstance(reading, Parsed), (rule, reading)
    assert isinstance(reading.schedule, Series)
    return reading.schedule


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("0 22 * * 5", "every Friday at 22:00 UTC"),
        ("30 2 * * SUN,sat", "every weekend at 02:30 UTC"),
        ("0 22 * * FRI-MON", "every Monday, Friday, Saturday and Sunday at 22:00 UTC"),
        ("0 22 * * 5L", "every month on the last Friday at 22:00 UTC"),
        ("0 22 * * 2#2,2#4", "every month on the 2nd and 4th Tuesday at 22:00 UTC"),
        ("0 22 * 3 0#-1", "every month on the last Sunday in March at 22:00 UTC"),
        ("30 3 L * *", "every month on the last day at 03:30 UTC"),
        ("0 4 1,15 JAN-MAR *", "every month on the 1st and 15th in January, February and March at 04:00 UTC"),
        ("*/15 * * * *", "every 15 minutes UTC starting 2026-11-26 10:30"),
        ("5 * * * 1-5", "every hour at minute 5 on weekdays UTC starting 2026-11-26 11:05"),
        ("0 */8 * * ?", "every day at 00:00, 08:00 and 16:00 UTC"),
        ("@weekly", "every Sunday at 00:00 UTC"),
        ("@hourly", "every hour at minute 0 UTC starting 2026-11-26 11:00"),
        ("CRON_TZ=America/New_York 0 22 * * 5", "every Friday at 22:00 America/New_York"),
        ("0 22 * * 5 Asia/Tokyo", "every Friday at 22:00 Asia/Tokyo"),
        ("`0 22 * * 5`", "every Friday at 22:00 UTC"),
        ("Sat *-*-1..7 18:00:00", "every month on the 1st Saturday at 18:00 UTC"),
        ("Sat *-*-12..18 22:00", "every month on the Saturday after the 2nd Tuesday at 22:00 UTC"),
        ("Sun *-*~1..7 03:00", "every month on the last Sunday at 03:00 UTC"),
        ("Mon..Fri 22:00", "every weekday at 22:00 UTC"),
        ("OnCalendar=Fri..Mon 22:00", "every Monday, Friday, Saturday and Sunday at 22:00 UTC"),
        ("OnCalendar=Sat,Sun 03:00 Europe/Berlin", "every weekend at 03:00 Europe/Berlin"),
        ("*-*~01 23:00", "every month on the last day at 23:00 UTC"),
        ("*-*-* *:30", "every hour at minute 30 UTC starting 2026-11-26 10:30"),
        ("FREQ=DAILY at 22:00", "every day at 22:00 UTC"),
        ("FREQ=WEEKLY;BYDAY=FR;BYHOUR=22;BYMINUTE=30", "every Friday at 22:30 UTC"),
        ("RRULE:FREQ=MONTHLY;BYDAY=2TU;BYHOUR=22", "every month on the 2nd Tuesday at 22:00 UTC"),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2;BYHOUR=22", "every month on the 2nd Tuesday at 22:00 UTC"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYHOUR=18", "every month on the last weekday at 18:00 UTC"),
        ("FREQ=MONTHLY;BYDAY=TU;BYHOUR=22", "every Tuesday at 22:00 UTC"),
        ("FREQ=DAILY;UNTIL=20270101;BYHOUR=22", "every day at 22:00 UTC until 2027-01-01"),
        ("FREQ=HOURLY;INTERVAL=2", "every 2 hours UTC starting 2026-11-26 11:00"),
        (
            "DTSTART;TZID=Europe/Berlin:20261201T220000 RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=9 EXDATE:20261229T220000",
            "every 2 weeks on Tuesday at 22:00 Europe/Berlin except 2026-12-29 starting 2026-12-01 for 9 times",
        ),
        (
            "DTSTART:20261231T220000Z\nRRULE:FREQ=YEARLY",
            "every year on the 31st of December at 22:00 UTC starting 2026-12-31",
        ),
    ],
)
def test_a_rule_is_said_back_in_words(rule: str, words: str) -> None:
    assert to_phrase(series_of(rule)) == words


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("0 22 13 * 5", "A cron line with a date and a weekday runs on either. Name one of them."),
        ("0 0 22 * * 5", "A cron line here has five fields: minute, hour, day, month and weekday."),
        ("61 22 * * *", "'61' is not a number from 0 to 59."),
        ("0 22 * * 2#9", "'2#9' is not a weekday of a month, such as 2#2 or 5L."),
        ("@reboot", "@reboot names no time."),
        ("CRON_TZ=Mars/Base 0 22 * * 5", "There is no time zone called Mars/Base."),
        ("0-59 1,2 * * *", "That rule has more than 24 times on a day."),
        ("2026-*-1..3 22:00", "That expression names a year, so it does not recur. Say the date and the time."),
        ("*-*-* 22:00:30", "A series starts at full minutes."),
        ("*-*-5..3 22:00", "5..3 is not in order."),
        ("FREQ=SECONDLY", "'FREQ=SECONDLY' was not understood."),
        ("FREQ=WEEKLY;BYHOUR=22", "That rule names no day. Add BYDAY or BYMONTHDAY, or a DTSTART."),
        ("FREQ=WEEKLY;BYDAY=TU;BYHOUR=99", "'BYHOUR=99' was not understood."),
        ("FREQ=WEEKLY;BYDAY=XX;BYHOUR=9", "'BYDAY=XX' was not understood."),
        ("FREQ=WEEKLY;COLOUR=RED", "'COLOUR' was not understood."),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO;BYHOUR=9", "Weeks begin on Monday here."),
        ("FREQ=DAILY;BYHOUR=9 or so", "'OR SO' was not understood."),
    ],
)
def test_a_rule_that_a_series_cannot_hold_is_refused_with_the_reason(rule: str, reason: str) -> None:
    reading = read(rule, now=NOW, zone="UTC")
    assert isinstance(reading, Rejected), reading
    assert reading.reason == reason


def test_a_rule_that_no_phrase_can_say_is_refused() -> None:
    reading = read("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR;BYHOUR=22", now=NOW, zone="UTC")
    assert isinstance(reading, Rejected)
    assert reading.reason.startswith("A series here cannot hold this rule")


def test_a_rule_without_a_time_is_asked_about() -> None:
    reading = read("FREQ=WEEKLY;BYDAY=TU", now=NOW, zone="UTC")
    assert isinstance(reading, Ambiguous)
    assert [choice.label for choice in reading.choices] == ["every Tuesday at 09:00", "every Tuesday at 21:00"]


def test_five_runs_of_a_pasted_rule_are_shown() -> None:
    pasted, typed = (read(text, now=NOW, zone="UTC") for text in ("0 22 * * 5", "every friday at 22:00"))
    assert isinstance(pasted, Parsed)
    assert isinstance(typed, Parsed)
    assert pasted.schedule == typed.schedule
    assert [sum("2026" in line or "2027" in line for line in echo(reading, NOW)) for reading in (pasted, typed)] == [
        5,
        3,
    ]


@pytest.mark.parametrize(
    "line", ["0 22 * * 5", "30 2 1,15 3 *", "0 3 * * 0L", "0 22 * * 2#2", "15 1-5 * * 1-5", "0 3 L * *"]
)
def test_a_cron_line_runs_when_cron_runs_it(line: str) -> None:
    ours = [run.instant for run in next_runs(series_of(line), NOW, 50)]
    assert ours == list(islice(CronSim(line, NOW), 50))


def test_an_rrule_runs_when_its_library_runs_it() -> None:
    rule = "FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO,-1FR;BYHOUR=6,18;BYMINUTE=0"
    ours = [run.instant for run in next_runs(series_of(f"DTSTART:20261201T060000Z {rule}"), NOW, 30)]
    start = datetime(2026, 12, 1, 6, tzinfo=UTC)
    assert ours == list(rrulestr(rule, dtstart=start).xafter(start - timedelta(days=1), count=30))
