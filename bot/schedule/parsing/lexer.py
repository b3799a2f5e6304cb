"""Cut a phrase into tokens. Only spaces and harmless punctuation are dropped."""

import re
from dataclasses import dataclass

from bot.schedule.parsing.vocabulary import UNIT_SUFFIXES, VOCABULARY, TokenKind

_ZONE_AREAS = (
    "africa|america|antarctica|arctic|asia|atlantic|australia|europe|indian|pacific|etc|us|canada|brazil|chile"
)
_PATTERN = re.compile(
    rf"""
    (?P<date>\d{{4}}-\d{{1,2}}-\d{{1,2}}(?!\d)|\d{{1,4}}(?P<sep>[/.-])\d{{1,2}}(?P=sep)\d{{1,4}}(?!\d))
  | (?P<offset>(?:utc|gmt)\s?[+-]\s?\d{{1,2}}(?::?\d\d)?(?!\d)|(?:(?<=\d)|(?<=\d\s))\+\d\d:?\d\d(?!\d))
  | (?P<clock>\d{{1,3}}(?::\d\d){{1,2}}(?:\.\d+)?(?!\d)|\d{{1,2}}h\d\d(?![a-z\d]))
  | (?P<dotted>\d{{1,2}}\.\d{{1,2}}(?!\d))
  | (?P<slashed>(?<!/)\d{{1,2}}\s?/\s?\d{{1,4}}(?!\d))
  | (?P<ordinal>\d{{1,3}}(?:st|nd|rd|th)(?![a-z]))
  | (?P<number>\d+)
  | (?P<zone>(?:{_ZONE_AREAS})/[a-z0-9_+\-]+(?:/[a-z_]+)?)
  | (?P<meridiem>[ap]\.?\s?m\.?(?![a-z]))
  | (?P<oclock>o\s?'\s?clock)
  | (?P<word>week-end|[a-z]+)
  | (?P<comma>[,;])
  | (?P<dash>-)
  | (?P<sign>[/+&@]|(?<=\d)')
  | (?P<skip>[\s.!?()"']+|(?<=\d):(?=\d))
  | (?P<other>[^\s\w]+|\w+)
    """,
    re.VERBOSE | re.ASCII,
)
_ISO_DATETIME = re.compile(r"(\d{4}-\d\d-\d\d)t(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s?(z|[+-]\d\d:?\d\d)?(?![\d:])")
_PLAIN_PUNCTUATION = str.maketrans("–—‐‑−’‘“”\u00a0\u202f\t\n", "-----''\"\"    ")
_SIGN_NAMES = {"/": "/", "+": "+", "&": "and", "@": "at", "'": "'"}


@dataclass(slots=True)
class Token:
    """A word, number or sign.

    ``start`` and ``end`` are its place in the phrase. ``name`` is the canonical word and ``number`` its value.
    ``parts`` are the numbers of a date or time. ``adjacent`` means that no space comes before it.
    """

    kind: TokenKind
    name: str
    start: int
    end: int
    text: str = ""
    number: int = 0
    adjacent: bool = False
    parts: tuple[int, ...] = ()


def tokenize(phrase: str) -> list[Token]:
    """Cut a phrase into tokens, followed by four tokens of the kind ``end`` so that looking ahead is safe."""
    text = phrase.translate(_PLAIN_PUNCTUATION)
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    tokens: list[Token] = []
    place = 0
    if "t" in lower and (iso := _ISO_DATETIME.search(lower)):
        _append_tokens(lower, 0, iso.start(), text, tokens)
        _append_iso_datetime(iso, tokens)
        place = iso.end()
    _append_tokens(lower, place, len(lower), text, tokens)
    tokens = _merge_number_words(tokens)
    size = len(phrase)
    tokens += [Token("end", "", size, size) for _ in range(4)]
    return tokens


def _append_iso_datetime(match: re.Match[str], tokens: list[Token]) -> None:
    day, clock, offset = match.groups()
    tokens.append(_numeric_token("date", day, match.start(1)))
    time = _numeric_token("clock", clock, match.start(2))
    time.start -= 1
    tokens.append(time)
    if offset:
        tokens.append(Token("offset", offset, match.start(3), match.end(3), offset, adjacent=True))


def _append_tokens(lower: str, start: int, stop: int, original: str, tokens: list[Token]) -> None:
    last_end = -1
    for match in _PATTERN.finditer(lower, start, stop):
        kind = match.lastgroup
        if kind == "sep":
            kind = "date"
        text = match[0]
        at = match.start()
        if kind == "skip":
            continue
        token = _make_token(str(kind), text, at, tokens[-1] if last_end == at else None, original)
        token.adjacent = last_end == at
        last_end = token.end
        tokens.append(token)


def _make_token(kind: str, text: str, start: int, previous: Token | None, original: str) -> Token:
    end = start + len(text)
    match kind:
        case "word":
            return _word_token(text, start, previous, original)
        case "number":
            return Token("number", text, start, end, text, int(text))
        case "ordinal":
            return Token("ordinal", text, start, end, text, int(text[:-2]))
        case "date" | "clock" | "dotted" | "slashed":
            return _numeric_token(kind, text, start)
        case "meridiem":
            return Token("meridiem", text, start, end, text, 12 * (text[0] == "p"))
        case "oclock":
            return Token("word", "o'clock", start, end, text)
        case "sign":
            return Token("word", _SIGN_NAMES[text], start, end, text)
        case "comma" | "dash" | "zone" | "offset":
            return Token(kind, text, start, end, text)
        case _:
            return Token("other", text, start, end, text)


def _numeric_token(kind: TokenKind, text: str, start: int) -> Token:
    parts = tuple(int(part) for part in re.findall(r"\d+", text.split(".", maxsplit=1)[0] if kind == "clock" else text))
    return Token(kind, text, start, start + len(text), text, parts=parts)


def _word_token(text: str, start: int, previous: Token | None, original: str) -> Token:
    end = start + len(text)
    if previous is not None and previous.kind in ("number", "clock", "dotted"):
        if text in ("a", "p"):
            return Token("meridiem", text, start, end, text, 12 * (text == "p"))
        # 4M can mean months or minutes.
        if previous.kind != "clock" and text in UNIT_SUFFIXES and original[start:end] != "M":
            return Token("unit", UNIT_SUFFIXES[text], start, end, text, 1)
    entry = VOCABULARY.get(text)
    if entry is None:
        return Token("other", text, start, end, text)
    return Token(entry.kind, entry.name, start, end, text, entry.number)


def _merge_number_words(tokens: list[Token]) -> list[Token]:
    """Join twenty + two and twenty + second, with or without a hyphen, into one number or ordinal."""
    if not any(t.kind == "number" and t.text in _TENS_WORDS for t in tokens):
        return tokens
    joined: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        step = 1
        if token.kind == "number" and token.text in _TENS_WORDS:
            step = (
                2 if index + 2 < len(tokens) and tokens[index + 1].kind == "dash" and tokens[index + 2].adjacent else 1
            )
            unit = tokens[index + step] if index + step < len(tokens) else None
            if unit is not None and unit.kind in ("number", "ordinal") and unit.text.isalpha() and 0 < unit.number < 10:
                number = token.number + unit.number
                token = Token(unit.kind, str(number), token.start, unit.end, unit.text, number, token.adjacent)
                step += 1
            else:
                step = 1
        joined.append(token)
        index += step
    return joined


_TENS_WORDS = frozenset(
    name for name, entry in VOCABULARY.items() if entry.kind == "number" and entry.number in range(20, 100, 10)
)
