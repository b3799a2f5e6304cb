"""Cut a phrase into tokens. Only spaces and harmless punctuation are dropped."""

import re

from bot.schedule.parsing.formats import find_formats
from bot.schedule.parsing.languages import Lexicon, lexicon
from bot.schedule.parsing.tokens import Token
from bot.schedule.parsing.vocabulary import UNIT_SUFFIXES, VOCABULARY, TokenKind

_ZONE_AREAS = (
    "africa|america|antarctica|arctic|asia|atlantic|australia|europe|indian|pacific|etc|us|canada|brazil|chile"
)
_UNITS_AFTER_COMMA = "h|hrs?|hours?|min|mins|minutes?|d|days?|std|stunden?|heures?|horas?|uur|uren"
_PATTERN = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<date>\d{{4}}-\d{{1,2}}-\d{{1,2}}(?!\d)|\d{{1,4}}(?P<sep>[/.-])\d{{1,2}}(?P=sep)\d{{1,4}}(?!\d))
  | (?P<offset>(?:utc|gmt)(?:\s?\+\s?|-\s?|\s-)\d{{1,2}}(?::?\d\d)?(?!\d)|(?:(?<=\d)|(?<=\d\s))\+\d\d:?\d\d(?!\d))
  | (?P<clock>\d{{1,3}}(?::\d\d){{1,2}}(?:\.\d+)?(?!\d)|\d{{1,2}}h\d\d(?![a-z\d]))
  | (?P<dotted>\d{{1,2}}\.\d{{1,2}}(?!\d)|\d{{1,3}},\d{{1,2}}(?=\s?(?:{_UNITS_AFTER_COMMA})(?![a-z])))
  | (?P<slashed>(?<!/)\d{{1,2}}\s?/\s?\d{{1,4}}(?!\d))
  | (?P<ordinal>\d{{1,3}}(?:st|nd|rd|th)(?![a-z]))
  | (?P<slang>2(?:mor+ow?|nite|day)(?![a-z]))
  | (?P<year>(?<=\s)'\d\d(?!\d))
  | (?P<minutes>(?<!\d):[0-5]\d(?!\d))
  | (?P<number>\d+)
  | (?P<zone>(?:{_ZONE_AREAS})/[a-z0-9_+\-]+(?:/[a-z_]+)?)
  | (?P<meridiem>[ap]\.?\s?m\.?(?![a-z]))
  | (?P<oclock>o\s?'\s?clock)
  | (?P<workweek>m-f(?![a-z]))
  | (?P<word>week-end|bi-weekly|bi-monthly|semi-monthly|x(?=\d)|[a-z]+)
  | (?P<comma>[,;])
  | (?P<arrow>[-=]+>|→|(?<=\w)\.\.\.?(?=\w))
  | (?P<dash>-)
  | (?P<sign>[/+&@]|(?<=\d)')
  | (?P<skip>(?:[\s.!?()\[\]"]|'(?!\d\d(?!\d)))+|(?<=\d):(?=\d))
  | (?P<other>[^\s\w]+|\w+)
    """,
    re.VERBOSE | re.ASCII,
)
_SPECIAL_TOKENS: dict[str, tuple[TokenKind, str]] = {"<h>": ("unit", "hour"), "<hours>": ("unit", "hour")}
_OFFSET_HINT = re.compile(r":\d\d[+-]\d|\s[+-]\d|plus")
"""What a phrase with an offset that is merged from several tokens contains."""
_BEFORE_LENGTHS = frozenset({"in", "every", "for", "within", "+", "other"})
"""Words before a number that make "2 uur" a length of time."""
_SIGN_NAMES = {"/": "/", "+": "+", "&": "and", "@": "at", "'": "'"}


def tokenize(phrase: str, language: str = "en") -> list[Token]:
    """Cut a phrase into tokens, followed by four tokens of the kind ``end`` so that looking ahead is safe.

    Words of the ``language`` become the tokens of their English ones, at their own places.
    """
    lower = phrase.lower()
    if len(lower) != len(phrase):
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in phrase)
    tokens: list[Token] = []
    place = 0
    words = lexicon(language)
    places = find_formats(lower)
    for start, end, found in (
        sorted([*places, *_translations(words, lower, places)], key=lambda found: found[0]) if words else places
    ):
        _append_tokens(lower, place, start, phrase, tokens)
        tokens += found
        place = end
    _append_tokens(lower, place, len(lower), phrase, tokens)
    tokens = _settle_prepositions(tokens) if words else tokens
    tokens = _merge_offsets(tokens) if _OFFSET_HINT.search(lower) else tokens
    tokens = _merge_number_words(tokens) if "ty" in lower else tokens
    size = len(phrase)
    tokens += [Token("end", "", size, size) for _ in range(4)]
    return tokens


def is_foreign(phrase: str, language: str) -> bool:
    """Tell whether a phrase has a word that means something in a language other than English."""
    words = lexicon(language)
    return words is not None and bool(words.translate(phrase.lower()))


def _translations(
    words: Lexicon, text: str, places: list[tuple[int, int, list[Token]]]
) -> list[tuple[int, int, list[Token]]]:
    """Return the places of words of another language, with the tokens of their English."""
    found = []
    for start, end, english in words.translate(text):
        if any(begin < end and start < stop for begin, stop, _ in places):
            continue
        tokens: list[Token] = []
        if english in _SPECIAL_TOKENS:
            kind, name = _SPECIAL_TOKENS[english]
            tokens.append(Token(kind, name, start, end, english.strip("<>"), 1))
        else:
            _append_tokens(english, 0, len(english), english, tokens)
        for token in tokens:
            token.start, token.end = start, end
        found.append((start, end, tokens))
    return found


def _settle_prepositions(tokens: list[Token]) -> list[Token]:
    """Read "à" and "a" as "to" behind a time, else as "at"; and "heures" as a length of time or as o'clock."""
    start = Token("end", "", 0, 0)
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else start
        second = tokens[index - 2] if index > 1 else start
        if token.text == "@" and token.name == "at":
            is_time = before.kind in ("clock", "meridiem") or before.text == "h" or before.name == "o'clock"
            in_range = before.kind == "number" and second.name in ("from", "between")
            days = before.kind in ("weekday", "weekdays") and tokens[index + 1 : index + 2]
            between_days = bool(days) and tokens[index + 1].kind in ("weekday", "weekdays")
            token.name = "to" if is_time or in_range or between_days else "at"
        if token.text == "hours" and token.kind == "unit" and second.name not in _BEFORE_LENGTHS:
            token.kind, token.name = "word", "o'clock"
    return tokens


def _append_tokens(lower: str, start: int, stop: int, original: str, tokens: list[Token]) -> None:
    last_end = -1
    for match in _PATTERN.finditer(lower, start, stop):
        kind = match.lastgroup
        if kind == "space":
            continue
        if kind == "sep":
            kind = "date"
        text = match[0]
        at = match.start()
        if kind == "skip":
            continue
        if kind == "minutes":
            tokens.append(Token("unit", "minute", at, match.end(), "minute", 1))
            at, last_end = at + 1, at + 1
            kind, text = "number", text[1:]
        token = _make_token(str(kind), text, at, tokens[-1] if last_end == at else None, original)
        token.adjacent = last_end == at
        last_end = token.end
        tokens.append(token)


def _make_token(kind: str, text: str, start: int, previous: Token | None, original: str) -> Token:
    end = start + len(text)
    match kind:
        case "word" | "slang":
            return _word_token(text, start, previous, original)
        case "year":
            return Token("number", text, start, end, f"20{text[1:]}", 2000 + int(text[1:]))
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
        case "arrow":
            return Token("word", "to", start, end, text)
        case "workweek":
            return Token("word", "weekdays", start, end, text)
        case "sign":
            return Token("word", _SIGN_NAMES[text], start, end, text)
        case "comma" | "dash" | "zone" | "offset":
            return Token(kind, text, start, end, text)
        case _:
            return Token("other", text, start, end, text)


def _numeric_token(kind: TokenKind, text: str, start: int) -> Token:
    size = len(text)
    text = text.replace(",", ".")
    parts = tuple(int(part) for part in re.findall(r"\d+", text.split(".", maxsplit=1)[0] if kind == "clock" else text))
    return Token(kind, text, start, start + size, text, parts=parts)


def _word_token(text: str, start: int, previous: Token | None, original: str) -> Token:
    end = start + len(text)
    if previous is not None and previous.kind in ("number", "clock", "dotted"):
        if text in ("a", "p"):
            return Token("meridiem", text, start, end, text, 12 * (text == "p"))
        # 4M can mean months or minutes.
        if (previous.kind != "clock" or text == "h") and text in UNIT_SUFFIXES and original[start:end] != "M":
            return Token("unit", UNIT_SUFFIXES[text], start, end, text, 1)
    entry = VOCABULARY.get(text)
    if entry is None:
        return Token("other", text, start, end, text)
    return Token(entry.kind, entry.name, start, end, text, entry.number)


def _merge_offsets(tokens: list[Token]) -> list[Token]:
    """Join a sign and the figures after a time to an offset from UTC: 22:00 -0500, 9pm +2, 22:00:00-05:00.

    An offset that may as well be the end of a range gets the name "unsure".
    """
    merged: list[Token] = []
    for index, token in enumerate(tokens):
        if merged and merged[-1].kind == "offset" and token.start < merged[-1].end:
            continue
        sign = token.kind == "dash" or token.name == "+"
        following = tokens[index + 1 : index + 3]
        offset = _offset_after(_clock_before(merged), token, following) if sign and merged and following else None
        merged.append(offset or token)
    return merged


def _clock_before(tokens: list[Token]) -> Token:
    """Return the last token, or the time before it where that is a year: 22:00:00 2026 -0500."""
    is_year = len(tokens) > 1 and tokens[-1].kind == "number" and len(tokens[-1].text) == 4
    return tokens[-2] if is_year and tokens[-2].kind == "clock" else tokens[-1]


def _offset_after(clock: Token, sign: Token, following: list[Token]) -> Token | None:
    """Return the offset that a sign begins behind a time, or None where it cannot be one."""
    figures = following[0]
    closes = len(following) < 2 or not (
        following[1].kind in ("unit", "meridiem", "dash", "month") or following[1].adjacent
    )
    if clock.kind not in ("clock", "meridiem") or not figures.adjacent or not closes:
        return None
    if figures.kind == "clock":
        hours, minutes = figures.parts[:2]
    elif figures.kind == "number" and figures.text.isdigit() and len(figures.text) in (1, 2, 4):
        hours, minutes = divmod(figures.number, 100) if len(figures.text) == 4 else (figures.number, 0)
    else:
        return None
    has_seconds = len(clock.parts) == 3
    if (
        hours > 14
        or minutes not in (0, 30, 45)
        or len(figures.parts) > 2
        or (sign.adjacent and not has_seconds and figures.kind != "clock" and len(figures.text) != 4)
    ):
        return None
    name = "offset"
    is_plain_offset = figures.kind == "number" and len(figures.text) == 4 and not sign.adjacent
    if sign.kind == "dash" and not has_seconds and not is_plain_offset:
        crosses_midnight = clock.kind == "clock" and (hours, minutes) < clock.parts[:2]
        if not 3 <= hours <= 10 or (sign.adjacent and not crosses_midnight):
            return None
        name = "unsure"
    text = f"{'-' if sign.kind == 'dash' else '+'}{hours:02}:{minutes:02}"
    return Token("offset", name, sign.start, figures.end, text, adjacent=sign.adjacent)


def _merge_number_words(tokens: list[Token]) -> list[Token]:
    """Join twenty + two and twenty + second, with or without a hyphen, into one number or ordinal."""
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
