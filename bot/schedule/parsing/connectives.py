"""Parse words that give the nodes after them their role: from, until, except, not before, latest."""

from collections.abc import Sequence

from bot.schedule.parsing.nodes import Connective, ConnectiveRole
from bot.schedule.parsing.tokens import Token

_NOT_STARTING = ("end", "month")
"""What follows "beginning" where that is no start: beginning december."""
_CONNECTIVES: dict[str, ConnectiveRole] = {
    "from": "from",
    "between": "between",
    "to": "to",
    "through": "to",
    "until": "until",
    "starting": "starting",
    "after": "after",
    "before": "before",
    "except": "except",
    "also": "also",
    "by": "by",
}


def connective(tokens: Sequence[Token], i: int) -> Connective | None:
    """Parse a word or phrase that gives the nodes after it their role."""
    token, second, third = tokens[i : i + 3]
    if token.kind == "dash":
        return Connective(i, i + 1, "to", is_dash=True)
    if (excluding := _except(token, second, third)) is not None:
        return Connective(i, i + excluding, "except")
    if (token.text, second.name) == ("up", "to"):
        return Connective(i, i + 2, "to")
    if token.name == "and" and second.name == "also":
        return Connective(i, i + 2 + (third.name == "on"), "also")
    if (token.name, second.name) == ("as", "of"):
        return Connective(i, i + 2, "starting")
    if token.text == "beginning" and second.name != "of" and second.kind not in _NOT_STARTING:
        return Connective(i, i + 1, "starting")
    if token.name == "later" and second.name == "than":
        return Connective(i, i + 2, "after")
    if token.name in ("but", "and") and second.name == "before":
        return Connective(i, i + 2, "before")
    if token.name in ("no", "not") and second.name in ("before", "earlier", "sooner"):
        return Connective(i, i + 2 + (third.name == "than"), "after")
    if token.name in ("no", "not") and second.name in ("later", "after"):
        return Connective(i, i + 2 + (third.name == "than"), "latest")
    if token.name == "latest":
        return Connective(i, i + 1 + (second.name == "by"), "latest")
    if token.name == "at" and second.name == "latest":
        return Connective(i, i + 2, "latest")
    role = _CONNECTIVES.get(token.name)
    if role is None or token.kind != "word":
        return None
    follows_start = role == "starting" and second.name in ("from", "at") and tokens[i + 2].kind != "end"
    follows_except = role in ("except", "also") and second.name in ("for", "on")
    return Connective(i, i + 1 + (follows_except or (follows_start and second.name == "from")), role)


def _except(token: Token, second: Token, third: Token) -> int | None:
    """Return how many tokens mean "except": but not, but, not, other than, apart from; or None."""
    pair = (token.name, second.name)
    if pair == ("but", "not"):
        return 2 + (third.name == "on")
    if pair in (("other", "than"), ("apart", "from"), ("aside", "from")):
        return 2
    names_day = second.kind in ("weekday", "weekdays", "number", "ordinal", "date", "slashed") or second.name == "on"
    if token.name == "not" and (names_day or second.kind == "month"):
        return 1 + (second.name == "on")
    return 1 if token.name == "but" and (names_day or second.kind == "other") else None
