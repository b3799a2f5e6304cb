"""Patterns for names: globs (``web-*``), regular expressions (``/^web-\\d+$/``) and plain names. Case never matters."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

_WILDCARD = re.compile(r"[*?\[]")
_SQL_PATTERN = re.compile(r"%[\w.*-]+%?|[\w.*-]+%")
_FLAGS_AFTER_REGEX = re.compile(r"(/.+/)[gimsux]{1,3}")
_LOOKS_LIKE_REGEX = re.compile(r"[\^].*|.*(?:\\[dwsb](?:[+*{$]|$)|\.[*+]\$|\(.*\|.*\)).*")
_LOOKUPS_BEFORE_TABLE = 4
"""Searches for texts of one length before a table for that length is built."""
NameEdge = tuple[bool, int]
"""Whether it is the beginning (True) or the end of a name, and how many characters of it."""


class TargetNames:
    """Names of targets in one text, so that searching thousands of them for a pattern is one scan.

    ``complete`` is False if there are more targets than known names.
    """

    def __init__(self, names: Iterable[str], count: int | None = None) -> None:
        self.original = tuple(names)
        joined = "\n".join(name.replace("\n", " ") for name in self.original).casefold()
        self.folded = tuple(joined.split("\n")) if self.original else ()
        self.text = f"\n{joined}\n"
        self.complete = count is None or len(self.folded) >= count
        self._edge_sets: dict[NameEdge, set[str]] = {}
        self._edge_lookups: Counter[NameEdge] = Counter()

    def find(self, text: str) -> int | None:
        """Return the index of the first name that contains a text. A line break matches the beginning or end of a
        name."""
        at = self.text.find(text)
        return None if at == -1 or not self.folded else self.name_index_at(at)

    def none_has_edge(self, text: str, side: NameEdge) -> bool:
        """Return True if no name begins (or ends) with a text; False if some may.

        Many rules look for texts of the same length. From the fourth one on they share a table, which is quicker than a
        search.
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
        """Return the index of the name at a position of ``text``."""
        return self.text.count("\n", 0, position + 1) - 1


def pattern_mistake(text: str) -> str:
    """Return why a text can hardly be meant as the pattern that it is, and what to write instead; "" if it can."""
    if text != text.strip():
        return f'"{text}" begins or ends with a space; take it out'
    if text.startswith("!"):
        return f'"{text}": a pattern cannot exclude anything; put "{text[1:]}" into unless'
    if _is_regex(text):
        return ""
    if _SQL_PATTERN.fullmatch(text):
        return f'"{text}": "%" stands for itself only; did you mean "{text.replace("%", "*")}"?'
    if match := _FLAGS_AFTER_REGEX.fullmatch(text):
        return f'"{text}": nothing may follow the last "/", and case never matters; write "{match[1]}"'
    if text.startswith("/") and re.search(r"[\^$\\+(|]", text):
        return f'"{text}" is not a regular expression: it does not end with "/"; add one'
    if _LOOKS_LIKE_REGEX.fullmatch(text):
        return f'"{text}" looks like a regular expression; write it between slashes: "/{text}/"'
    return ""


class Patterns:
    """Several patterns, any of which may match. Raises ValueError for one that is not valid."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(texts)
        self._finders = tuple(_finder(text) for text in texts)
        plain = frozenset(text.casefold() for text in texts if _is_plain(text))
        tests = [_matcher(text) for text in texts if not _is_plain(text)]
        if plain:
            tests.append(plain.__contains__)
        self.match_folded = tests[0] if len(tests) == 1 else lambda folded: any(test(folded) for test in tests)
        """Like ``match``, for a value that is already casefolded."""

    def match(self, value: str) -> bool:
        """Return whether a value matches. Only the empty pattern matches the empty value."""
        return self.match_folded(value.casefold())

    def first_match(self, names: TargetNames) -> str | None:
        """Return a name that matches, as it is written; None if none does."""
        for find in self._finders:
            index = find(names)
            if index is not None:
                return names.original[index]
        return None

    def covers(self, names: TargetNames) -> bool:
        """Return whether every target matches. There must be at least one, and all names must be known."""
        return bool(names.folded) and names.complete and all(map(self.match_folded, names.folded))


def _is_regex(text: str) -> bool:
    return len(text) > 2 and text.startswith("/") and text.endswith("/")


def _is_plain(text: str) -> bool:
    return not _is_regex(text) and _WILDCARD.search(text) is None


def _matcher(text: str) -> Callable[[str], bool]:
    """Return a test of one casefolded value. The globs ``a*``, ``*a`` and ``*a*`` need no regular expression. The empty
    value never matches."""
    if _is_regex(text):
        search = _regex(text[1:-1]).search
        return lambda value: bool(value and search(value))
    low = text.casefold()
    core = low.strip("*")
    if not core:
        return bool
    if _WILDCARD.search(core):
        whole = re.compile(_glob(low)).fullmatch
        return lambda value: whole(value) is not None
    if low.startswith("*") and low.endswith("*"):
        return lambda value: core in value
    return (lambda value: value.startswith(core)) if low.endswith("*") else (lambda value: value.endswith(core))


def _regex(source: str) -> re.Pattern[str]:
    try:
        return re.compile(source, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"/{source}/ is not a regular expression: {error}") from error


def _finder(text: str) -> Callable[[TargetNames], int | None]:
    """Return a search through all names at once. Plain names and the globs ``a*``, ``*a`` and ``*a*`` are substring
    searches. Other globs are one search by lines. Regular expressions go name by name."""
    if _is_regex(text):
        search = _regex(text[1:-1]).search
        return lambda names: next((i for i, name in enumerate(names.folded) if search(name)), None)
    low = text.casefold()
    core = low.strip("*")
    if _WILDCARD.search(core):
        lines = re.compile(f"^(?:{_glob(low)})$", re.MULTILINE)

        def by_lines(names: TargetNames) -> int | None:
            match = lines.search(names.text, 1, len(names.text) - 1)
            return names.name_index_at(match.start()) if match else None

        return by_lines
    begins, ends = not low.startswith("*"), not low.endswith("*")
    needle = ("\n" if begins else "") + core + ("\n" if ends else "")
    if begins == ends:
        return lambda names: names.find(needle)
    side = begins, len(core)
    return lambda names: None if names.none_has_edge(core, side) else names.find(needle)


@lru_cache(maxsize=4096)
def _glob(text: str) -> str:
    """Translate a glob to a regular expression that stays within a line. Raises ValueError for a class that never
    ends."""
    parts, at = [], 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*":
            parts.append(r"[^\n]*")
        elif char == "?":
            parts.append(r"[^\n]")
        elif char == "[":
            end = text.find("]", at + 1)
            if end == -1:
                raise ValueError(f'"{text}" opens a [ that is never closed')
            inside = text[at:end].replace("\\", r"\\")
            parts.append(f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]")
            at = end + 1
        else:
            parts.append(re.escape(char))
    try:
        re.compile("".join(parts))
    except re.error as error:
        raise ValueError(f'"{text}" is not a pattern: {error}') from error
    return "".join(parts)


def may_overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether some name could match both sets of patterns. No patterns mean every name. A regular expression or
    a class counts as able to match anything."""
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
