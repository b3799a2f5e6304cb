"""Parse holidays: those with a fixed date, those on the nth weekday of a month, and those counted from Easter."""

from collections.abc import Sequence

from bot.schedule.parsing.nodes import CalendarDate, EasterDay, NthWeekdays, ShiftedWeekday, SyntaxNode
from bot.schedule.parsing.tokens import Token

_FIXED = {
    "christmas eve": (12, 24), "xmas eve": (12, 24), "christmas day": (12, 25), "xmas day": (12, 25),
    "christmas": (12, 25), "xmas": (12, 25), "boxing day": (12, 26), "st stephen s day": (12, 26),
    "new year s eve": (12, 31), "new years eve": (12, 31), "new year eve": (12, 31), "nye": (12, 31),
    "new year s day": (1, 1), "new years day": (1, 1), "new year day": (1, 1), "nyd": (1, 1), "new year s": (1, 1),
    "new years": (1, 1), "epiphany": (1, 6), "groundhog day": (2, 2), "valentine s day": (2, 14),
    "valentines day": (2, 14), "valentine s": (2, 14), "st patrick s day": (3, 17), "st patricks day": (3, 17),
    "saint patrick s day": (3, 17), "april fools day": (4, 1), "april fool s day": (4, 1), "april fools": (4, 1),
    "april fool s": (4, 1), "earth day": (4, 22), "anzac day": (4, 25), "king s day": (4, 27), "may day": (5, 1),
    "international workers day": (5, 1), "workers day": (5, 1), "cinco de mayo": (5, 5), "juneteenth": (6, 19),
    "canada day": (7, 1), "independence day": (7, 4), "bastille day": (7, 14), "halloween": (10, 31),
    "hallowe en": (10, 31), "guy fawkes day": (11, 5), "guy fawkes night": (11, 5), "bonfire night": (11, 5),
    "veterans day": (11, 11), "veteran s day": (11, 11), "remembrance day": (11, 11), "armistice day": (11, 11),
    "st nicholas day": (12, 6),
}  # fmt: skip
"""Holidays with a fixed date, as month and day. An apostrophe is a space."""
_NTH = {
    "thanksgiving": (4, 3, 11), "thanksgiving day": (4, 3, 11), "labor day": (1, 0, 9), "memorial day": (-1, 0, 5),
    "mother s day": (2, 6, 5), "mothers day": (2, 6, 5), "father s day": (3, 6, 6), "fathers day": (3, 6, 6),
    "mlk day": (3, 0, 1), "martin luther king day": (3, 0, 1), "martin luther king jr day": (3, 0, 1),
    "columbus day": (2, 0, 10), "presidents day": (3, 0, 2), "president s day": (3, 0, 2),
}  # fmt: skip
"""Holidays on the nth weekday of a month: which one, the weekday, the month."""
_AFTER_THANKSGIVING = {"black friday": 1, "cyber monday": 4, "giving tuesday": 5}
_EASTER = {
    "shrove tuesday": -47, "mardi gras": -47, "ash wednesday": -46, "palm sunday": -7, "maundy thursday": -3,
    "good friday": -2, "holy saturday": -1, "easter saturday": -1, "easter": 0, "easter day": 0, "easter sunday": 0,
    "easter monday": 1, "ascension": 39, "ascension day": 39, "pentecost": 49, "whit sunday": 49, "whitsunday": 49,
    "whit monday": 50, "whitmonday": 50, "pentecost monday": 50, "corpus christi": 60,
}  # fmt: skip
"""Days counted from Easter Sunday of the western churches."""
_LONGEST_NAME = 5
_FIRST_WORDS = frozenset(name.split()[0] for names in (_FIXED, _NTH, _AFTER_THANKSGIVING, _EASTER) for name in names)


def holiday(tokens: Sequence[Token], i: int) -> SyntaxNode | None:
    """Parse christmas, new year's eve, thanksgiving, black friday, easter monday."""
    start = i
    i += tokens[i].name in ("on", "of") and tokens[i].kind == "word"
    i += tokens[i].name == "the"
    if tokens[i].text not in _FIRST_WORDS:
        return None
    texts = [token.text for token in tokens[i : i + _LONGEST_NAME]]
    for length in range(_LONGEST_NAME, 0, -1):
        name, end = " ".join(texts[:length]), i + length
        if (fixed := _FIXED.get(name)) is not None:
            return CalendarDate(start, end, fixed[0], (fixed[1],))
        if (counted := _NTH.get(name)) is not None:
            return NthWeekdays(start, end, (counted[0],), counted[1], counted[2])
        if (shift := _AFTER_THANKSGIVING.get(name)) is not None:
            return ShiftedWeekday(start, end, 4, 3, shift, month=11)
        if (days := _EASTER.get(name)) is not None and tokens[end].name not in ("weekend", "weekends"):
            return EasterDay(start, end, days)
    return None
