"""The words after ``/nightshift list``: states, systems, people, a day to begin with, and text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from blocks.search import STATE_GROUPS
from bot.errors import NightshiftError
from bot.requests.model import Person
from bot.storage.inbox import SearchFilter

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SYNONYMS: Mapping[str, str] = {
    "pending": "waiting", "undecided": "waiting", "done": "succeeded", "expired": "denied", "withdrawn": "cancelled",
    "active": "open", "partly": "failed",
}  # fmt: skip
_EMPTY: Mapping[str, str] = {
    "requests": "There are no requests.",
    "your requests": "You have no requests.",
    "requests that wait for approval": "No request waits for approval.",
}
"""What an empty list says, by its title."""
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_AGE = re.compile(r"(\d{1,3})\s*d(?:ays?)?")


@dataclass(frozen=True, slots=True)
class ListWords:
    """A filter, and what it says in words for titles: "failed Foreman requests since Mon 23 Nov"."""

    found: SearchFilter
    title: str
    empty: str
    """What an empty list says."""


def parse_list_words(text: str, person: Person, systems: Mapping[str, str], now: datetime, zone: str) -> ListWords:
    """Parse the words. ``systems`` has the title of each back end by its name. Raises NightshiftError for a day that
    is not understood."""
    before, _, since_text = text.partition("since ") if "since " in f"{text} " else (text, "", "")
    since = _parse_day(since_text, now, zone) if since_text.strip() else None
    states: list[str] = []
    backends: list[str] = []
    requester, words, rest = "", [], []
    for word in before.split():
        plain = word.casefold().strip(",")
        state = plain if plain in STATE_GROUPS else _SYNONYMS.get(plain, "")
        named = [name for name, title in systems.items() if plain in _names_of(name, title)]
        if state:
            states.append(state)
            words.append(plain)
        elif named:
            backends += named
            words.append(word)
        elif mention := _MENTION.fullmatch(word):
            requester = mention[1]
        elif plain in ("mine", "my"):
            requester = person.user
            words.append("your")
        elif plain not in ("requests", "by", "of", "and", "the", "all", "on"):
            rest.append(word)
    found = SearchFilter(
        states=tuple(dict.fromkeys(each for state in states for each in STATE_GROUPS[state][1])),
        backends=tuple(dict.fromkeys(backends)),
        requester=requester,
        text=" ".join(rest),
        since=since,
    )
    waiting = ["that wait for approval"] if "waiting" in words else []
    states_and_systems = [word for word in words if word not in ("your", "waiting")]
    whose = ["your"] if "your" in words else []
    with_text = [f"with “{' '.join(rest)}”"] if rest else []
    title = " ".join([*whose, *states_and_systems, "requests", *waiting, *with_text])
    if since is not None:
        title += f" since {since.astimezone(ZoneInfo(zone)):%a} {since.astimezone(ZoneInfo(zone)).day} {since:%b}"
    return ListWords(found, title, _EMPTY.get(title, f"No requests found: {title}."))


def _names_of(name: str, title: str) -> set[str]:
    return {name.casefold(), name.partition(".")[0], name.partition(".")[2].casefold(), title.casefold()}


def _parse_day(text: str, now: datetime, zone: str) -> datetime:
    """Return the start of a day in the past. Raises NightshiftError."""
    today, plain = now.astimezone(ZoneInfo(zone)).date(), text.casefold().strip()
    day: date | None = None
    if plain == "today":
        day = today
    elif plain == "yesterday":
        day = today - timedelta(days=1)
    elif len(plain) > 2 and (names := [n for n, name in enumerate(_DAYS) if name.startswith(plain)]):
        day = today - timedelta(days=(today.weekday() - names[0]) % 7)
    elif age := _AGE.fullmatch(plain):
        day = today - timedelta(days=int(age[1]))
    else:
        try:
            day = date.fromisoformat(plain)
        except ValueError:
            raise NightshiftError(f"“{text}” was not understood. Try: since monday, since 3 days, 2026-11-23") from None
    return datetime.combine(day, time(), ZoneInfo(zone))
