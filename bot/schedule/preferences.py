"""Derive from a profile's language how its owner writes times and dates."""

from typing import Literal

from bot.schedule.calendar_names import LANGUAGES
from bot.schedule.model import TimePreferences

ClockPreference = Literal["profile", "24-hour", "ask"]
DateOrderPreference = Literal["profile", "day-first", "month-first", "ask"]

# From Unicode's CLDR, for the languages that Slack offers. English, Korean, American Spanish and Taiwanese Chinese are
# not in the first, because "at 9" can mean the evening there. Year-first languages are in neither.
_LOCALES_WITH_24H_CLOCK = frozenset({"de-DE", "es-ES", "fr-FR", "it-IT", "ja-JP", "pt-BR", "ru-RU", "zh-CN"})
_DAY_FIRST_LOCALES = frozenset({"de-DE", "en-GB", "es-ES", "es-LA", "fr-FR", "it-IT", "pt-BR", "ru-RU"})


def time_preferences(
    locale: str, clock: ClockPreference = "profile", dates: DateOrderPreference = "ask"
) -> TimePreferences:
    """Return the preferences of a user whose Slack profile has a ``locale`` such as ``de-DE``.

    The settings take them from the profile, set the same for everyone, or leave them unknown so that the user is asked.
    """
    return TimePreferences(
        uses_24h_clock=clock == "24-hour" or (clock == "profile" and locale in _LOCALES_WITH_24H_CLOCK) or None,
        day_first=_day_first(locale, dates),
        language=locale[:2] if locale[2:3] == "-" and locale[:2] in LANGUAGES else "en",
    )


def _day_first(locale: str, dates: DateOrderPreference) -> bool | None:
    if dates == "profile":
        return True if locale in _DAY_FIRST_LOCALES else False if locale == "en-US" else None
    return {"day-first": True, "month-first": False}.get(dates)
