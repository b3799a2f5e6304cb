"""A phrase cut into tokens. Nothing is thrown away but spaces and harmless punctuation."""

import re
from dataclasses import dataclass

from bot.schedule.vocabulary import GLUED_UNITS, WORDS, Kind

_AREAS = "africa|america|antarctica|arctic|asia|atlantic|australia|europe|indian|pacific|etc|us|canada|brazil|chile"
_PATTERN = re.compile(
    rf"""
    (?P<date>\d{{4}}-\d{{1,2}}-\d{{1,2}}(?!\d)|\d{{1,4}}(?P<sep>[/.-])\d{{1,2}}(?P=sep)\d{{1,4}}(?!\d))
  | (?P<offset>(?:utc|gmt)\s?[+-]\s?\d{{1,2}}(?::?\d\d)?(?!\d)|(?:(?<=\d)|(?<=\d\s))\+\d\d:?\d\d(?!\d))
  | (?P<clock>\d{{1,3}}(?::\d\d){{1,2}}(?:\.\d+)?(?!\d)|\d{{1,2}}h\d\d(?![a-z\d]))
  | (?P<dotted>\d{{1,2}}\.\d{{1,2}}(?!\d))
  | (?P<slashed>(?<!/)\d{{1,2}}\s?/\s?\d{{1,4}}(?!\d))
  | (?P<ordinal>\d{{1,3}}(?:st|nd|rd|th)(?![a-z]))
  | (?P<number>\d+)
  | (?P<zone>(?:{_AREAS})/[a-z0-9_+\-]+(?:/[a-z_]+)?)
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
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)t(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s?(z|[+-]\d\d:?\d\d)?(?![\d:])")
_TYPOGRAPHY = str.maketrans("–—‐‑−’‘“”\u00a0\u202f\t\n", "-----''\"\"    ")
_SIGNS = {"/": "/", "+": "+", "&": "and", "@": "at", "'": "'"}


@dataclass(slots=True)
class Token:
    """A word, number or sign. ``start`` and ``end`` are its place in the phrase; ``name`` is the canonical word,
    ``number`` its value; ``parts`` the numbers of a date or clock; ``glued`` says that no space stands before it."""

    kind: Kind
    name: str
    number: int
    start: int
    end: int
    glued: bool = False
    parts: tuple[int, ...] = ()
    text: str = ""


def tokenise(phrase: str) -> list[Token]:
    """Cut a phrase into tokens, ended by four tokens of the kind ``end``, so that looking ahead is safe."""
    text = phrase.translate(_TYPOGRAPHY)
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    tokens: list[Token] = []
    place = 0
    if "t" in lower and (iso := _ISO.search(lower)):
        _cut(lower, 0, iso.start(), text, tokens)
        _iso(iso, tokens)
        place = iso.end()
    _cut(lower, place, len(lower), text, tokens)
    tokens = _join_numbers(tokens)
    size = len(phrase)
    tokens += [Token("end", "", 0, size, size) for _ in range(4)]
    return tokens


def _iso(found: re.Match[str], tokens: list[Token]) -> None:
    day, clock, offset = found.groups()
    tokens.append(_numeric("date", day, found.start(1)))
    time = _numeric("clock", clock, found.start(2))
    time.start -= 1
    tokens.append(time)
    if offset:
        tokens.append(Token("offset", offset, 0, found.start(3), found.end(3), True, text=offset))


def _cut(lower: str, start: int, stop: int, original: str, tokens: list[Token]) -> None:
    last_end = -1
    for found in _PATTERN.finditer(lower, start, stop):
        kind = found.lastgroup
        if kind == "sep":
            kind = "date"
        text = found[0]
        at = found.start()
        if kind == "skip":
            continue
        token = _token(str(kind), text, at, tokens[-1] if last_end == at else None, original)
        token.glued = last_end == at
        last_end = token.end
        tokens.append(token)


def _token(kind: str, text: str, at: int, before: Token | None, original: str) -> Token:
    end = at + len(text)
    match kind:
        case "word":
            return _word(text, at, before, original)
        case "number":
            return Token("number", text, int(text[:9]), at, end, text=text)
        case "ordinal":
            return Token("ordinal", text, int(text[:-2]), at, end, text=text)
        case "date" | "clock" | "dotted" | "slashed":
            return _numeric(kind, text, at)
        case "meridiem":
            return Token("meridiem", "am" if text[0] == "a" else "pm", 12 * (text[0] == "p"), at, end, text=text)
        case "oclock":
            return Token("word", "o'clock", 0, at, end, text=text)
        case "sign":
            return Token("word", _SIGNS[text], 0, at, end, text=text)
        case "comma" | "dash" | "zone" | "offset":
            return Token(kind, text, 0, at, end, text=text)
        case _:
            return Token("other", text, 0, at, end, text=text)


def _numeric(kind: Kind, text: str, at: int) -> Token:
    parts = tuple(int(part) for part in re.findall(r"\d+", text.split(".", maxsplit=1)[0] if kind == "clock" else text))
    return Token(kind, text, 0, at, at + len(text), parts=parts, text=text)


def _word(text: str, at: int, before: Token | None, original: str) -> Token:
    end = at + len(text)
    if before is not None and before.kind in ("number", "clock", "dotted"):
        if text in ("a", "p"):
            return Token("meridiem", text + "m", 12 * (text == "p"), at, end, text=text)
        # 4M is months to some and minutes to others.
        if before.kind != "clock" and text in GLUED_UNITS and original[at:end] != "M":
            return Token("unit", GLUED_UNITS[text], 1, at, end, text=text)
    entry = WORDS.get(text)
    if entry is None:
        return Token("other", text, 0, at, end, text=text)
    return Token(entry[0], entry[2], entry[1], at, end, text=text)


def _join_numbers(tokens: list[Token]) -> list[Token]:
    """Join twenty + two, twenty + second (with or without a hyphen) into one number or ordinal."""
    if not any(t.kind == "number" and t.text in _TENS for t in tokens):
        return tokens
    joined: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        step = 1
        if token.kind == "number" and token.text in _TENS:
            step = 2 if index + 2 < len(tokens) and tokens[index + 1].kind == "dash" and tokens[index + 2].glued else 1
            unit = tokens[index + step] if index + step < len(tokens) else None
            if unit is not None and unit.kind in ("number", "ordinal") and unit.text.isalpha() and 0 < unit.number < 10:
                number = token.number + unit.number
                token = Token(unit.kind, str(number), number, token.start, unit.end, token.glued, text=unit.text)
                step += 1
            else:
                step = 1
        joined.append(token)
        index += step
    return joined


_TENS = frozenset(name for name, entry in WORDS.items() if entry[0] == "number" and entry[1] in range(20, 100, 10))
