"""Names and patterns: globs (``web-*``), regular expressions (``/^web-\\d+$/``) and plain names; case never counts."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

_WILDCARD = re.compile(r"[*?\[]")
_LOOKUPS_BEFORE_TABLE = 4
"""So many searches for a text of one length are made before a table is."""
NameEdge = tuple[bool, int]
"""The first (True) or the last so many characters of names."""


class TargetNames:
    """Names of targets, laid out so that looking for a pattern among thousands is one scan.

    ``complete`` is False where there are more targets than names are known.
    """

    def __init__(self, names: Iterable[str], count: int | None = None) -> None:
        self.original = tuple(names)
        joined = "\n".join(self.original)
        if joined.count("\n") >= max(len(self.original), 1):
            joined = "\n".join(name.replace("\n", " ") for name in self.original)
        joined = joined.casefold()
        self.folded = tuple(joined.split("\n")) if self.original else ()
        self.text = f"\n{joined}\n"
        self.complete = count is None or len(self.folded) >= count
        self._edge_sets: dict[NameEdge, set[str]] = {}
        self._edge_lookups: Counter[NameEdge] = Counter()

    def find(self, text: str) -> int | None:
        """The index of the first name that contains a text; a line break stands for the begin or the end of a name."""
        at = self.text.find(text) if self.folded else -1
        return self.name_index_at(at) if at >= 0 else None

    def none_has_edge(self, text: str, side: NameEdge) -> bool:
        """Whether no name begins, or ends, with a text; False where that is not worth finding out.

        Many rules that ask for texts of one length share a table: a look into it is quicker than a search.
        """
        table = self._edge_sets.get(side)
        if table is None:
            self._edge_lookups[side] += 1
            if self._edge_lookups[side] < _LOOKUPS_BEFORE_TABLE:
                return False
            begins, length = side
            part = slice(length) if begins else slice(-length, None)
            table = self._edge_sets[side] = {name[part] for name in self.folded}
        return text not in table

    def name_index_at(self, position: int) -> int:
        """The index of the name that covers a position of ``text``."""
        return self.text.count("\n", 0, position + 1) - 1


class Patterns:
    """Several patterns, any of which may match. Raises ValueError for one that is not valid."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(texts)
        self._finders = tuple(_finder(text) for text in texts)
        self._plain = frozenset(t.casefold() for t in texts if not _is_regex(t) and not _WILDCARD.search(t))
        self._wild = tuple(_matcher(t) for t in texts if _is_regex(t) or _WILDCARD.search(t))
        self.match_folded: Callable[[str], object] = self._match_any
        """Like ``match``, for a value that is in lower case."""
        if len(self._wild) == 1 and not self._plain:
            self.match_folded = self._wild[0]
        elif not self._wild:
            self.match_folded = self._plain.__contains__

    def match(self, value: str) -> bool:
        """Whether one value matches. Nothing but the empty pattern matches the empty value."""
        return bool(self.match_folded(value.casefold()))

    def _match_any(self, low: str) -> bool:
        return low in self._plain or any(test(low) for test in self._wild)

    def first_match(self, names: TargetNames) -> str | None:
        """The first name found that matches, as it is written; None where none does."""
        for find in self._finders:
            index = find(names)
            if index is not None:
                return names.original[index]
        return None

    def covers(self, names: TargetNames) -> bool:
        """Whether every target matches: there is one at least, and all names are known."""
        return bool(names.folded) and names.complete and all(map(self.match_folded, names.folded))


def _is_regex(text: str) -> bool:
    return len(text) > 2 and text.startswith("/") and text.endswith("/")


def _matcher(text: str) -> Callable[[str], object]:
    """A test of one value that is in lower case; the globs ``a*``, ``*a`` and ``*a*`` need no regular expression. The
    empty value never matches."""
    if _is_regex(text):
        search = _regex(text[1:-1]).search
        return lambda value: value and search(value)
    low = text.casefold()
    core = low.strip("*")
    if not core:
        return bool
    if _WILDCARD.search(core) or not (low.endswith("*") or low.startswith("*")):
        return re.compile(_glob(low)).fullmatch
    if low.startswith("*") and low.endswith("*"):
        return lambda value: core in value
    return (lambda value: value.startswith(core)) if low.endswith("*") else (lambda value: value.endswith(core))


def _regex(source: str) -> re.Pattern[str]:
    try:
        return re.compile(source, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"/{source}/ is not a regular expression: {error}") from error


def _finder(text: str) -> Callable[[TargetNames], int | None]:
    """A search through all names at once. Plain names and the globs ``a*``, ``*a`` and ``*a*`` are substring searches;
    other globs are one search by lines; regular expressions go name by name."""
    if _is_regex(text):
        search = _regex(text[1:-1]).search
        return lambda names: next((i for i, name in enumerate(names.folded) if search(name)), None)
    low = text.casefold()
    core = low.strip("*")
    if _WILDCARD.search(core):
        lines = re.compile(f"^(?:{_glob(low)})$", re.MULTILINE)

        def by_lines(names: TargetNames) -> int | None:
            found = lines.search(names.text, 1, len(names.text) - 1)
            return names.name_index_at(found.start()) if found else None

        return by_lines
    begins, ends = not low.startswith("*"), not low.endswith("*")
    needle = ("\n" if begins else "") + core + ("\n" if ends else "")
    if begins == ends:
        return lambda names: names.find(needle)
    side = begins, len(core)
    return lambda names: None if names.none_has_edge(core, side) else names.find(needle)


@lru_cache(maxsize=4096)
def _glob(text: str) -> str:
    """A glob as a regular expression that stays within a line. Raises ValueError for a class that never ends."""
    out, at = [], 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*":
            out.append(r"[^\n]*")
        elif char == "?":
            out.append(r"[^\n]")
        elif char == "[":
            end = text.find("]", at + 1)
            if end < 0:
                raise ValueError(f'"{text}" opens a [ that is never closed')
            inside = text[at:end].replace("\\", r"\\")
            out.append(f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]")
            at = end + 1
        else:
            out.append(re.escape(char))
    try:
        re.compile("".join(out))
    except re.error as error:
        raise ValueError(f'"{text}" is not a pattern: {error}') from error
    return "".join(out)


def may_overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether some name could match both sets of patterns. No patterns at all means every name; a regular expression
    or a class counts as able to meet anything."""
    if not one or not other:
        return True
    return any(_patterns_overlap(a.casefold(), b.casefold()) for a in one for b in other)


def _patterns_overlap(a: str, b: str) -> bool:
    if _is_regex(a) or _is_regex(b) or "[" in a or "[" in b:
        return True
    if not a or not b:
        return not (a or b).strip("*")
    if a[0] == "*":
        return _patterns_overlap(a[1:], b) or _patterns_overlap(a, b[1:])
    if b[0] == "*":
        return _patterns_overlap(a, b[1:]) or _patterns_overlap(a[1:], b)
    return (a[0] == b[0] or "?" in (a[0], b[0])) and _patterns_overlap(a[1:], b[1:])
