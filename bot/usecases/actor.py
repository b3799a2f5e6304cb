"""Who acts, and how they write times."""

from dataclasses import dataclass

from bot.requests.directory import User
from bot.requests.model import Person
from bot.requests.notify.preferences import NO_PREFERENCES, Preferences
from bot.schedule import TimePreferences, time_preferences
from bot.usecases.holidays import known_holidays
from bot.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts. ``zone_note`` says that their zone is only assumed; "" if it is known."""

    person: Person
    zone: str
    time_preferences: TimePreferences
    zone_note: str = ""
    language: str = "en"
    """The language in which times are said back."""


def actor_for(services: Services, user: User, language: str = "", chosen: Preferences = NO_PREFERENCES) -> Actor:
    """Return a Slack user as an actor. The configuration's zone is assumed if their profile has none.

    ``language`` and ``chosen`` are what they have chosen; without it their profile counts.
    """
    times = services.settings.times
    preferences = time_preferences(user.locale, times.clock, times.dates)
    preferences = preferences.model_copy(update={"holidays": known_holidays(services.policy)})
    if language:
        preferences = preferences.model_copy(update={"language": language})
    if chosen.clock:
        preferences = preferences.model_copy(update={"uses_24h_clock": True if chosen.clock == "24" else None})
    language = language or "en"
    if chosen.zone or user.zone:
        return Actor(user.person, chosen.zone or user.zone, preferences, language=language)
    zone = services.settings.channels.default_zone
    what = f"names {user.unknown_zone}, which is not known here" if user.unknown_zone else "has no time zone"
    note = f"Your Slack profile {what}, so {zone} is assumed."
    return Actor(user.person, zone, preferences, note, language)
