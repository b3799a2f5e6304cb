"""What an edit changed, line by line, in words."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from bot.requests.model import Content, Value
from bot.requests.words import some
from bot.schedule import Schedule

NOTHING = "(empty)"
HIDDEN = "•••"


class Changed(Value):
    """One line of a diff: what it is called, what it was and what it becomes."""

    field: str
    before: str
    after: str


def changes(
    before: Content,
    after: Content,
    *,
    say: Callable[[Schedule], str],
    titles: Mapping[str, str] | None = None,
    words_before: Mapping[str, Any] | None = None,
    words_after: Mapping[str, Any] | None = None,
    secret: Collection[str] = (),
) -> tuple[Changed, ...]:
    """The difference of two contents. An empty value and a missing one are the same here.

    ``titles`` are the labels of fields, ``words_before`` and ``words_after`` the words that people saw for values
    (a request's ``labels``), all by field name; ``say`` turns a schedule into words. Values of ``secret`` fields are
    never shown.
    """
    titles = titles or {}
    old, new = _flat(before.params), _flat(after.params)
    found = [
        Changed(field=title, before=one, after=other)
        for title, one, other in (
            ("Back end", before.backend, after.backend),
            ("Operation", before.operation, after.operation),
        )
        if one != other
    ]
    for name in [*old, *(name for name in new if name not in old)]:
        if old.get(name) != new.get(name):
            hidden = name in secret or name.partition(".")[0] in secret
            found.append(
                Changed(
                    field=titles.get(name) or name.replace("_", " ").replace(".", ": ").capitalize(),
                    before=_shown(name, old, words_before, hidden),
                    after=_shown(name, new, words_after, hidden),
                )
            )
    if before.targets != after.targets:
        found.append(_targets(before.targets, after.targets))
    if before.schedule != after.schedule:
        found.append(Changed(field="When", before=say(before.schedule), after=say(after.schedule)))
    return tuple(found)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by dotted name; what is empty is left out, since it says nothing."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            out |= _flat(value, f"{prefix}{name}.")
        elif value is not None and value != "" and value != [] and value != ():
            out[prefix + name] = value
    return out


def _shown(name: str, values: Mapping[str, Any], words: Mapping[str, Any] | None, hidden: bool) -> str:
    if name not in values:
        return NOTHING
    if hidden:
        return HIDDEN
    said = (words or {}).get(name)
    return _text(values[name] if said is None or said == "" else said)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return some([_text(item) for item in value], 10)
    return str(value)


def _targets(before: tuple[str, ...], after: tuple[str, ...]) -> Changed:
    gone = [name for name in before if name not in after]
    come = [name for name in after if name not in before]
    return Changed(
        field="Targets",
        before=f"{len(before)}" + (f" (-{some(gone, 10)})" if gone else ""),
        after=f"{len(after)}" + (f" (+{some(come, 10)})" if come else ""),
    )
