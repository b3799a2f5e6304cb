"""The words that have a meaning in a phrase about time, with abbreviations and common misspellings."""

from typing import Literal, NamedTuple

from bot.schedule.calendar_names import MONTHS, WEEKDAYS

TokenKind = Literal[
    "number", "ordinal", "clock", "dotted", "slashed", "date", "offset", "zone", "meridiem", "weekday", "weekdays",
    "month", "unit", "daypart", "dayparts", "comma", "dash", "word", "duration", "other", "end",
]  # fmt: skip


class VocabularyEntry(NamedTuple):
    """A token's kind, the canonical spelling of its word, and its number."""

    kind: TokenKind
    name: str
    number: int = 0


_WEEKDAY_ABBREVIATIONS = {
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "wednsday": 2, "wensday": 2, "thu": 3, "thur": 3, "thurs": 3,
    "thursay": 3, "fri": 4, "sat": 5, "sun": 6,
}  # fmt: skip
_MONTH_ABBREVIATIONS = {
    "jan": 1, "feb": 2, "febuary": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10,
    "nov": 11, "dec": 12,
}  # fmt: skip
_UNITS = {
    "second": "seconds secs sec", "minute": "minute minutes mins min", "hour": "hour hours hrs hr",
    "day": "day days", "week": "week weeks wk wks", "month": "month months", "year": "year years yrs yr",
}  # fmt: skip
UNIT_SUFFIXES = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
"""Letters that are units only directly after a number, as in 90m."""

_NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
)  # fmt: skip
_DAYPARTS = {"morning": "morning", "afternoon": "afternoon", "evening": "evening", "night": "night", "nite": "night",
             "lunchtime": "lunchtime", "lunch": "lunchtime", "overnight": "night"}  # fmt: skip
_SYNONYMS = {
    "tmrw": "tomorrow", "tmr": "tomorrow", "tmw": "tomorrow", "tomorow": "tomorrow", "tommorow": "tomorrow",
    "tommorrow": "tomorrow", "till": "until", "til": "until", "untill": "until",
    "thru": "through", "each": "every", "per": "every", "midday": "noon", "around": "about",
    "approximately": "about", "occurrences": "times", "occurrence": "times", "runs": "times", "upcoming": "coming",
    "current": "this", "immediately": "now", "todays": "today", "tomorrows": "tomorrow", "workday": "weekday",
    "workdays": "weekdays", "beginning": "start", "begin": "start", "starts": "starting", "ending": "until",
    "instance": "instances", "yearly": "annually", "annual": "annually", "excluding": "except",
    "alternate": "other", "alternating": "other", "oclock": "o'clock", "tonite": "tonight", "tonigt": "tonight",
    "2nite": "tonight", "tomoz": "tomorrow", "2moro": "tomorrow", "2morow": "tomorrow", "2morro": "tomorrow",
    "2morrow": "tomorrow", "2day": "today", "asap": "now", "plus": "+", "cob": "eod", "eob": "eod",
    "bi-weekly": "biweekly", "bi-monthly": "bimonthly", "weeknight": "weekday", "weeknights": "weekdays",
    "approx": "about", "roughly": "about", "circa": "about", "during": "in", "commencing": "starting",
    "effective": "starting", "without": "except", "skipping": "except", "skip": "except",
    "lasting": "for",
}  # fmt: skip
_KEYWORDS = (
    "a", "about", "after", "ago", "all", "also", "an", "and", "annually", "any", "apart", "as", "aside", "at", "away",
    "before", "between", "bimonthly", "biweekly", "business", "but", "by", "calendar", "clock", "close", "coming",
    "daily", "earlier", "early", "end", "eod", "eom", "eoq", "eow", "eoy", "every", "everyday", "exactly", "except",
    "following", "for", "fortnightly", "from", "half", "hence", "hourly", "in", "instances", "just", "last", "late",
    "later", "latest", "max", "maximum", "mid", "midnight", "moment", "monthly", "next", "nightly", "no", "noon",
    "not", "now", "o'clock", "of", "on", "once", "or", "other", "past", "penultimate", "please", "quarter",
    "quarterly", "quarters", "right", "sharp", "single", "sooner", "start", "starting", "straight", "t", "than",
    "the", "then", "this", "through", "time", "times", "to", "today", "tomorrow", "tonight", "twice", "until",
    "week-end", "weekday", "weekdays", "weekend", "weekends", "weekly", "within", "working", "x", "yesterday",
)  # fmt: skip


def _build_vocabulary() -> dict[str, VocabularyEntry]:
    entry = VocabularyEntry
    words = {word: entry("word", word) for word in _KEYWORDS}
    words |= {word: entry("word", same) for word, same in _SYNONYMS.items()}
    for number, name in enumerate(WEEKDAYS):
        words[name] = entry("weekday", name, number)
        words[name + "s"] = entry("weekdays", name, number)
    words |= {short: entry("weekday", WEEKDAYS[number], number) for short, number in _WEEKDAY_ABBREVIATIONS.items()}
    words |= {name: entry("month", name, number) for number, name in enumerate(MONTHS, 1)}
    words |= {short: entry("month", MONTHS[number - 1], number) for short, number in _MONTH_ABBREVIATIONS.items()}
    words |= {word: entry("unit", unit, 1) for unit, spellings in _UNITS.items() for word in spellings.split()}
    words |= {word: entry("unit", "week", 2) for word in ("fortnight", "fortnights")}
    words |= {name: entry("number", name, number) for number, name in enumerate(_NUMBERS)}
    words |= {name: entry("number", name, number) for name, number in _TENS.items()}
    words |= {name: entry("ordinal", name, number) for number, name in enumerate(_ORDINALS, 1)}
    words |= {"twentieth": entry("ordinal", "twentieth", 20), "thirtieth": entry("ordinal", "thirtieth", 30)}
    words |= {part: entry("daypart", name) for part, name in _DAYPARTS.items()}
    words |= {part + "s": entry("dayparts", name) for part, name in _DAYPARTS.items()}
    return words


VOCABULARY = _build_vocabulary()
