"""The text after a slash command: an optional verb, then ``key=value`` pairs, with quotes around spaces."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.backends.base import FormField
from bot.forms import EMERGENCY_FIELD, REASON, WHEN
from bot.typed_text import plain_punctuation, plain_quotes, slash_text

_KEPT_AS_TYPED = {WHEN, REASON, "why", "reason"}
"""Keys whose dashes are left alone: people read a reason, and times are read with any dash."""
KEY_ALIASES = {"why": REASON, "reason": REASON, "on": "system"}
SYSTEM_KEY = "system"
EMERGENCY_KEY = EMERGENCY_FIELD.argument


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was typed. ``error`` says what cannot be read."""

    verb: str = ""
    pairs: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


def parse_arguments(text: str) -> Arguments:
    """Parse the text. Never raises."""
    try:
        words = shlex.split(plain_quotes(slash_text(text)))
    except ValueError:
        return Arguments(error="A quotation mark is not closed.")
    verb = ""
    pairs: dict[str, str] = {}
    for number, word in enumerate(words):
        key, equals, value = word.partition("=")
        if equals and key:
            pairs[key] = value if key.casefold() in _KEPT_AS_TYPED else plain_punctuation(value)
        elif number == 0:
            verb = word
        else:
            return Arguments(verb, pairs, f"“{word}” is not a key=value pair. Put values with spaces in quotes.")
    return Arguments(verb, pairs)


def resolve_aliases(arguments: Arguments, fields: Sequence[FormField]) -> Arguments:
    """The arguments with the keys of the form. Capitals do not matter. Aliases count unless the operation has a field
    of that name."""
    known = {*fields_by_key(fields), WHEN, REASON, SYSTEM_KEY}
    by_lower_case = {key.casefold(): key for key in known}

    def key_of(key: str) -> str:
        if key in known:
            return key
        return by_lower_case.get(key.casefold()) or KEY_ALIASES.get(key.casefold(), key)

    return replace(arguments, pairs={key_of(key): value for key, value in arguments.pairs.items()})


def fields_by_key(fields: Sequence[FormField]) -> dict[str, FormField]:
    """The fields by their names and by their short names."""
    by_name = {item.name: item for item in fields}
    return by_name | {item.argument: item for item in fields if item.argument}


def unknown_keys_message(pairs: Mapping[str, str], fields: Sequence[FormField]) -> str:
    """A sentence that names the unknown keys and the known ones; "" if all are known."""
    known = fields_by_key(fields)
    groups = {item.name for item in fields if item.widget == "json"}
    unknown = [
        key
        for key in pairs
        if key not in known and key not in (WHEN, REASON, SYSTEM_KEY) and key.partition(".")[0] not in groups
    ]
    if not unknown:
        return ""
    if EMERGENCY_KEY in unknown:
        return f"{EMERGENCY_KEY}=: policy has no rule for emergencies here. Leave it out to ask for approval."
    names = [item.argument or item.name for item in fields]
    listed = ", ".join([*names, WHEN, REASON, SYSTEM_KEY])
    subject = "This key is" if len(unknown) == 1 else "These keys are"
    return f"{subject} not known: {', '.join(unknown)}. Known are: {listed}."
