"""Phrases whose meanings were written down before the reader knew them."""

from collections import Counter

import pytest

from bot.schedule import Ambiguous, Parsed, Reading, TimePreferences, read
from tests.unit.schedule.phrases.score import LANGUAGES, NOW, ZONE, cases, verdict


def shares(name: str) -> Counter[str]:
    counts = Counter(verdict(case) for case in cases(name))
    return Counter({word: round(100 * count / counts.total()) for word, count in counts.items()})


def test_what_operators_type_is_read_or_asked_about() -> None:
    share = shares("operators")
    assert share["right"] + share["asked"] >= 98
    assert share["wrong"] == 0
    assert share["refused"] <= 1


def test_phrases_that_the_reader_was_not_written_for_are_read_or_asked_about() -> None:
    share = shares("operators2")
    assert share["right"] + share["asked"] >= 98
    assert share["wrong"] == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_five_languages_are_read(language: str) -> None:
    share = shares(language)
    assert share["right"] + share["asked"] >= 98
    assert share["wrong"] == 0


def said(phrase: str, language: str) -> Reading:
    preferences = TimePreferences(uses_24h_clock=True, day_first=True, language=language)
    return read(phrase, now=NOW, zone=ZONE, preferences=preferences)


@pytest.mark.parametrize("language", LANGUAGES)
def test_english_is_understood_in_every_language(language: str) -> None:
    for case in cases("operators"):
        english = said(case.phrase, "en")
        reading = said(case.phrase, language)
        if isinstance(english, Parsed) and isinstance(reading, Parsed):
            assert reading.schedule == english.schedule, case.phrase
        elif isinstance(english, Parsed):
            assert isinstance(reading, Ambiguous), (case.phrase, reading)
            assert english.schedule in [choice.meaning.schedule for choice in reading.choices], case.phrase


@pytest.mark.parametrize(
    ("language", "phrase", "choices"),
    [
        ("fr", "mar 22:00", {"Tue 1 Dec 2026 22:00 CET", "Mon 1 Mar 2027 22:00 CET"}),
        ("es", "mar 22:00", {"Tue 1 Dec 2026 22:00 CET", "Mon 1 Mar 2027 22:00 CET"}),
        ("nl", "half 9", {"Fri 27 Nov 2026 08:30 CET", "Fri 27 Nov 2026 09:30 CET"}),
        ("fr", "10h", {"Fri 27 Nov 2026 10:00 CET", "Thu 26 Nov 2026 20:15 CET"}),
    ],
)
def test_what_two_languages_read_differently_is_asked(language: str, phrase: str, choices: set[str]) -> None:
    reading = said(phrase, language)
    assert isinstance(reading, Ambiguous), reading
    assert choices <= {choice.label for choice in reading.choices}
    for choice in reading.choices:
        again = said(choice.meaning.phrase, language)
        assert isinstance(again, Parsed), choice
        assert again.schedule == choice.meaning.schedule


@pytest.mark.parametrize(
    ("language", "phrase", "english"),
    [
        ("de", "8 am friday", "friday 08:00"),
        ("de", "Mo-Fr 22:00", "every weekday at 22:00"),
        ("de", "am 3.4. um 20 Uhr", "3 april 20:00"),
        ("de", "alle 14 Tage freitags 22 Uhr", "every 2 weeks on friday at 22:00"),
        ("de", "jeden Tag außer Sonntag um 6 Uhr", "every day except sunday at 06:00"),
        ("de", "UEBERMORGEN 22:00", "28 november 22:00"),
        ("fr", "du lundi au vendredi à 22h", "every weekday at 22:00"),
        ("es", "de lunes a viernes a las 22:00", "every weekday at 22:00"),
        ("es", "manana a las 21:00", "tomorrow 21:00"),
        ("nl", "zaterdag van 22.00 tot 02.00 uur", "saturday 22:00 to 02:00"),
        ("pt", "segunda a sexta às 22h", "every weekday at 22:00"),
        ("pt", "amanha as 21h", "tomorrow 21:00"),
        ("de", "0 22 * * 5", "every friday at 22:00"),
    ],
)
def test_a_phrase_means_its_english_one(language: str, phrase: str, english: str) -> None:
    reading, expected = said(phrase, language), said(english, "en")
    assert isinstance(reading, Parsed), reading
    assert isinstance(expected, Parsed), expected
    assert reading.schedule == expected.schedule


@pytest.mark.parametrize(
    ("language", "phrase", "word"), [("de", "wann es passt", "wann"), ("fr", "demain quand tu veux", "quand")]
)
def test_what_is_not_understood_is_named(language: str, phrase: str, word: str) -> None:
    reading = said(phrase, language)
    assert reading.kind == "refusal"
    assert reading.word == word


@pytest.mark.parametrize(
    ("language", "phrase", "question", "meaning"),
    [
        (
            "de",
            "Donnerstga um 22 Uhr",
            "'Donnerstga' was not understood. Did you mean Donnerstag?",
            "Thu 26 Nov 2026 22:00",
        ),
        (
            "de",
            "übermrogen 22:00",
            "'übermrogen' was not understood. Did you mean übermorgen?",
            "Sat 28 Nov 2026 22:00",
        ),
        ("fr", "24 décmbre 20:00", "'décmbre' was not understood. Did you mean décembre?", "Thu 24 Dec 2026 20:00"),
        ("es", "miercoels 22:00", "'miercoels' was not understood. Did you mean miércoles?", "Wed 2 Dec 2026 22:00"),
        ("nl", "woensadg 22 uur", "'woensadg' was not understood. Did you mean woensdag?", "Wed 2 Dec 2026 22:00"),
        ("pt", "domigno 22:00", "'domigno' was not understood. Did you mean domingo?", "Sun 29 Nov 2026 22:00"),
    ],
)
def test_a_misspelt_word_of_any_language_is_asked_about(
    language: str, phrase: str, question: str, meaning: str
) -> None:
    reading = said(phrase, language)
    assert isinstance(reading, Ambiguous), reading
    assert reading.ask == question
    assert [choice.label for choice in reading.choices] == [f"{meaning} CET"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_misspelt_english_word_is_asked_about_in_every_language(language: str) -> None:
    reading = said("thrusday 22:00", language)
    assert isinstance(reading, Ambiguous), reading
    assert "Thu 26 Nov 2026 22:00 CET" in [choice.label for choice in reading.choices]
