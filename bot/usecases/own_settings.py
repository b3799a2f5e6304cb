"""What people choose about their own notifications, quiet hours, time zone and clock."""

from zoneinfo import available_timezones

from bot.errors import InputError
from bot.requests.model import Person
from bot.requests.notify.preferences import Preferences
from bot.storage import person_settings
from bot.usecases.services import Services


async def own_settings(services: Services, person: Person) -> Preferences:
    """Return what somebody has chosen; the defaults where they have chosen nothing."""
    async with services.db.read() as tx:
        return await person_settings.preferences_of(tx, person)


async def save_settings(services: Services, person: Person, preferences: Preferences) -> None:
    """Store what somebody chooses. Raises InputError for a zone that does not exist."""
    zones = {name.casefold(): name for name in available_timezones()}
    zone = zones.get(preferences.zone.strip().replace(" ", "_").casefold(), "")
    if preferences.zone.strip() and not zone:
        text = f"“{preferences.zone}” is not a time zone. Write one such as Europe/Berlin, or leave it empty."
        raise InputError({"zone": text})
    async with services.db.write() as tx:
        await person_settings.set_preferences(
            tx, person, preferences.model_copy(update={"zone": zone}), services.clock.now()
        )
