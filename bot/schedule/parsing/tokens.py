"""The tokens of a phrase."""

from dataclasses import dataclass

from bot.schedule.parsing.vocabulary import TokenKind


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
