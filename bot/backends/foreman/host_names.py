"""Reads a pasted list of host names, and writes it as a search."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from bot.values import FrozenModel

MAX_NAMES: Final = 2_000
"""Maximum number of names in a list."""
NAMES_IN_A_SEARCH: Final = 80
"""Maximum number of names in one search: Foreman's web server limits the length of an address."""

_MAX_SHOWN = 10
_SEPARATORS = re.compile(r"[\s,;]+")
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?", re.IGNORECASE)
_KEYWORDS = frozenset({"and", "or", "not", "has", "in"})
_SEARCH = re.compile(r"name \^ \(([^()]*)\)")
_BOOKMARK = re.compile(r"bookmark\s*[:=]?\s+(\S.*)", re.IGNORECASE | re.DOTALL)


class HostList(FrozenModel):
    """The names of a list, each once, and those that were listed more than once."""

    names: tuple[str, ...]
    repeated: tuple[str, ...] = ()


def parse_host_list(text: str) -> HostList | None:
    """Return the names in a text with commas, semicolons, spaces or lines between them; None for a search.

    A single word is a list only if it has a dot: Foreman looks for other words in many fields.
    """
    words = [word for word in _SEPARATORS.split(text.strip()) if word]
    if not words or not all(_is_name(word) for word in words):
        return None
    if len(words) == 1 and "." not in words[0]:
        return None
    counts: dict[str, int] = {}
    for word in words:
        name = word.casefold()
        counts[name] = counts.get(name, 0) + 1
    return HostList(names=tuple(counts), repeated=tuple(name for name, count in counts.items() if count > 1))


def _is_name(word: str) -> bool:
    return _NAME.fullmatch(word) is not None and word.casefold() not in _KEYWORDS


def search_for(names: Sequence[str]) -> str:
    """Return the search that finds exactly these hosts."""
    return f"name ^ ({', '.join(names)})"


def names_in_search(query: str) -> tuple[str, ...]:
    """Return the names in a search that ``search_for`` wrote; none for another search."""
    found = _SEARCH.fullmatch(query.strip())
    return tuple(name.strip() for name in found[1].split(",") if name.strip()) if found else ()


def as_search(text: str) -> str:
    """Return a list of names as a search, and a search as it is. Raises ValueError for too many names."""
    hosts = parse_host_list(text)
    if hosts is None:
        return text
    if len(hosts.names) > MAX_NAMES:
        raise ValueError(f"These are {len(hosts.names):,} names, and at most {MAX_NAMES:,} can be given.")
    return search_for(hosts.names)


def bookmark_name(text: str) -> str:
    """Return the name in ``bookmark NAME``; "" for another text."""
    found = _BOOKMARK.fullmatch(text.strip())
    return found[1].strip() if found else ""


def missing_names(names: Iterable[str], found: Iterable[str]) -> list[str]:
    """Return the names that were not found; capitals do not matter."""
    known = {name.casefold() for name in found}
    return [name for name in names if name.casefold() not in known]


def some_names(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are: ``a, b + 7 more``."""
    rest = len(names) - _MAX_SHOWN
    return ", ".join(names[:_MAX_SHOWN]) + (f" + {rest} more" if rest > 0 else "")
