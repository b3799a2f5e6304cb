"""What was probably meant by a name that nothing has."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

_CLOSE = 0.7
"""How alike a name must be to be suggested, of 1."""


_OTHER_WORDS = {
    "allow": "approve",
    "deny": "refuse",
    "hosts": "targets",
    "system": "backend",
    "systems": "backend",
    "timezone": "zone",
    "user": "requester",
    "users": "requester",
    "monday": "mon",
    "tuesday": "tue",
    "wednesday": "wed",
    "thursday": "thu",
    "friday": "fri",
    "saturday": "sat",
    "sunday": "sun",
}
"""What people write who know other policies, or who write days out, and what it is called here."""


def did_you_mean(wanted: str, names: Iterable[str]) -> str:
    """Return a question that names what was probably meant; "" if nothing is close."""
    by_folded = {name.casefold(): name for name in sorted(names)}
    if (other := _OTHER_WORDS.get(wanted.casefold())) in by_folded:
        return f'did you mean "{other}"?'
    return _question(wanted.casefold(), by_folded)


def did_you_mean_pattern(pattern: str, names: Iterable[str]) -> str:
    """Return a question that names something that begins almost like a pattern with wildcards; "" if nothing does."""
    beginning = pattern.partition("*")[0].casefold()
    return _question(beginning, {name[: len(beginning)].casefold(): name for name in sorted(names)})


def _question(wanted: str, names: Mapping[str, str]) -> str:
    """Return a question with the name whose key is closest; "" if none is close."""
    close = get_close_matches(wanted, names, n=1, cutoff=_CLOSE)
    return f'did you mean "{names[close[0]]}"?' if close else ""
