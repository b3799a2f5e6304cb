"""What was probably meant by a name that nothing has."""

from collections.abc import Iterable
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
    close = get_close_matches(wanted.casefold(), by_folded, n=1, cutoff=_CLOSE)
    return f'did you mean "{by_folded[close[0]]}"?' if close else ""
