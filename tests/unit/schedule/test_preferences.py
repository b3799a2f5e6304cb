"""What a profile's language tells of how somebody writes times."""

import pytest

from bot.schedule.model import TimePreferences
from bot.schedule.preferences import ClockPreference, DateOrderPreference, time_preferences


@pytest.mark.parametrize(
    ("locale", "clock", "dates", "expected"),
    [
        ("de-DE", "profile", "ask", TimePreferences(uses_24h_clock=True, language="de")),
        ("en-GB", "profile", "ask", TimePreferences()),
        ("en-US", "profile", "ask", TimePreferences()),
        ("", "profile", "profile", TimePreferences()),
        ("tlh-Qo", "profile", "profile", TimePreferences()),
        ("de-DE", "ask", "ask", TimePreferences(language="de")),
        ("en-US", "24-hour", "ask", TimePreferences(uses_24h_clock=True)),
        ("de-DE", "ask", "profile", TimePreferences(day_first=True, language="de")),
        ("en-US", "ask", "profile", TimePreferences(day_first=False)),
        ("pt-BR", "ask", "ask", TimePreferences(language="pt")),
        ("ja-JP", "ask", "profile", TimePreferences()),
        ("en-US", "ask", "day-first", TimePreferences(day_first=True)),
        ("de-DE", "ask", "month-first", TimePreferences(day_first=False, language="de")),
    ],
)
def test_the_language_or_the_setting_settles_it_or_it_stays_open(
    locale: str, clock: ClockPreference, dates: DateOrderPreference, expected: TimePreferences
) -> None:
    assert time_preferences(locale, clock, dates) == expected
