"""Parse durations: in 2 hours, 3 days from now, for 90 minutes, 2 weeks after 1 March, 5 times."""

from collections.abc import Sequence

from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import AmbiguousNode, Duration, DurationParts, FromNow, RelativeTo, RunCount, SyntaxNode
from bot.schedule.parsing.tokens import Token
from bot.schedule.parsing.vocabulary import UNIT_SUFFIXES

WORKDAY = "workday"
"""The unit of "2 business days"."""
_FROM_NOW_SUFFIXES = frozenset({"later", "hence"})


def duration_parts(tokens: Sequence[Token], i: int) -> tuple[DurationParts, int] | None:
    """Parse numbers with units: "1d, 2hr and 5min", "an hour and a half", "2 and a half hours", "1h30"."""
    parts: list[tuple[float, str]] = []
    end = i
    while (part := _duration_part(tokens, i)) is not None:
        (count, unit), end = part
        parts.append((count, unit))
        if tokens[end].name == "and" and tokens[end + 1].name == "a" and tokens[end + 2].name == "half":
            parts.append((0.5, unit))
            end += 3
        i = end
        while tokens[i].kind == "comma" or tokens[i].name == "and":
            i += 1
    return (tuple(parts), end) if parts else None


def _duration_part(tokens: Sequence[Token], i: int) -> tuple[tuple[float, str], int] | None:
    token = tokens[i]
    if token.kind == "clock" and "h" in token.text:
        return (token.parts[0] + token.parts[1] / 60, "hour"), i + 1
    if token.kind == "clock" and len(token.parts) == 2 and tokens[i + 1].name == "hour" and tokens[i - 1].name == "in":
        return (token.parts[0] + token.parts[1] / 60, "hour"), i + 2
    if token.name == "half" and tokens[i + 1].name in ("a", "an") and tokens[i + 2].kind == "unit":
        return (0.5 * tokens[i + 2].number, tokens[i + 2].name), i + 3
    if (quarters := _quarters_of_an_hour(tokens, i)) is not None:
        return quarters
    count = _count(tokens, i)
    if count is None:
        return None
    value, i = count
    if tokens[i].name == "and" and tokens[i + 1].name in ("a", "an", "1") and tokens[i + 2].name == "half":
        value, i = value + 0.5, i + 3
    if tokens[i].name == "half" and tokens[i - 1].name in ("a", "an"):
        value, i = 0.5, i + 1
    unit = tokens[i]
    if unit.kind == "unit":
        return (value * unit.number, unit.name), i + 1
    if unit.name in ("business", "working") and tokens[i + 1].name == "day":
        return (value, WORKDAY), i + 2
    if unit.text in ("workday", "workdays"):
        return (value, WORKDAY), i + 1
    if unit.text in ("m", "h", "d", "w"):
        return (value, UNIT_SUFFIXES[unit.text]), i + 1
    if unit.text == "second":
        return (value, "second"), i + 1
    if unit.text == "'" and unit.adjacent:
        return (value, "minute"), i + 1
    return None


def _quarters_of_an_hour(tokens: Sequence[Token], i: int) -> tuple[tuple[float, str], int] | None:
    """Parse a quarter of an hour, three quarters of an hour, three-quarters of an hour."""
    count = 1
    if tokens[i].kind == "number":
        count, i = tokens[i].number, i + 1 + (tokens[i + 1].kind == "dash")
    else:
        i += tokens[i].name == "a"
    if tokens[i].name not in ("quarter", "quarters") or tokens[i + 1].name != "of":
        return None
    i += 2 + (tokens[i + 2].name in ("a", "an"))
    return ((count / 4, "hour"), i + 1) if tokens[i].name == "hour" else None


def _count(tokens: Sequence[Token], i: int) -> tuple[float, int] | None:
    token = tokens[i]
    if token.kind == "number":
        fraction = tokens[i + 1]
        if fraction.kind == "slashed" and fraction.parts in ((1, 2), (1, 4), (3, 4)):
            return token.number + fraction.parts[0] / fraction.parts[1], i + 2
        return float(token.number), i + 1
    if token.name == "week" and token.number == 2:
        return 1.0, i
    couple = i + (token.name == "a")
    if tokens[couple].text == "couple":
        return 2.0, couple + 1 + (tokens[couple + 1].name == "of")
    if token.name in ("a", "an"):
        return 1.0, i + 1
    if token.kind == "dotted":
        return float(token.text), i + 1
    if token.kind == "slashed" and token.parts[1] in (2, 4):
        return token.parts[0] / token.parts[1], i + 1
    return None


def from_now(tokens: Sequence[Token], i: int) -> SyntaxNode | None:
    """Parse a duration from now ("in 2 hours", "3 days from now", "+15min") or from what follows ("2 days after")."""
    start = i
    i += tokens[i].name in ("now", "t") and tokens[i + 1].name == "+"
    leading = tokens[i].name in ("in", "after", "+")
    i += leading
    i += leading and tokens[i].name in ("about", "exactly")
    amount = duration_parts(tokens, i)
    if amount is None:
        return _number_without_unit(tokens, start) if tokens[start].name == "in" else None
    parts, end = amount
    is_from_now = tokens[end].name == "from" and tokens[end + 1].name in ("now", "today")
    if leading:
        end += 2 * is_from_now + (tokens[end].name == "time")
        return FromNow(start, end + 2 * (tokens[end].name == "or" and tokens[end + 1].text == "so"), parts)
    if tokens[end].name in _FROM_NOW_SUFFIXES:
        return FromNow(start, end + 1, parts)
    if is_from_now and tokens[end + 1].kind == "word":
        return FromNow(start, end + 2, parts)
    if tokens[end].name in ("after", "from", "before"):
        sign = -1 if tokens[end].name == "before" else 1
        return RelativeTo(start, end + 1, parts, sign, is_from=tokens[end].name == "from")
    return None


def _number_without_unit(tokens: Sequence[Token], i: int) -> AmbiguousNode | None:
    token, following = tokens[i + 1], tokens[i + 2]
    if token.kind != "number" or token.number > 200 or following.kind in ("month", "other", "number"):
        return None
    if following.name in ("more", "upcoming") or (token.text.isalpha() and following.kind != "end"):
        return None
    options = (f"in {token.number} minutes", f"in {token.number} hours")
    return AmbiguousNode(i, i + 2, f"{token.number} of what?", options)


def length_after_time(tokens: Sequence[Token], i: int) -> Duration | None:
    """Parse the length in "22:00 4h", "22:00 90 min" and "22:00 +4h"."""
    plus = tokens[i].name == "+"
    amount = duration_parts(tokens, i + plus)
    if amount is None or any(unit not in ("hour", "minute") for _, unit in amount[0]) or tokens[i].kind == "clock":
        return None
    parts, end = amount
    if tokens[end].name in (*_FROM_NOW_SUFFIXES, "from", "after", "before", "past", "to"):
        return None
    return Duration(i, _label_end(tokens, end), parts)


_LEADS = (
    ("max",), ("max", "of"), ("maximum",), ("maximum", "of"), ("up", "to"), ("at", "most"), ("no", "longer", "than"),
    ("not", "longer", "than"), ("no", "more", "than"), ("not", "more", "than"), ("duration",), ("duration", "of"),
    ("window",), ("window", "of"), ("in", "a", "window", "of"), ("with", "a"), ("within", "a"), ("in", "a"), ("takes",),
    ("taking",),
)  # fmt: skip
"""Words before a length of time that is neither counted from now nor from a day."""
_LENGTH_LEADS = {first: [lead for lead in _LEADS if lead[0] == first] for first in {lead[0] for lead in _LEADS}}
_LENGTH_LABELS = frozenset({"window", "max", "maximum", "long", "duration"})


def labelled_length(tokens: Sequence[Token], i: int) -> Duration | None:
    """Parse max 4h, up to 4 hours, no longer than 4h; and 4h window, 4 hours max."""
    start = i
    i += tokens[i].name == "for"
    for lead in _LENGTH_LEADS.get(tokens[i].text, ()):
        if tuple(token.text for token in tokens[i : i + len(lead)]) != lead:
            continue
        amount = duration_parts(tokens, i + len(lead))
        if amount is None:
            continue
        end = _label_end(tokens, amount[1])
        if lead[-1] != "a" or end > amount[1]:
            return Duration(start, end, amount[0])
    if i > start:
        return None
    if tokens[i].kind != "number" or tokens[i + 1].kind not in ("unit", "dash"):
        return None
    amount = duration_parts(tokens, i)
    if amount is None or _label_end(tokens, amount[1]) == amount[1]:
        return None
    return Duration(i, _label_end(tokens, amount[1]), amount[0])


def _label_end(tokens: Sequence[Token], i: int) -> int:
    """Return the place after "window" or "max" behind a length."""
    return i + 1 if tokens[i].text in _LENGTH_LABELS else i


def length_before_start(tokens: Sequence[Token], i: int) -> Duration | None:
    """Parse the length in "2h starting tonight at 22:00"."""
    if tokens[i + 1].kind != "unit" or not any(token.name == "starting" for token in tokens):
        return None
    amount = duration_parts(tokens, i)
    if amount is None or tokens[amount[1]].name != "starting":
        return None
    return Duration(i, amount[1], amount[0])


def iso_duration(tokens: Sequence[Token], i: int) -> Duration | AmbiguousNode | None:
    """Parse PT2H: the length of a window after a start, and a question where it is alone."""
    amount = duration_parts(tokens, i + 1)
    if amount is None:
        return None
    parts, end = amount
    return Duration(i, end, parts) if i or tokens[end].kind != "end" else _ask_about_length(i, end, parts)


def length_alone(tokens: Sequence[Token], i: int) -> AmbiguousNode | None:
    """Ask about "2 hours" where it is the whole phrase."""
    amount = duration_parts(tokens, i) if not i else None
    return _ask_about_length(i, amount[1], amount[0]) if amount and tokens[amount[1]].kind == "end" else None


def _ask_about_length(start: int, end: int, parts: DurationParts) -> AmbiguousNode:
    text = " ".join(f"{count:g} {unit}s" for count, unit in parts)
    question = "A start at any time until then, or exactly then?"
    return AmbiguousNode(start, end, question, (f"in {text}", f"now for {text}"))


def within(tokens: Sequence[Token], i: int) -> AmbiguousNode | None:
    """Parse "within 2 hours" and "in the next 2 hours", which may be a window or its end."""
    start = i
    if tokens[i].name == "within":
        i += 1
    elif tokens[i].name == "in" and tokens[i + 1].name == "the" and tokens[i + 2].name == "next":
        i += 3
    else:
        return None
    amount = duration_parts(tokens, i)
    if amount is None:
        return None
    text = " ".join(f"{count:g} {unit}s" for count, unit in amount[0])
    options = (f"now for {text}", f"in {text}")
    return AmbiguousNode(start, amount[1], "A start at any time until then, or exactly then?", options)


def duration(tokens: Sequence[Token], i: int) -> SyntaxNode | None:
    """Parse for 3 hours, for the next 2 weeks, for 5 times, 3x, twice."""
    start = i
    lead = tokens[i].name == "for"
    i += lead
    i += tokens[i].name == "the"
    coming = tokens[i].name in ("next", "coming")
    i += coming
    if (counted := _run_count(tokens, i)) is not None:
        if counted[0] < 1:
            raise ParseError("A series needs one run or more.", SyntaxNode(start, counted[1]))
        return RunCount(start, counted[1], counted[0])
    if not lead:
        return None
    if coming and tokens[i].kind == "unit":
        return Duration(start, i + 1, ((float(tokens[i].number), tokens[i].name),), is_next=True)
    amount = duration_parts(tokens, i)
    if amount is None:
        return None
    parts, end = amount
    is_last = tokens[end + 1].kind not in ("unit", "weekday", "weekdays", "number", "ordinal", "month")
    return Duration(start, end + (tokens[end].text == "each" and is_last), parts, is_next=coming)


def _run_count(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    if tokens[i].name == "twice":
        return 2, i + 1
    if tokens[i].kind == "number" and tokens[i + 1].name in ("times", "x"):
        return tokens[i].number, i + 2
    if tokens[i].name == "x" and tokens[i + 1].kind == "number" and tokens[i + 1].adjacent:
        return tokens[i + 1].number, i + 2
    return None


def next_duration(tokens: Sequence[Token], i: int) -> Duration | None:
    """Parse the next 3 days."""
    if tokens[i].text != "next":
        return None
    amount = duration_parts(tokens, i + 1)
    return Duration(i, amount[1], amount[0], is_next=True) if amount and tokens[i + 1].kind == "number" else None
