"""Times of day: 21:00, 9pm, 22h30, half past nine, noon; and parts of the day, which alone name no hour."""

from collections.abc import Sequence
from typing import Literal

from bot.schedule.pieces import Clock, Daypart, EndOfDay, Number, Sure, Unclear
from bot.schedule.problems import Unread
from bot.schedule.tokens import Token

_LEADS = frozenset({"at", "about", "for", "exactly"})
_QUARTERS = {"quarter": 15, "half": 30}


def clock(tokens: Sequence[Token], i: int, *, bare: bool = False, past: bool = True) -> Clock | Unclear | None:
    """A time of day, with its "at". A number alone is one only after "at" or where ``bare`` is set; ``past`` False
    reads "five to seven" as two hours, not as a time."""
    start = i
    leads = set()
    while tokens[i].name in _LEADS:
        leads.add(tokens[i].name)
        i += 1
    i += tokens[i].name == "next" and tokens[i + 1].name in ("noon", "midnight")
    found = _named(tokens, i) or _past(tokens, i, past) or _figures(tokens, i, bare or bool(leads))
    if found is None:
        return None
    if isinstance(found, Unclear):
        found.start = start
        return found
    _suffixes(tokens, found)
    if "for" in leads and found.sure < Sure.WRITTEN and tokens[found.end].name != "in":
        return None
    found.start, found.led = start, bool(leads)
    found.about |= "about" in leads
    return found


def _suffixes(tokens: Sequence[Token], found: Clock) -> None:
    if tokens[found.end].name in ("sharp", "exactly", "about"):
        found.about |= tokens[found.end].name == "about"
        found.end += 1
    if tokens[found.end].text == "ish" and tokens[found.end].glued:
        found.end, found.about = found.end + 1, True
    i = found.end
    the, which, word = tokens[i : i + 3]
    if the.name == "the" and which.kind == "ordinal" and which.number in (1, 2) and word.name == "time":
        fold: Literal[0, 1] = 0 if which.number == 1 else 1
        found.fold, found.end = fold, i + 3


def _named(tokens: Sequence[Token], i: int) -> Clock | None:
    """Noon and midnight, also as "12 noon" and "12:00 midnight"."""
    start = i
    if (tokens[i].kind == "number" and tokens[i].number == 12) or tokens[i].parts == (12, 0):
        i += 1 + (tokens[i + 1].name == "o'clock")
    if tokens[i].name == "noon":
        return Clock(start, i + 1, 12)
    if tokens[i].name == "midnight":
        return Clock(start, i + 1, 0, midnight=True)
    if tokens[i].name == "mid" and i == start:
        i += 2 if tokens[i + 1].kind == "dash" else 1
        if tokens[i].name == "night":
            return Clock(start, i + 1, 0, midnight=True)
        if tokens[i].name == "day":
            return Clock(start, i + 1, 12)
    return None


def _past(tokens: Sequence[Token], i: int, to_hour: bool) -> Clock | Unclear | None:
    """Half past eight, a quarter to seven, 20 minutes past 3pm, three minutes to eight."""
    start = i
    i += tokens[i].name == "a"
    minutes = _QUARTERS.get(tokens[i].name, tokens[i].number if tokens[i].kind == "number" else 0)
    if tokens[i].kind == "number" and tokens[i + 1].name == "quarters":
        minutes, i = 15 * minutes, i + 1
    counted = tokens[i + 1].name == "minute"
    word = tokens[i + 1 + counted].name
    word = "past" if word == "after" and not counted else word
    if not 0 < minutes < 60 or word not in ("past", "to"):
        return None
    named = counted or tokens[i].name in ("quarter", "quarters", "half")
    twelve = _named(tokens, i + 2 + counted)
    if word == "to" and not named and not (to_hour and (tokens[i].text.isalpha() or twelve)):
        return None
    hour = twelve or _figures(tokens, i + 2 + counted, True)
    if not isinstance(hour, Clock) or (hour.minute and word == "past"):
        return None
    total = (hour.hour * 60 + hour.minute + (minutes if word == "past" else -minutes)) % (24 * 60)
    sure = Sure.FIXED if hour.sure == Sure.FIXED else Sure.BARE
    if sure is Sure.BARE and total // 60 == 0:
        total += 12 * 60
    if word == "to" and not named:
        return _to_or_range(tokens, start, hour, total)
    return Clock(start, hour.end, total // 60, total % 60, sure=sure)


def _to_or_range(tokens: Sequence[Token], start: int, hour: Clock, total: int) -> Clock | Unclear | None:
    """ "Ten to nine" is a time or a stretch of time; other numbers ("one to three") are always a stretch."""
    if tokens[start].number in (15, 20, 25):
        return Clock(start, hour.end, total // 60, total % 60, sure=hour.sure)
    if tokens[start].number not in (5, 10):
        return None
    early, late = total % 720, total % 720 + 720
    options = tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in (early, late))
    if hour.sure == Sure.FIXED:
        options = (f"{total // 60:02}:{total % 60:02}",)
    first = tokens[start].number
    if hour.sure < Sure.FIXED:
        options += (f"{first:02}:00 to {hour.hour:02}:00",) if hour.hour > first else ()
    words = " ".join(token.text for token in tokens[start : hour.end])
    return Unclear(start, hour.end, f"Which time is meant by '{words}'?", options)


def _figures(tokens: Sequence[Token], i: int, bare: bool) -> Clock | None:
    token = tokens[i]
    if token.kind == "clock":
        return _colon(tokens, i)
    if token.kind == "dotted":
        return _dotted(tokens, i, bare)
    if token.kind != "number":
        return None
    if token.text.isdigit() and len(token.text) in (3, 4):
        return _four_figures(tokens, i, bare)
    return _hour(tokens, i, bare)


def _colon(tokens: Sequence[Token], i: int) -> Clock:
    token = tokens[i]
    hour, minute, second = (*token.parts, 0)[:3]
    piece = Clock(i, i + 1, hour, minute, second)
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and minute + second):
        raise Unread(f"{token.text} is not a time of day.", piece)
    if tokens[i + 1].name == "o'clock":
        piece.end += 1
    if (half := _meridiem(tokens, piece.end)) is not None:
        return _halved(tokens, piece, *half)
    figures = len(token.text.partition("h")[0].partition(":")[0])
    if "h" in token.text or hour > 12 or token.text[0] == "0":
        return piece
    piece.sure = Sure.LOW if figures == 1 and hour < 7 else Sure.WRITTEN
    return piece


def _dotted(tokens: Sequence[Token], i: int, bare: bool) -> Clock | None:
    """8.30pm, or "at 17.30"; alone 8.25 may as well be a date."""
    token = tokens[i]
    hour, minute = token.parts
    half = _meridiem(tokens, i + 1)
    part = tokens[i + 1].kind == "daypart" or tokens[i + 1].name == "tonight"
    clear = half is not None or part or bare or minute > 31 or (hour > 12 and minute > 12) or token.text[0] == "0"
    if not clear or hour > 23 or minute > 59 or len(token.text.partition(".")[2]) != 2:
        return None
    piece = Clock(i, i + 1, hour, minute)
    if half is not None:
        return _halved(tokens, piece, *half)
    if hour <= 12 and token.text[0] != "0":
        piece.sure = Sure.LOW if hour < 7 else Sure.WRITTEN
    return piece


def _four_figures(tokens: Sequence[Token], i: int, bare: bool) -> Clock | None:
    """0600, 2200, "at 730"; but 1990 to 2199 alone is a year."""
    token = tokens[i]
    hour, minute = divmod(token.number, 100)
    half = _meridiem(tokens, i + 1)
    suffixed = tokens[i + 1].name == "hour"
    if hour > 23 or minute > 59 or not (half or bare or suffixed or len(token.text) == 4):
        return None
    if not (half or bare or suffixed) and 1900 <= token.number < 2200:
        return None
    piece = Clock(i, i + 1 + suffixed, hour, minute)
    if half is not None:
        return _halved(tokens, piece, *half)
    if hour <= 12 and token.text[0] != "0":
        piece.sure = Sure.LOW if len(token.text) == 3 else Sure.WRITTEN
    return piece


def _hour(tokens: Sequence[Token], i: int, bare: bool) -> Clock | None:
    """9pm, 9 o'clock, eight forty am, 22h; and a number alone where ``bare`` allows it."""
    token = tokens[i]
    if token.number > 24:
        return None
    piece = Clock(i, i + 1, token.number, sure=Sure.BARE)
    following = tokens[i + 1]
    alike = following.kind == "number" and token.text.isalpha() == following.text.isalpha() and token.number <= 12
    spoken = token.text.isalpha() or (len(following.text) == 2 and tokens[i + 2].kind == "meridiem")
    if alike and spoken and (10 <= following.number < 60 or following.text == "00"):
        piece.minute, piece.end = following.number, i + 2
    if tokens[piece.end].name == "o'clock":
        piece.end += 1
    if (half := _meridiem(tokens, piece.end)) is not None:
        return _halved(tokens, piece, *half) if piece.hour <= 12 else None
    if following.name == "hour" and following.text == "h":
        piece.end, piece.sure, piece.hours_only = i + 2, Sure.FIXED, True
        return piece
    if piece.end == i + 1 and not bare:
        return None
    if piece.end == i + 1 and (following.kind in ("unit", "month", "ordinal") or following.name in ("times", "x")):
        return None
    if piece.hour > 12 or piece.hour == 0:
        piece.sure = Sure.FIXED
    return piece


def _meridiem(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """The hours to add (0 or 12) and the end of "pm" or "in the pm" at ``i``."""
    start = i
    if tokens[i].name == "in" and tokens[i + 1].name == "the":
        i += 2
    if tokens[i].text == "ish" and tokens[i].glued and start == i:
        i += 1
    if tokens[i].kind != "meridiem":
        return None
    return tokens[i].number, i + 1


def _halved(tokens: Sequence[Token], piece: Clock, add: int, end: int) -> Clock:
    """The time with its am or pm applied; 16:30 pm is let pass, 16:30 am is not."""
    said = "pm" if add else "am"
    if piece.hour > 12 or piece.hour == 0:
        if piece.hour > 23 or (piece.hour > 12) != bool(add):
            raise Unread(f"{tokens[piece.start].text} {said} is not a time of day.", Clock(piece.start, end, 0))
    else:
        piece.hour = piece.hour % 12 + add
    if tokens[end].name == "o'clock":
        end += 1
    piece.end, piece.sure, piece.half = end, Sure.FIXED, True
    return piece


def daypart(tokens: Sequence[Token], i: int) -> Daypart | None:
    """In the morning, this evening, tonight, at night, on mornings, lunchtime."""
    start = i
    if tokens[i].name in ("in", "on", "at") and tokens[i].kind == "word":
        i += 1
    today = tokens[i].name == "this"
    if tokens[i].name in ("the", "this"):
        i += 1
    if tokens[i].name in ("early", "late") and tokens[i + 1 + (tokens[i + 1].kind == "dash")].kind == "daypart":
        i += 1 + (tokens[i + 1].kind == "dash")
    token = tokens[i]
    if token.name == "tonight" and i == start:
        return Daypart(start, i + 1, "night", today=True)
    if token.kind == "daypart" or token.kind == "dayparts":
        return Daypart(start, i + 1, token.name, today=today, plural=token.kind == "dayparts")
    return None


def end_of_day(tokens: Sequence[Token], i: int) -> EndOfDay | None:
    """End of day, EOD, the end of today; but not "the end of the month"."""
    start = i
    i += tokens[i].name in ("at", "by")
    i += tokens[i].name == "the"
    if tokens[i].name == "eod":
        return EndOfDay(start, i + 1)
    if tokens[i].text != "end":
        return None
    i += 1
    i += tokens[i].name == "of"
    i += tokens[i].name in ("the", "business", "working")
    if tokens[i].name == "day":
        return EndOfDay(start, i + 1)
    if tokens[i].name in ("today", "tomorrow") or tokens[i].kind == "weekday":
        return EndOfDay(start, i)
    return None


def number(tokens: Sequence[Token], i: int) -> Number | None:
    """A number alone, or "on 15"."""
    on = tokens[i].name == "on"
    i += on
    if tokens[i].kind == "number" and tokens[i].number < 100:
        return Number(i - on, i + 1, tokens[i].number, on=on)
    return None
