"""How somebody writes times, as far as the language of their profile tells."""

from typing import Literal

from bot.schedule.model import Habits

Clock = Literal["profile", "24-hour", "ask"]
Dates = Literal["profile", "day-first", "month-first", "ask"]

# By Unicode's CLDR, for the languages that Slack offers. English, Korean, American Spanish and the Chinese of Taiwan
# are left out of the first: there people say "at 9" for the evening too. Year-first languages are in neither.
_CLOCK24 = frozenset({"de-DE", "es-ES", "fr-FR", "it-IT", "ja-JP", "pt-BR", "ru-RU", "zh-CN"})
_DAY_FIRST = frozenset({"de-DE", "en-GB", "es-ES", "es-LA", "fr-FR", "it-IT", "pt-BR", "ru-RU"})


def habits(locale: str, clock: Clock = "profile", dates: Dates = "ask") -> Habits:
    """The habits of somebody whose Slack profile has a ``locale`` such as ``de-DE``, by what is configured: taken from
    the profile, the same for everybody, or asked about each time."""
    return Habits(
        clock24=clock == "24-hour" or (clock == "profile" and locale in _CLOCK24) or None,
        day_first=_day_first(locale, dates),
    )


def _day_first(locale: str, dates: Dates) -> bool | None:
    if dates == "profile":
        return True if locale in _DAY_FIRST else False if locale == "en-US" else None
    return {"day-first": True, "month-first": False}.get(dates)
