"""Three-way comparison of two edits that began from the same revision. Pure."""

from collections.abc import Collection, Mapping
from typing import Literal

from bot.values import FrozenModel, Json, JsonObject

Preference = Literal["mine", "theirs"]
"""Whose value counts in a field that both have changed."""


class EditComparison(FrozenModel):
    """The names of the fields that only one of two edits has changed, and of those that both have, differently.

    A field that both have changed to the same value is among ``theirs``.
    """

    mine: tuple[str, ...]
    theirs: tuple[str, ...]
    both: tuple[str, ...]

    def own(self, prefer: Preference) -> frozenset[str]:
        """Return the names of the fields in which my value counts."""
        return frozenset((*self.mine, *(self.both if prefer == "mine" else ())))


def compare_edits(base: JsonObject, mine: JsonObject, theirs: JsonObject) -> EditComparison:
    """Compare two edits field by field. An empty value equals a missing one."""
    names = tuple(dict.fromkeys((*base, *theirs, *mine)))
    by_me = {name for name in names if not _is_same(base.get(name), mine.get(name))}
    by_them = {name for name in names if not _is_same(base.get(name), theirs.get(name))}
    both = {name for name in by_me & by_them if not _is_same(mine.get(name), theirs.get(name))}
    return EditComparison(
        mine=tuple(name for name in names if name in by_me - by_them),
        theirs=tuple(name for name in names if name in by_them - both),
        both=tuple(name for name in names if name in both),
    )


def merge_values(own: Collection[str], mine: JsonObject, theirs: JsonObject) -> dict[str, Json]:
    """Return their values with mine in the fields that are ``own``."""
    return {
        **{name: value for name, value in theirs.items() if name not in own},
        **{name: value for name, value in mine.items() if name in own},
    }


def _is_same(one: Json, other: Json) -> bool:
    return one == other or (_is_empty(one) and _is_empty(other))


def _is_empty(value: Json) -> bool:
    return value is None or value in ("", []) or (isinstance(value, Mapping) and not value)
