"""The words of a phrase: abbreviations, misspellings and numbers mean what they stand for."""

from datetime import UTC, datetime

import pytest

from bot.schedule import Parsed, Rejected, Schedule, read

NOW = datetime(2026, 11, 22, 21, 7, tzinfo=UTC)


def schedule_of(phrase: str) -> Schedule:
    reading = read(phrase, now=NOW, zone="UTC")
    assert isinstance(reading, Parsed), (phrase, reading)
    return reading.schedule


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("monday", "mon"),
        ("tuesday", "tue tues"),
        ("wednesday", "wed weds wednsday wensday"),
        ("thursday", "thu thur thurs thursay"),
        ("friday", "fri"),
        ("saturday", "sat"),
        ("sunday", "sun"),
    ],
)
def test_days_of_the_week_are_abbreviated(day: str, words: str) -> None:
    for word in words.split():
        assert schedule_of(f"{word} 21:30") == schedule_of(f"{day} 21:30")
    assert schedule_of(f"{day}s 21:30") == schedule_of(f"every {day} 21:30")
    assert f"{schedule_of(f'{day} 21:30').start.wall:%A}".lower() == day  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("number", "month", "words"),
    [
        (1, "january", "jan"),
        (2, "february", "feb febuary"),
        (3, "march", "mar"),
        (4, "april", "apr"),
        (5, "may", "may"),
        (6, "june", "jun"),
        (7, "july", "jul"),
        (8, "august", "aug"),
        (9, "september", "sep sept"),
        (10, "october", "oct"),
        (11, "november", "nov"),
        (12, "december", "dec"),
    ],
)
def test_months_are_abbreviated(number: int, month: str, words: str) -> None:
    for word in (month, *words.split()):
        assert schedule_of(f"17 {word} 2027 21:30") == schedule_of(f"2027-{number:02}-17 21:30")


NUMBERS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}


@pytest.mark.parametrize(("number", "word"), list(enumerate(NUMBERS))[1:])
def test_numbers_are_written_out(number: int, word: str) -> None:
    assert schedule_of(f"in {word} hours") == schedule_of(f"in {number} hours")


@pytest.mark.parametrize(("word", "number"), TENS.items())
def test_tens_are_joined_with_what_follows(word: str, number: int) -> None:
    assert schedule_of(f"in {word} minutes") == schedule_of(f"in {number} minutes")
    for text in (f"{word} one", f"{word}-one"):
        assert schedule_of(f"in {text} minutes") == schedule_of(f"in {number + 1} minutes")
    assert schedule_of(f"in {word} nine minutes") == schedule_of(f"in {number + 9} minutes")
    for text in ("ten", "- one", "-ten", "zero", "1"):
        assert isinstance(read(f"in {word} {text} minutes", now=NOW, zone="UTC"), Rejected)


ORDINALS = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
    "nineteenth", "twentieth",
]  # fmt: skip


@pytest.mark.parametrize(("number", "word"), [*enumerate(ORDINALS, 1), (30, "thirtieth"), (21, "twenty-first")])
def test_ordinals_are_written_out(number: int, word: str) -> None:
    assert schedule_of(f"the {word} at 21:30") == schedule_of(f"the {number}th at 21:30")
    assert schedule_of(f"the {word} of january at 21:30") == schedule_of(f"{number} january 21:30")


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("minute", "min mins minutes m"),
        ("second", "sec secs seconds"),
        ("hour", "hr hrs hours h"),
    ],
)
def test_units_of_the_clock_are_abbreviated(unit: str, words: str) -> None:
    for word in words.split():
        assert schedule_of(f"in 90 {word}") == schedule_of(f"in 90{word}") == schedule_of(f"in 90 {unit}")
    assert schedule_of(f"in 90{unit[0]}") == schedule_of(f"in 90 {unit}")


@pytest.mark.parametrize(
    ("days", "phrase"),
    [
        (1, "a day"),
        (2, "2 d"),
        (2, "2days"),
        (7, "1 week"),
        (7, "1w"),
        (14, "2 wks"),
        (7, "1 wk"),
        (14, "a fortnight"),
        (28, "2 fortnights"),
        (31, "1mo at the same day"),
    ],
)
def test_days_are_counted_in_their_units(days: int, phrase: str) -> None:
    count = phrase.removesuffix(" at the same day")
    start = schedule_of(f"in {count} at 21:07").start.wall  # type: ignore[union-attr]
    assert (start - NOW.replace(tzinfo=None)).days in (days, days - 1 if "mo" in count else days)


@pytest.mark.parametrize(
    ("word", "same"),
    [
        *((word, "tomorrow") for word in ("tmrw", "tmr", "tmw", "tomorow", "tommorow", "tommorrow")),
        ("midday tomorrow", "noon tomorrow"),
        ("tomorrow around noon", "tomorrow about noon"),
        ("tomorrow approximately noon", "tomorrow about noon"),
        ("this upcoming friday", "this coming friday"),
        ("todays", "today"),
        ("tomorrows", "tomorrow"),
    ],
)
def test_other_spellings_mean_the_same(word: str, same: str) -> None:
    time = "" if "noon" in same else " 23:30"
    assert schedule_of(word + time) == schedule_of(same + time)


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("each day", "every day"),
        ("once per day", "every day"),
        ("each workday", "every weekday"),
        ("workdays", "weekdays"),
        ("yearly on 1 may", "annually on 1 may"),
        ("every year on 1 may beginning in 2027", "every year on 1 may starting in 2027"),
        ("every day starts tomorrow", "every day starting tomorrow"),
        ("every day excluding sunday", "every day except sunday"),
        ("every alternate day", "every other day"),
        ("every day till march", "every day until march"),
        ("every day til march", "every day until march"),
        ("every day untill march", "every day until march"),
        ("every day ending march", "every day until march"),
        ("every day for 5 occurrences", "every day for 5 times"),
        ("every day for 1 occurrence", "every day for 1 times"),
        ("every day for 5 runs", "every day for 5 times"),
        ("mon thru fri", "mon to fri"),
    ],
)
def test_other_spellings_of_a_series_mean_the_same(words: str, same: str) -> None:
    if words == "every year on 1 may beginning in 2027":
        assert isinstance(read(f"{words} at 06:00", now=NOW, zone="UTC"), Rejected)
        return
    assert schedule_of(f"{words} at 06:00") == schedule_of(f"{same} at 06:00")
