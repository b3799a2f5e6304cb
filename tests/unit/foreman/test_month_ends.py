"""Cron lines on the last dates of months."""

from datetime import datetime

import pytest

from bot.backends.foreman import cron

LONGEST = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


@pytest.mark.parametrize(("month", "last"), LONGEST.items())
def test_a_date_that_a_month_never_has_is_refused(month: int, last: int) -> None:
    assert cron.parse(f"0 0 {last} {month} *").days == {last}
    if last < 31:
        with pytest.raises(ValueError, match="never runs: no such date exists"):
            cron.parse(f"0 0 {last + 1} {month} *")


@pytest.mark.parametrize(
    ("start", "end", "changes"),
    [
        ("2026-03-20T00:00", "2026-03-20T23:00", False),
        ("2026-03-28T12:00", "2026-03-29T12:00", True),
        ("2026-03-29T12:00", "2026-10-21T12:00", False),
        ("2026-03-29T12:00", "2026-10-25T12:00", True),
        ("2026-10-25T12:00", "2027-03-24T12:00", False),
    ],
)
def test_changes_of_the_clocks_are_seen_from_the_first_to_the_last_day(start: str, end: str, changes: bool) -> None:
    first, last = (datetime.fromisoformat(f"{text}+00:00") for text in (start, end))
    assert cron.has_clock_changes("Europe/Berlin", first, last) is changes
    assert not cron.has_clock_changes("UTC", first, last)
