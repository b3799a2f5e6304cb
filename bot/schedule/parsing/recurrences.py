"""Parse what makes a series: every, each, daily, every other week, once a month; and what only a series can have."""

from collections.abc import Sequence

from bot.schedule.model import Frequency
from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import AmbiguousNode, MinutesOfHour, Recurrence, SyntaxNode, WeeksOfYear
from bot.schedule.parsing.tokens import Token

_ADVERBS: dict[str, tuple[Frequency, int]] = {
    "hourly": ("hourly", 1),
    "daily": ("daily", 1),
    "everyday": ("daily", 1),
    "nightly": ("daily", 1),
    "weekly": ("weekly", 1),
    "fortnightly": ("weekly", 2),
    "monthly": ("monthly", 1),
    "annually": ("yearly", 1),
}
_UNITS: dict[str, Frequency] = {
    "minute": "minutely",
    "hour": "hourly",
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
    "year": "yearly",
}
_AMBIGUOUS_ADVERBS = {
    "biweekly": ("every 2 weeks", "every monday and thursday"),
    "bimonthly": ("every 2 months", "every month on the 1st and 15th"),
}
_FRACTIONS = {"quarter": 15, "half": 30}
_EVERY_WORDS = frozenset({"every", "any", "all"})


def recurrence(tokens: Sequence[Token], i: int) -> SyntaxNode | None:
    """Parse the word that makes a series, with its interval: daily, every 3 weeks, every other, once a month."""
    start = i
    i += tokens[i].name in ("of", "in", "on", "for") and tokens[i].kind == "word"
    token = tokens[i]
    if adverb := _ADVERBS.get(token.name):
        return Recurrence(start, i + 1, *adverb)
    if token.name == "quarterly":
        return Recurrence(start, i + 1, "monthly", 3, is_quarter=True)
    if token.name == "other":
        alternates = token.text != "other" and _is_weekday_word(tokens[i + 1])
        return Recurrence(start, i + 1, "weekly", 2) if alternates else None
    if token.name in _AMBIGUOUS_ADVERBS:
        return AmbiguousNode(start, i + 1, f"Which is meant by '{token.name}'?", _AMBIGUOUS_ADVERBS[token.name], True)
    if token.name == "twice" and (twice := _twice(tokens, start, i + 1)) is not None:
        return twice
    if token.name == "twice" and tokens[i + 1].name in ("a", "every") and tokens[i + 2].kind == "unit":
        raise ParseError("Say which times twice are, such as 'every day at 09:00 and 21:00'.", SyntaxNode(start, i + 3))
    once = token.name == "once"
    i += once
    if once and (adverb := _ADVERBS.get(tokens[i].name)):
        return Recurrence(start, i + 1, *adverb)
    if tokens[i].name not in _EVERY_WORDS and not (once and tokens[i].name in ("a", "an")):
        return None
    if tokens[i].name == "all" and not tokens[i + 1].name.endswith("s"):
        return None
    return _interval(tokens, start, i + 1 + (tokens[i + 1].name == "single"))


def _twice(tokens: Sequence[Token], start: int, i: int) -> Recurrence | None:
    """Parse "twice daily" and "twice a week" before a list, which says when."""
    if not any(token.name == "and" or token.kind == "comma" for token in tokens[i:]):
        if tokens[i].name in _ADVERBS:
            raise ParseError(
                "Say which times twice are, such as 'every day at 09:00 and 21:00'.", SyntaxNode(start, i + 1)
            )
        return None
    if adverb := _ADVERBS.get(tokens[i].name):
        return Recurrence(start, i + 1, *adverb, runs_per_unit=2)
    unit = _frequency_unit(tokens, i + 1) if tokens[i].name in ("a", "every") else None
    return Recurrence(start, i + 2, *unit, runs_per_unit=2) if unit else None


def times_per_unit(tokens: Sequence[Token], i: int) -> Recurrence | None:
    """Parse "3 times a week" before the days, which are checked against it."""
    if tokens[i + 1].name not in ("times", "x"):
        return None
    count, word, every = tokens[i : i + 3]
    if count.kind != "number" or word.name not in ("times", "x") or every.name not in ("a", "every"):
        return None
    unit = _frequency_unit(tokens, i + 3)
    if unit is None:
        return None
    if tokens[i + 4].kind == "end":
        raise ParseError("Say on which days, or at which times.", SyntaxNode(i, i + 4))
    return Recurrence(i, i + 4, *unit, runs_per_unit=count.number)


def _interval(tokens: Sequence[Token], start: int, i: int) -> Recurrence | None:
    """Parse what follows "every": a number and a unit, or nothing before days."""
    token, following = tokens[i], tokens[i + 1]
    if token.name in ("quarter", "calendar") and tokens[i + (token.name == "calendar")].name == "quarter":
        return Recurrence(start, i + 1 + (token.name == "calendar"), "monthly", 3, is_quarter=True)
    if token.name == "half":
        hour = i + 1 + (following.name in ("a", "an"))
        return Recurrence(start, hour + 1, "minutely", 30) if tokens[hour].name == "hour" else None
    if token.name == "other":
        if (unit := _frequency_unit(tokens, i + 1)) is not None:
            return Recurrence(start, i + 2, unit[0], 2 * unit[1])
        return Recurrence(start, i + 1, "weekly", 2) if _is_weekday_word(following) else None
    if token.kind == "number" and token.number > 0:
        if (unit := _frequency_unit(tokens, i + 1)) is not None:
            return Recurrence(start, i + 2, unit[0], token.number * unit[1])
        return Recurrence(start, i + 1, "weekly", token.number) if _is_weekday_word(following) else Recurrence(start, i)
    if token.kind == "number" and following.kind == "unit":
        raise ParseError(
            "A series needs an interval of one or more.", SyntaxNode(i, i + 2), example="every 2 days at 21:00"
        )
    nth = token.kind == "ordinal" and token.number > 1 and tokens[i + 2].name not in ("of", "in")
    if nth and (unit := _frequency_unit(tokens, i + 1)) is not None:
        return Recurrence(start, i + 2, unit[0], token.number * unit[1])
    if (unit := _frequency_unit(tokens, i)) is not None:
        return Recurrence(start, i + 1, *unit)
    if token.kind in ("daypart", "dayparts"):
        return Recurrence(start, i, "daily")
    return Recurrence(start, i)


def _frequency_unit(tokens: Sequence[Token], i: int) -> tuple[Frequency, int] | None:
    token = tokens[i]
    if token.name in ("quarter", "quarters"):
        return "monthly", 3
    if token.kind != "unit" or (token.name == "week" and tokens[i + 1].name == "day"):
        return None
    if token.name == "second":
        raise ParseError(
            "A series cannot run more often than every minute.", SyntaxNode(i, i + 1), example="every 2 hours"
        )
    return _UNITS[token.name], token.number


def _is_weekday_word(token: Token) -> bool:
    return token.kind in ("weekday", "weekdays") or token.name in ("weekend", "weekends", "week-end")


def minutes_of_hour(tokens: Sequence[Token], i: int) -> MinutesOfHour | None:
    """Parse at minute 11, on minutes 10 and 30."""
    start = i
    i += tokens[i].name in ("at", "on")
    if tokens[i].name == "the" and tokens[i + 1].name == "hour" and i > start:
        return MinutesOfHour(start, i + 2, (0,))
    if tokens[i].name != "minute":
        return None
    numbers, end = _number_list(tokens, i + 1)
    return MinutesOfHour(start, end, numbers) if numbers and max(numbers) < 60 else None


def minutes_past_hour(tokens: Sequence[Token], i: int) -> MinutesOfHour | None:
    """Parse "15 past" and "at a quarter past the hour" beside "every hour"."""
    start = i
    i += tokens[i].name == "at"
    i += tokens[i].name == "a"
    if "past" not in (tokens[i + 1].name, tokens[i + 2].name):
        return None
    minutes = _FRACTIONS.get(tokens[i].name, tokens[i].number if tokens[i].kind == "number" else -1)
    i += 1 + (tokens[i + 1].name == "minute")
    if not 0 <= minutes < 60 or tokens[i].name != "past":
        return None
    i += 1
    if tokens[i].name == "the" and tokens[i + 1].name == "hour":
        return MinutesOfHour(start, i + 2, (minutes,))
    beside_hour = any(token.name in ("hour", "hourly") for token in tokens)
    return MinutesOfHour(start, i, (minutes,)) if beside_hour and tokens[i].kind != "number" else None


def weeks_of_year(tokens: Sequence[Token], i: int) -> WeeksOfYear | None:
    """Parse in week 12, in weeks 1 and 27."""
    if tokens[i].name != "in" or tokens[i + 1].name != "week":
        return None
    numbers, end = _number_list(tokens, i + 2)
    return WeeksOfYear(i, end, numbers) if numbers and min(numbers) >= 1 and max(numbers) <= 53 else None


def _number_list(tokens: Sequence[Token], i: int) -> tuple[tuple[int, ...], int]:
    numbers: list[int] = []
    end = i
    while tokens[i].kind == "number":
        numbers.append(tokens[i].number)
        end = i = i + 1
        while tokens[i].kind == "comma" or tokens[i].name == "and":
            i += 1
    return tuple(numbers), end
