"""Find the words that a misspelt word may stand for. They are asked about, never read silently."""

from functools import cache

from bot.schedule.parsing.vocabulary import VOCABULARY

_SHORTEST_WORD = 4
_SHORTEST_CANDIDATE = 3
_MAX_SUGGESTIONS = 3
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@cache
def _words() -> frozenset[str]:
    return frozenset(word for word in VOCABULARY if len(word) >= _SHORTEST_CANDIDATE and word.isalpha())


def suggestions(word: str) -> tuple[str, ...]:
    """Return the known words that are one edit away: a letter too many, too few, another, or two swapped."""
    if len(word) < _SHORTEST_WORD or not word.isascii() or not word.isalpha():
        return ()
    cuts = [(word[:n], word[n:]) for n in range(len(word) + 1)]
    swapped = [left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1]
    shorter = [left + right[1:] for left, right in cuts if right]
    longer = [left + letter + right for left, right in cuts for letter in _LETTERS]
    if len(word) == _SHORTEST_WORD:  # "soon" is not "noon"
        cuts = []
    replaced = [left + letter + right[1:] for left, right in cuts if right for letter in _LETTERS]
    found = dict.fromkeys(edit for edit in (*swapped, *shorter, *longer, *replaced) if edit in _words())
    by_meaning = {VOCABULARY[edit].name: edit for edit in found}
    return tuple(by_meaning.values())[:_MAX_SUGGESTIONS]
