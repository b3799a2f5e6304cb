"""A parser of Foreman's scoped search, with enough of its grammar to find hosts, templates and jobs."""

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import translate
from typing import Any

FieldGetter = Callable[[Any, str], Any]
"""Gives the value of a field of a thing: text, a number, or a collection of them. Raises KeyError if unknown."""

Predicate = Callable[[Any], bool]

_TOKEN = re.compile(r'\s*(?:("(?:\\.|[^"\\])*")|(!=|<>|!~|!\^|>=|<=|[=~^<>(),&|!])|([^\s=~^<>(),"&|!]+))')
_COMPARISONS = frozenset({"=", "!=", "<>", "~", "!~", "^", "!^", "<", ">", "<=", ">="})


class SearchError(Exception):
    """The query cannot be used; the text is Foreman's."""


def compile_search(query: str, fields: FieldGetter, free_fields: tuple[str, ...], sample_item: Any) -> Predicate:
    """A test for a query. ``free`` are the fields that a bare word is looked for in; ``sample`` is any thing, used to
    tell unknown fields. Raises SearchError."""
    if not query.strip():
        return lambda thing: True
    reader = _Parser(list(_tokens(query)), fields, free_fields, sample_item)
    test = reader.parse_or()
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


class _Parser:
    """Recursive descent: or binds loosest, then and (also by mere adjacency), then not."""

    def __init__(self, tokens: list[tuple[str, str]], fields: FieldGetter, free: tuple[str, ...], sample: Any) -> None:
        self._tokens, self._fields, self._free, self._sample = tokens, fields, free, sample
        self._position = 0

    @property
    def done(self) -> bool:
        return self._position >= len(self._tokens)

    def peek(self) -> tuple[str, str]:
        return ("end", "") if self.done else self._tokens[self._position]

    def parse_or(self) -> Predicate:
        tests = [self._parse_and()]
        while self._accept("or", "|"):
            tests.append(self._parse_and())
        return tests[0] if len(tests) == 1 else lambda thing: any(test(thing) for test in tests)

    def _parse_and(self) -> Predicate:
        tests = [self._parse_term()]
        while True:
            if self._accept("and", "&"):
                tests.append(self._parse_term())
            elif self.done or self.peek() == ("sign", ")") or self._next_is("or", "|"):
                return tests[0] if len(tests) == 1 else lambda thing: all(test(thing) for test in tests)
            else:
                tests.append(self._parse_term())

    def _parse_term(self) -> Predicate:
        if self._accept("not", "!"):
            inner = self._parse_term()
            return lambda thing: not inner(thing)
        if self._accept("", "("):
            group = self.parse_or()
            if not self._accept("", ")"):
                raise SearchError("Unclosed parenthesis in the search query")
            return group
        kind, text = self._next()
        if kind == "word" and text.lower() in ("null?", "set?", "has"):
            wanted = text.lower() != "null?"
            name = self._field(self._next()[1])
            return lambda thing: (self._fields(thing, name) not in (None, "", (), frozenset())) == wanted
        if kind in ("word", "value") and self.peek()[0] == "sign" and self.peek()[1] in _COMPARISONS:
            return self._comparison(self._field(text))
        if kind in ("word", "value"):
            return self._free_text(text)
        raise SearchError(f"Unexpected {text!r} in the search query")

    def _comparison(self, name: str) -> Predicate:
        sign = self._next()[1]
        if sign in ("^", "!^"):
            wanted = {value.lower() for value in self._values()}
            positive = sign == "^"
            return lambda thing: (
                _any_value(self._fields(thing, name), lambda value: str(value).lower() in wanted) == positive
            )
        kind, value = self._next()
        if kind not in ("word", "value"):
            raise SearchError(f"Value expected after {name} {sign}")
        test = _compare(sign, value)
        return lambda thing: test(self._fields(thing, name))

    def _values(self) -> list[str]:
        if not self._accept("", "("):
            return [self._next()[1]]
        values = []
        while not self._accept("", ")"):
            kind, text = self._next()
            if kind == "end":
                raise SearchError("Unclosed parenthesis in the search query")
            if text != ",":
                values.append(text)
        return values

    def _free_text(self, text: str) -> Predicate:
        test = _compare("~", text)
        return lambda thing: any(test(self._fields(thing, name)) for name in self._free)

    def _field(self, name: str) -> str:
        try:
            self._fields(self._sample, name)
        except KeyError:
            raise SearchError(f"Field '{name}' not recognized for searching!") from None
        return name

    def _next(self) -> tuple[str, str]:
        token = self.peek()
        self._position += 1
        return token

    def _next_is(self, word: str, sign: str) -> bool:
        kind, text = self.peek()
        return (kind == "word" and text.lower() == word) or (kind == "sign" and text == sign)

    def _accept(self, word: str, sign: str) -> bool:
        if self._next_is(word, sign):
            self._position += 1
            return True
        return False


def _compare(sign: str, wanted: str) -> Callable[[Any], bool]:
    """A test of one value; of a collection some element must pass (none, where the sign denies)."""
    match sign:
        case "=":
            plain = _equals(wanted)
        case "!=" | "<>":
            same = _equals(wanted)
            return lambda value: not _any_value(value, same)
        case "~":
            plain = _matches(wanted)
        case "!~":
            like = _matches(wanted)
            return lambda value: not _any_value(value, like)
        case _:
            plain = _ordered(sign, wanted)
    return lambda value: _any_value(value, plain)


def _any_value(value: Any, test: Callable[[Any], bool]) -> bool:
    if isinstance(value, tuple | list | set | frozenset):
        return any(test(item) for item in value)
    return test(value)


def _equals(wanted: str) -> Callable[[Any], bool]:
    lowered = wanted.lower()
    return lambda value: value is not None and str(value).lower() == lowered


def _matches(wanted: str) -> Callable[[Any], bool]:
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
