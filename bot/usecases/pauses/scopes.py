"""What a pause is about: a configured system, or everything."""

from dataclasses import dataclass
from difflib import get_close_matches

from bot.errors import NotFound
from bot.requests.model import Person
from bot.requests.pauses import Pause, PauseScope
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services

EVERYTHING = ("everything", "all")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is paused. ``name`` is the back end, "" for everything; ``title`` is for people."""

    kind: PauseScope
    name: str
    title: str

    def is_of(self, pause: Pause) -> bool:
        """Return whether a pause is about the same."""
        return (pause.scope, pause.name) == (self.kind, self.name)


def split_scope(services: Services, text: str) -> tuple[Scope, str]:
    """Return the system that a text begins with, by name or title, and the rest of the text.

    Raises NotFound with what may be meant instead.
    """
    word, _, rest = text.partition(" ")
    if word.casefold() in EVERYTHING:
        return Scope("everything", "", "Everything"), rest.strip()
    by_text = {backend.connection.title: backend.name for backend in services.backends.values()}
    by_text |= {name: name for name in services.backends}
    for known in sorted(by_text, key=len, reverse=True):
        if f"{text} ".casefold().startswith(f"{known} ".casefold()):
            name = by_text[known]
            return Scope("system", name, services.backends[name].connection.title), text[len(known) :].strip()
    if not word:
        names = ", ".join(services.backends)
        raise NotFound(f"Say which system: {names} or everything.", code=RefusalCode.NOT_CONFIGURED)
    close = get_close_matches(word.casefold(), [*services.backends, *EVERYTHING], n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(services.backends)} and everything."
    raise NotFound(f"There is no system “{word}” here. {hint}", code=RefusalCode.NOT_CONFIGURED)


def scope_of(services: Services, pause: Pause) -> Scope:
    """Return what a stored pause of a system or of everything is about."""
    if pause.scope == "everything":
        return Scope("everything", "", "Everything")
    backend = services.backends.get(pause.name)
    return Scope("system", pause.name, backend.connection.title if backend else pause.name)


def actor_key(person: Person | None) -> str:
    """Return who did something, as the audit trail names them."""
    return person.key if person else "nightshift"
