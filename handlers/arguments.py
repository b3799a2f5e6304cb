"""The words after a slash command: an optional verb, then ``key=value`` pairs with quotes where there are spaces."""

import html
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.backends.base import FormField
from bot.forms import REASON, WHEN

SMART_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " "})
KEY_ALIASES = {"why": REASON, "reason": REASON, "on": "system"}
SYSTEM_KEY = "system"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was typed. ``fault`` says what cannot be read."""

    verb: str = ""
    pairs: Mapping[str, str] = None  # type: ignore[assignment]
    error: str = ""


def parse_arguments(text: str) -> Arguments:
    """Take the text apart. Never raises."""
    try:
        # Slack sends &, < and > as entities.
        words = shlex.split(html.unescape(text).translate(SMART_QUOTES))
    except ValueError:
        return Arguments(pairs={}, error="A quotation mark is not closed.")
    verb = ""
    pairs: dict[str, str] = {}
    for number, word in enumerate(words):
        key, equals, value = word.partition("=")
        if equals and key:
            pairs[key] = value
        elif number == 0:
            verb = word
        else:
            return Arguments(verb, pairs, f"“{word}” is not a key=value pair. Put values with spaces in quotes.")
    return Arguments(verb, pairs)


def resolve_aliases(arguments: Arguments, fields: Sequence[FormField]) -> Arguments:
    """The same with the keys that the form knows: capitals do not matter, and some keys have other names, unless an
    operation has a field of that very name."""
    known = {*fields_by_key(fields), WHEN, REASON, SYSTEM_KEY}
    plain = {key.casefold(): key for key in known}

    def key_of(key: str) -> str:
        if key in known:
            return key
        return plain.get(key.casefold()) or KEY_ALIASES.get(key.casefold(), key)

    return replace(arguments, pairs={key_of(key): value for key, value in arguments.pairs.items()})


def fields_by_key(fields: Sequence[FormField]) -> dict[str, FormField]:
    """The fields by every key that stands for them."""
    found = {field.name: field for field in fields}
    return found | {field.argument: field for field in fields if field.argument}


def unknown_keys_message(pairs: Mapping[str, str], fields: Sequence[FormField]) -> str:
    """A sentence about keys that mean nothing, with the ones that do; "" where all are known."""
    known = fields_by_key(fields)
    groups = {f.name for f in fields if f.widget == "json"}
    strange = [
        key
        for key in pairs
        if key not in known and key not in (WHEN, REASON, SYSTEM_KEY) and key.partition(".")[0] not in groups
    ]
    if not strange:
        return ""
    names = [field.argument or field.name for field in fields]
    listed = ", ".join([*names, WHEN, REASON, SYSTEM_KEY])
    word = "This key is" if len(strange) == 1 else "These keys are"
    return f"{word} not known: {', '.join(strange)}. Known are: {listed}."
