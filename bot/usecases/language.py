"""The language in which somebody has times said back."""

from bot.errors import NightshiftError
from bot.requests.model import Person
from bot.schedule import LANGUAGES
from bot.storage import person_settings
from bot.usecases.services import Services

_NAMES = {
    "en": ("english", "englisch", "anglais", "inglés", "engels", "inglês"),
    "de": ("german", "deutsch"),
    "es": ("spanish", "español", "espanol"),
    "fr": ("french", "français", "francais"),
    "nl": ("dutch", "nederlands"),
    "pt": ("portuguese", "português", "portugues"),
}
_PROFILE = frozenset({"off", "profile"})


async def language_of(services: Services, person: Person) -> str:
    """Return the language that somebody has chosen, "" where they have chosen none."""
    async with services.db.read() as tx:
        return await person_settings.language_of(tx, person)


async def choose_language(services: Services, person: Person, text: str) -> str:
    """Store the language that somebody names, or none for "off". Returns a sentence. Raises NightshiftError."""
    typed = text.strip().casefold()
    chosen = next((code for code, names in _NAMES.items() if typed in (code, *names)), None)
    if chosen is None and typed not in _PROFILE:
        known = ", ".join(("en", *LANGUAGES))
        raise NightshiftError(f"Say one of {known}, or off: /nightshift language de")
    async with services.db.write() as tx:
        await person_settings.set_language(tx, person, chosen or "", services.clock.now())
    if chosen is None:
        return "Times are said back in English. Phrases are read in the language of your Slack profile."
    return f"Times are read and said back in {_NAMES[chosen][0].capitalize()} from now on. English is understood too."
