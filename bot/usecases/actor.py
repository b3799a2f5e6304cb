"""Who acts, and how they write times."""

from dataclasses import dataclass

from bot.requests.directory import User
from bot.requests.model import Person
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


def actor_for(services: Services, user: User) -> Actor:
    """Return a Slack user as an actor. The configuration's zone is assumed if their profile has none."""
    times = services.settings.times
    preferences = time_preferences(user.locale, times.clock, times.dates)
    preferences = preferences.model_copy(update={"holidays": known_holidays(services.policy)})
    if user.zone:
        return Actor(user.person, user.zone, preferences)
    zone = services.settings.channels.default_zone
    return Actor(user.person, zone, preferences, f"Your Slack profile has no time zone, so {zone} is assumed.")
