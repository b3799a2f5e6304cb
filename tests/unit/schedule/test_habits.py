"""What a profile's language tells of how somebody writes times."""

import pytest

from bot.schedule.habits import Clock, Dates, habits
from bot.schedule.model import Habits


@pytest.mark.parametrize(
    ("locale", "clock", "dates", "expected"),
    [
        ("de-DE", "profile", "ask", Habits(clock24=True)),
        ("en-GB", "profile", "ask", Habits()),
        ("en-US", "profile", "ask", Habits()),
        ("", "profile", "profile", Habits()),
        ("tlh-Qo", "profile", "profile", Habits()),
        ("de-DE", "ask", "ask", Habits()),
        ("en-US", "24-hour", "ask", Habits(clock24=True)),
        ("de-DE", "ask", "profile", Habits(day_first=True)),
        ("en-US", "ask", "profile", Habits(day_first=False)),
        ("ja-JP", "ask", "profile", Habits()),
        ("en-US", "ask", "day-first", Habits(day_first=True)),
        ("de-DE", "ask", "month-first", Habits(day_first=False)),
    ],
)
def test_the_language_or_the_setting_settles_it_or_it_stays_open(
    locale: str, clock: Clock, dates: Dates, expected: Habits
) -> None:
    assert habits(locale, clock, dates) == expected
