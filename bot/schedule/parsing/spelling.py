"""Find the words that a misspelt word may stand for. They are asked about, never read silently."""

from collections.abc import Mapping
from functools import cache

from bot.schedule.calendar_names import MONTHS, WEEKDAYS
from bot.schedule.parsing.languages import fold, lexicon
from bot.schedule.parsing.vocabulary import VOCABULARY

_SHORTEST_WORD = 4
_SHORTEST_CANDIDATE = 3
_MAX_SUGGESTIONS = 3
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@cache
def _words(language: str) -> Mapping[str, tuple[str, str]]:
    """Return the known words without accents, each with its meaning and its spelling."""
    words = {word: (entry.name, word) for word, entry in VOCABULARY.items()}
    if (own := lexicon(language)) is not None:
        nouns = {*WEEKDAYS, *MONTHS} if language == "de" else set[str]()
        for word, english in own.names.items():
            spelling = own.spellings.get(word, word)
            words[word] = (english, spelling.capitalize() if english in nouns else spelling)
    return {word: entry for word, entry in words.items() if len(word) >= _SHORTEST_CANDIDATE and word.isalpha()}


def suggestions(word: str, language: str = "en") -> tuple[str, ...]:
    """Return the known words that are one edit away: a letter too many, too few, another, or two swapped.

    They are those of English and of the ``language``. Accents make no difference.
    """
    word = fold(word.lower())
    if len(word) < _SHORTEST_WORD or not word.isascii() or not word.isalpha():
        return ()
    known = _words(language)
    cuts = [(word[:n], word[n:]) for n in range(len(word) + 1)]
    swapped = [left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1]
    shorter = [left + right[1:] for left, right in cuts if right]
    longer = [left + letter + right for left, right in cuts for letter in _LETTERS]
    if len(word) == _SHORTEST_WORD:  # "soon" is not "noon"
        cuts = []
    replaced = [left + letter + right[1:] for left, right in cuts if right for letter in _LETTERS]
    found = dict.fromkeys(edit for edit in (*swapped, *shorter, *longer, *replaced) if edit in known)
    by_meaning = {known[edit][0]: known[edit][1] for edit in found}
    return tuple(by_meaning.values())[:_MAX_SUGGESTIONS]
