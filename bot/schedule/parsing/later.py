"""Parse days that are counted from another one: a week on friday, the friday after next, the day after."""

from collections.abc import Sequence
from dataclasses import replace

from bot.schedule.parsing.nodes import RelativeDay, RelativeTo, Weekdays
from bot.schedule.parsing.tokens import Token

_MAX_WEEKS = 52
_RELATIVE_DAYS = {"today": 0, "tomorrow": 1}


def weeks_ahead(tokens: Sequence[Token], i: int) -> Weekdays | RelativeDay | None:
    """Parse a week on friday, two weeks on saturday, a week today, a fortnight tomorrow."""
    start = i
    if "week" not in (tokens[i].name, tokens[i + 1].name):
        return None
    count = tokens[i].number if tokens[i].kind == "number" else 1
    i += tokens[i].kind == "number" or tokens[i].name == "a"
    if tokens[i].name != "week" or tokens[i].kind != "unit" or not 0 < count <= _MAX_WEEKS:
        return None
    weeks = count * tokens[i].number
    i += 1
    if tokens[i].kind == "word" and (days := _RELATIVE_DAYS.get(tokens[i].name)) is not None:
        return RelativeDay(start, i + 1, days + 7 * weeks)
    i += tokens[i].name == "on"
    return Weekdays(start, i + 1, (tokens[i].number,), weeks_later=weeks) if tokens[i].kind == "weekday" else None


def week_after_day(tokens: Sequence[Token], i: int) -> Weekdays | RelativeDay | None:
    """Parse saturday week and tomorrow week: seven days after that day."""
    if tokens[i + 1].text != "week":
        return None
    day, week, following = tokens[i : i + 3]
    if week.text != "week" or following.kind == "number" or following.kind == "unit":
        return None
    if day.kind == "weekday":
        return Weekdays(i, i + 2, (day.number,), weeks_later=1)
    days = _RELATIVE_DAYS.get(day.name) if day.kind == "word" else None
    return RelativeDay(i, i + 2, days + 7) if days is not None else None


def with_words_behind(tokens: Sequence[Token], node: Weekdays) -> Weekdays:
    """Return a weekday with what follows it: friday after next, friday coming."""
    if tokens[node.end].name not in ("after", "coming"):
        return node
    first, second = tokens[node.end : node.end + 2]
    if len(node.days) > 1 or node.plural or node.determiner:
        return node
    if first.name == "after" and second.name == "next":
        return replace(node, end=node.end + 2, determiner="next", weeks_later=1)
    if first.name == "coming" and second.kind not in ("weekday", "weekdays", "unit"):
        return replace(node, end=node.end + 1, determiner="coming")
    return node


def day_before_or_after(tokens: Sequence[Token], i: int) -> RelativeTo | None:
    """Parse "the day after" and "the day before" in front of another day."""
    start = i
    i += tokens[i].name == "on"
    i += tokens[i].name == "the"
    if tokens[i].text != "day" or tokens[i + 1].name not in ("after", "before") or tokens[i + 2].kind == "end":
        return None
    return RelativeTo(start, i + 2, ((1.0, "day"),), 1 if tokens[i + 1].name == "after" else -1)
