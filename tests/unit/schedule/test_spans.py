"""What ``--json`` says of each part of a phrase. Programs read these names, so they do not change."""

from datetime import UTC, datetime

import pytest

from bot.schedule import Parsed, TimePreferences, read

NOW = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
GERMAN = TimePreferences(uses_24h_clock=True, day_first=True)
SPANS = """
tomorrow at about 9:15 pm sharp => relative: days 1 | clock: hour 21, minute 15, half True, led True, about True
at 22h => clock: hour 22, led True, hours_only True
6am and before 7am => clock: hour 6, half True | mark: role before | clock: hour 7, half True
tonight at 11 => daypart: name night, today True | clock: hour 11, led True
every day at 6 and 7 => every: freq daily, interval 1 | clock: hour 6, led True | clock: hour 7, joined True
in the evening at 8 => daypart: name evening | clock: hour 8, led True
mornings at 6 => daypart: name morning, plural True | clock: hour 6, led True
now => present:\N{SPACE}
midnight => clock: hour 0, midnight True
21:00:30 the second time => clock: hour 21, second 30, fold 1
this friday 21:00 => weekdays: days 4, which this, nth 1 | clock: hour 21
monday to friday at 18:20 => weekdays: days 0 1 2 3 4, span True, nth 1 | clock: hour 18, minute 20, led True
mondays at 18:20 => weekdays: days 0, plural True, nth 1 | clock: hour 18, minute 20, led True
two sundays from now at 21:00 => weekdays: days 6, nth 2 | clock: hour 21, led True
last day of next month at 06:00 => monthdays: days -1, named True | period: unit month, offset 1 | clock: hour 6, led True
every month on the 1st and 3rd friday at 6 => every: freq monthly, interval 1 | nthweekdays: nths 1 3, day 4 | clock: hour 6, led True
last working day of every month at 6 => workdays: nths -1, holidays True | every: freq monthly, interval 1 | clock: hour 6, led True
27 november 2026 21:00 => date: month 11, days 27, year 2026 | clock: hour 21
12/11 21:00 => numeric: readings 11 12 12 11 | clock: hour 21
13 to 15 december => daterange: month 12, first 13, last 15
december 2026 => months: months 12, year 2026
the 100th day of 2027 => monthdays: days 100, named True | year: year 2027
every monday at 6 until the end of march => every: interval 1 | weekdays: days 0, nth 1 | clock: hour 6, led True | mark: role until | edge: end_of True, month 3
in 1 hour and 30 minutes => offset: amount 1.0 hour 30.0 minute
3 days after 24 december => beyond: amount 3.0 day, sign 1 | date: month 12, days 24
every saturday 22:00 for 3 hours => every: interval 1 | weekdays: days 5, nth 1 | clock: hour 22 | span: amount 3.0 hour
every day at 6 for the next 6 weeks => every: freq daily, interval 1 | clock: hour 6, led True | span: amount 6.0 week, coming True
every day at 6 for 5 times => every: freq daily, interval 1 | clock: hour 6, led True | times: count 5
every hour at minute 15 => every: freq hourly, interval 1 | minutes: minutes 15
every year in week 12 on monday => every: freq yearly, interval 1 | weeks: weeks 12 | weekdays: days 0, nth 1
from 21:00 - 23:00 => mark: role from | clock: hour 21 | mark: role to, dash True | clock: hour 23
tomorrow 9pm EST => relative: days 1 | clock: hour 21, half True | zone: candidates America/New_York, letters est
on 27 at 21:00 => number: value 27, on True | clock: hour 21, led True
""".strip().splitlines()  # noqa: E501


@pytest.mark.parametrize("line", SPANS)
def test_each_part_is_named_with_its_fields(line: str) -> None:
    phrase, spans = line.split(" => ")
    reading = read(phrase, now=NOW, zone="Europe/Berlin", preferences=GERMAN, whole_days=True)
    assert isinstance(reading, Parsed), reading
    assert " | ".join(f"{span.production}: {span.meaning}" for span in reading.spans) == spans
