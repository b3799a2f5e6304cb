"""A small reader of Foreman's scoped search: enough of its grammar to find hosts, templates and jobs as it does."""

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import translate
from typing import Any

Fields = Callable[[Any, str], Any]
"""Gives the value of a field of a thing: text, a number, or a collection of them. Raises KeyError if unknown."""

Test = Callable[[Any], bool]

_TOKEN = re.compile(r'\s*(?:("(?:\\.|[^"\\])*")|(!=|<>|!~|!\^|>=|<=|[=~^<>(),&|!])|([^\s=~^<>(),"&|!]+))')
_COMPARISONS = frozenset({"=", "!=", "<>", "~", "!~", "^", "!^", "<", ">", "<=", ">="})


class SearchError(Exception):
    """The query cannot be used; the text is Foreman's."""


def compile_search(query: str, fields: Fields, free: tuple[str, ...], sample: Any) -> Test:
    """A test for a query. ``free`` are the fields that a bare word is looked for in; ``sample`` is any thing, used to
    tell unknown fields. Raises SearchError."""
    if not query.strip():
        return lambda thing: True
    reader = _Reader(list(_tokens(query)), fields, free, sample)
    test = reader.either()
    if not reader.done:
        raise SearchError(f"Unexpected {reader.peek()[1]!r} in the search query")
    return test


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    at = 0
    query = query.rstrip()
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise SearchError("The search query has an unclosed quote")
        quoted, sign, word = match.groups()
        if quoted is not None:
            yield "value", re.sub(r"\\(.)", r"\1", quoted[1:-1])
        elif sign is not None:
            yield "sign", sign
        else:
            yield "word", word
        at = match.end()


class _Reader:
    """Recursive descent: or binds loosest, then and (also by mere adjacency), then not."""

    def __init__(self, tokens: list[tuple[str, str]], fields: Fields, free: tuple[str, ...], sample: Any) -> None:
        self._tokens, self._fields, self._free, self._sample = tokens, fields, free, sample
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._tokens)

    def peek(self) -> tuple[str, str]:
        return ("end", "") if self.done else self._tokens[self._at]

    def either(self) -> Test:
        tests = [self._all()]
        while self._takes("or", "|"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda thing: any(test(thing) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while True:
            if self._takes("and", "&"):
                tests.append(self._one())
            elif self.done or self.peek() == ("sign", ")") or self._next_is("or", "|"):
                return tests[0] if len(tests) == 1 else lambda thing: all(test(thing) for test in tests)
            else:
                tests.append(self._one())

    def _one(self) -> Test:
        if self._takes("not", "!"):
            inner = self._one()
            return lambda thing: not inner(thing)
        if self._takes("", "("):
            group = self.either()
            if not self._takes("", ")"):
                raise SearchError("Unclosed parenthesis in the search query")
            return group
        kind, text = self._take()
        if kind == "word" and text.lower() in ("null?", "set?", "has"):
            wanted = text.lower() != "null?"
            name = self._field(self._take()[1])
            return lambda thing: (self._fields(thing, name) not in (None, "", (), frozenset())) == wanted
        if kind in ("word", "value") and self.peek()[0] == "sign" and self.peek()[1] in _COMPARISONS:
            return self._comparison(self._field(text))
        if kind in ("word", "value"):
            return self._anywhere(text)
        raise SearchError(f"Unexpected {text!r} in the search query")

    def _comparison(self, name: str) -> Test:
        sign = self._take()[1]
        if sign in ("^", "!^"):
            wanted = {value.lower() for value in self._values()}
            positive = sign == "^"
            return lambda thing: (
                _some(self._fields(thing, name), lambda value: str(value).lower() in wanted) == positive
            )
        kind, value = self._take()
        if kind not in ("word", "value"):
            raise SearchError(f"Value expected after {name} {sign}")
        test = _compare(sign, value)
        return lambda thing: test(self._fields(thing, name))

    def _values(self) -> list[str]:
        if not self._takes("", "("):
            return [self._take()[1]]
        values = []
        while not self._takes("", ")"):
            kind, text = self._take()
            if kind == "end":
                raise SearchError("Unclosed parenthesis in the search query")
            if text != ",":
                values.append(text)
        return values

    def _anywhere(self, text: str) -> Test:
        test = _compare("~", text)
        return lambda thing: any(test(self._fields(thing, name)) for name in self._free)

    def _field(self, name: str) -> str:
        try:
            self._fields(self._sample, name)
        except KeyError:
            raise SearchError(f"Field '{name}' not recognized for searching!") from None
        return name

    def _take(self) -> tuple[str, str]:
        token = self.peek()
        self._at += 1
        return token

    def _next_is(self, word: str, sign: str) -> bool:
        kind, text = self.peek()
        return (kind == "word" and text.lower() == word) or (kind == "sign" and text == sign)

    def _takes(self, word: str, sign: str) -> bool:
        if self._next_is(word, sign):
            self._at += 1
            return True
        return False


def _compare(sign: str, wanted: str) -> Callable[[Any], bool]:
    """A test of one value; of a collection some element must pass (none, where the sign denies)."""
    match sign:
        case "=":
            plain = _equals(wanted)
        case "!=" | "<>":
            same = _equals(wanted)
            return lambda value: not _some(value, same)
        case "~":
            plain = _like(wanted)
        case "!~":
            like = _like(wanted)
            return lambda value: not _some(value, like)
        case _:
            plain = _ordered(sign, wanted)
    return lambda value: _some(value, plain)


def _some(value: Any, test: Callable[[Any], bool]) -> bool:
    if isinstance(value, tuple | list | set | frozenset):
        return any(test(item) for item in value)
    return test(value)


def _equals(wanted: str) -> Callable[[Any], bool]:
    lowered = wanted.lower()
    return lambda value: value is not None and str(value).lower() == lowered


def _like(wanted: str) -> Callable[[Any], bool]:
    """ILIKE with ``%`` and ``*`` for anything and ``_`` for one character, anywhere in the text."""
    literal = wanted.lower()
    if not re.search(r"[%*_]", literal):
        return lambda value: value is not None and literal in str(value).lower()
    glob = "".join({"%": "*", "*": "*", "_": "?", "?": "[?]", "[": "[[]"}.get(sign, sign) for sign in literal)
    pattern = re.compile(translate(f"*{glob}*"))
    return lambda value: value is not None and pattern.match(str(value).lower()) is not None


def _ordered(sign: str, wanted: str) -> Callable[[Any], bool]:
    try:
        bound = float(wanted)
    except ValueError:
        raise SearchError(f"{wanted!r} cannot be compared with {sign}") from None
    tests: Mapping[str, Callable[[float], bool]] = {
        "<": lambda n: n < bound,
        ">": lambda n: n > bound,
        "<=": lambda n: n <= bound,
        ">=": lambda n: n >= bound,
    }
    test = tests[sign]
    return lambda value: isinstance(value, int | float) and test(value)
