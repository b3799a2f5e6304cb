"""Cron lines on the last dates of months."""

import pytest

from bot.backends.foreman import cron

LONGEST = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


@pytest.mark.parametrize(("month", "last"), LONGEST.items())
def test_a_date_that_a_month_never_has_is_refused(month: int, last: int) -> None:
    assert cron.parse(f"0 0 {last} {month} *").days == {last}
    if last < 31:
        with pytest.raises(ValueError, match="never runs: no such date exists"):
            cron.parse(f"0 0 {last + 1} {month} *")
