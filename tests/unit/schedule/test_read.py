"""What preferences and zones settle, which assumptions are stated, and that no phrase makes reading raise."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule import (
    Ambiguous,
    Once,
    Parsed,
    Reading,
    Rejected,
    Series,
    TimePreferences,
    ZonedTime,
    read,
    start_of,
    to_phrase,
    warm_up,
)
from bot.schedule.parsing.dates import parse_day
from bot.schedule.parsing.vocabulary import VOCABULARY
from bot.schedule.parsing.zones import zone_names

NOW = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
GERMAN = TimePreferences(uses_24h_clock=True, day_first=True)
AMERICAN = TimePreferences(uses_24h_clock=False, day_first=False)


def read_phrase(phrase: str, zone: str = "Europe/Berlin", habits: TimePreferences = TimePreferences()) -> Reading:
    return read(phrase, now=NOW, zone=zone, preferences=habits)


def meaning_of(phrase: str, zone: str = "Europe/Berlin", habits: TimePreferences = TimePreferences()) -> str:
    reading = read_phrase(phrase, zone, habits)
    return to_phrase(reading.schedule) if isinstance(reading, Parsed) else reading.kind


@pytest.mark.parametrize(
    ("phrase", "meaning"),
    [
        ("tomorrow at 9", "2026-11-24 09:00 Europe/Berlin"),
        ("tomorrow 3:30", "2026-11-24 03:30 Europe/Berlin"),
        ("every day at 6", "every day at 06:00 Europe/Berlin"),
        ("tomorrow half past nine", "2026-11-24 09:30 Europe/Berlin"),
        ("12/11 9pm", "question"),
        ("3/12 21:00", "2026-12-03 21:00 Europe/Berlin"),
        ("1.2.2027 06:00", "2027-02-01 06:00 Europe/Berlin"),
    ],
)
def test_the_preferences_of_a_profile_settle_hours_and_the_order_of_dates(phrase: str, meaning: str) -> None:
    if meaning == "question":
        assert meaning_of(phrase, habits=AMERICAN) == "2026-12-11 21:00 Europe/Berlin"
        assert meaning_of(phrase) == meaning
        return
    assert meaning_of(phrase, habits=GERMAN) == meaning
    assert isinstance(read_phrase(phrase), Ambiguous)


def test_what_a_preference_settled_is_stated() -> None:
    reading = read_phrase("3/12 at 9", habits=GERMAN)
    assert isinstance(reading, Parsed)
    assert len(reading.assumptions) == 2
    assert all("as is usual for you" in text for text in reading.assumptions)


def test_a_12_hour_preference_does_not_settle_which_half_of_the_day() -> None:
    assert isinstance(read_phrase("tomorrow at 9", habits=AMERICAN), Ambiguous)


@pytest.mark.parametrize(
    ("letters", "speaker", "zone"),
    [
        ("IST", "Asia/Kolkata", "Asia/Kolkata"),
        ("IST", "Europe/Dublin", "Europe/Dublin"),
        ("CST", "Asia/Shanghai", "Asia/Shanghai"),
        ("CST", "America/Winnipeg", "America/Winnipeg"),
        ("BST", "Europe/London", "Europe/London"),
        ("BST", "Asia/Dhaka", "Asia/Dhaka"),
        ("CET", "Europe/Paris", "Europe/Paris"),
        ("CET", "Asia/Tokyo", "Europe/Berlin"),
        ("EST", "America/Toronto", "America/Toronto"),
        ("ET", "America/Toronto", "America/New_York"),
    ],
)
def test_the_speakers_zone_settles_letters_that_it_uses(letters: str, speaker: str, zone: str) -> None:
    assert meaning_of(f"28 november 9pm {letters}", speaker) == f"2026-11-28 21:00 {zone}"


@pytest.mark.parametrize(
    ("phrase", "part"),
    [
        ("9pm", "tomorrow"),
        ("monday 9pm", "has passed today"),
        ("tomorrow 10:15", "24-hour clock"),
        ("about 9pm", "exactly"),
        ("15 july 9pm EST", "EDT"),
        ("every monday at 06:00 until march", "1 March 2027"),
        ("every day at 06:00 starting 2026-11-01", "counted from it"),
        ("monday to friday at 18:20", "every week"),
        ("21:30 to 23:30", "begun already"),
        ("tomorrow after 9pm", "as at 21:00"),
    ],
)
def test_assumptions_are_stated(phrase: str, part: str) -> None:
    reading = read_phrase(phrase)
    assert isinstance(reading, Parsed)
    assert any(part in text for text in reading.assumptions), reading.assumptions


def test_what_needs_no_assumption_makes_none() -> None:
    for phrase in (
        "tomorrow 21:00",
        "2026-12-24 03:00 Europe/Berlin",
        "every friday at 22:00 for 3 hours",
        "in 2 hours",
    ):
        reading = read_phrase(phrase)
        assert isinstance(reading, Parsed)
        assert reading.assumptions == (), phrase


@pytest.mark.parametrize(
    "phrase",
    [
        "",
        "   ",
        "🙂",
        "🔥🔥 tomorrow",
        "x" * 201,
        "tomorrow 9pm " * 30,
        "завтра в 9",
        "明日の午後9時",
        "غدا",
        "٣:٠٠",
        "'; DROP TABLE runs; --",
        "1 OR 1=1",
        "<!here> 9pm",
        "<@U123> 9pm",
        "```",
        "<https://x.y|9pm>",
        "never",
        "last night 22:00",
        "tomorrow tomorrow 9pm",
        "yesterday",
        "2020-01-01 10:00",
        "1 january 9999 10:00",
        "25:00",
        "31 february 9pm",
        "13pm",
        "tomorrow 24:30",
        "99:99",
        "0/0",
        "2026-99-99 21:00",
        "the 0th at 9pm",
        "every 0 hours",
        "in 1e9 days",
        "\x00",
        "９pm",
        "tomorrow 9pm İstanbul",
        "ﬁve minutes",
        "１２:００",
    ],
)
def test_what_is_no_time_is_refused_with_its_word_and_an_example_that_works(phrase: str) -> None:
    reading = read_phrase(phrase)
    assert isinstance(reading, Rejected), reading
    assert reading.reason.endswith((".", "?", "'."))
    assert reading.word in phrase
    assert isinstance(read_phrase(reading.example), Parsed)


@pytest.mark.parametrize(
    ("phrase", "word"),
    [
        ("tomorrow banana 9pm", "banana"),
        ("9pm, mañana", "mañana"),
        ("run it tomorrow", "run"),
        ("every day at 25:00", "25:00"),
        ("31 february at 9pm", "31 february"),
        ("tomorrow 9pm 10pm", "9pm 10pm"),
        ("every 999999999 weeks on friday at 9pm", "every 999999999 weeks"),
        ("9pm cat", "cat"),
        ("9pm Europe/Atlantis", "Europe/Atlantis"),
    ],
)
def test_a_refusal_names_the_word_it_did_not_understand(phrase: str, word: str) -> None:
    reading = read_phrase(phrase)
    assert isinstance(reading, Rejected)
    assert reading.word == word


def test_a_date_that_no_calendar_has_is_named_as_such() -> None:
    for phrase, named in (("31 february 9pm", "31 February"), ("29 february 2027 9pm", "29 February 2027")):
        reading = read_phrase(phrase)
        assert isinstance(reading, Rejected)
        assert reading.reason == f"There is no {named}."


def test_times_beyond_two_years_are_refused_unless_only_the_meaning_is_asked() -> None:
    assert isinstance(read_phrase("24 december 2028 21:00"), Rejected)
    assert isinstance(read_phrase("24 december 2027 21:00"), Parsed)
    assert isinstance(read("24 december 2031 21:00", now=NOW, zone="UTC", whole_days=True), Parsed)


def test_whole_days_are_answered_only_where_they_are_wanted() -> None:
    for phrase in ("tomorrow", "every monday", "next week", "24 december"):
        assert isinstance(read_phrase(phrase), Ambiguous), phrase
        assert isinstance(read(phrase, now=NOW, zone="UTC", whole_days=True), Parsed), phrase


def test_a_question_without_a_time_offers_whole_readings() -> None:
    reading = read_phrase("tomorrow")
    assert isinstance(reading, Ambiguous)
    hours = [
        choice.meaning.schedule.start.wall.hour for choice in reading.choices if choice.meaning.schedule.kind == "once"
    ]
    assert hours == [9, 21]


def test_a_past_start_keeps_the_step_and_the_count_of_a_series() -> None:
    fortnight = read_phrase("every 2 weeks on monday at 06:00 starting 2026-11-02")
    assert isinstance(fortnight, Parsed)
    assert isinstance(fortnight.schedule, Series)
    assert fortnight.schedule.first.wall == datetime(2026, 11, 30, 6)
    counted = read_phrase("every day at 06:00 starting 2026-11-22 for 5 times")
    assert isinstance(counted, Parsed)
    assert isinstance(counted.schedule, Series)
    assert (counted.schedule.first.wall, counted.schedule.count) == (datetime(2026, 11, 24, 6), 3)


def test_seconds_are_kept_where_they_are_named() -> None:
    reading = read_phrase("in 90 seconds")
    assert isinstance(reading, Parsed)
    assert isinstance(reading.schedule, Once)
    assert (reading.schedule.start.instant - NOW).total_seconds() == 90


def test_a_long_phrase_is_named_by_its_beginning() -> None:
    for phrase in ("tomorrow " * 30, "x" * 201):
        reading = read_phrase(phrase)
        assert isinstance(reading, Rejected)
        assert (reading.phrase, reading.word) == (phrase[:200], phrase[:20])
        assert reading.reason == "A time of more than 200 characters is not read."
        assert reading.example == "tomorrow 21:00"
    assert read_phrase("tomorrow 9pm".ljust(200)).kind == "understood"


def test_nothing_is_asked_back_with_an_example() -> None:
    for phrase in ("", " ", "!"):
        assert read_phrase(phrase) == Rejected(phrase=phrase, reason="Say when.", example="tomorrow 21:00")


@pytest.mark.parametrize(
    ("phrase", "wall"),
    [
        ("in 2 hours", datetime(2026, 11, 24, 0, 0)),
        ("in 1 minute", datetime(2026, 11, 23, 22, 1)),
        ("in 90 seconds", datetime(2026, 11, 23, 22, 2, 0, 500)),
        ("in 1 day and 2 hours", datetime(2026, 11, 25, 0, 0)),
        ("now for 2 hours", datetime(2026, 11, 23, 22, 0, 30, 500)),
        ("every 7 minutes", datetime(2026, 11, 23, 22, 1)),
        ("every 15 minutes", datetime(2026, 11, 23, 22, 15)),
        ("every hour", datetime(2026, 11, 23, 23, 0)),
        ("every day at 22:00", datetime(2026, 11, 24, 22, 0)),
        ("every day at 22:01", datetime(2026, 11, 23, 22, 1)),
        ("22:00", datetime(2026, 11, 24, 22, 0)),
        ("22:00 to 23:00", datetime(2026, 11, 23, 22, 0)),
    ],
)
def test_the_seconds_of_the_clock_are_left_out_where_minutes_are_meant(phrase: str, wall: datetime) -> None:
    reading = read(phrase, now=NOW.replace(second=30, microsecond=500), zone="Europe/Berlin")
    assert isinstance(reading, Parsed)
    start = start_of(reading.schedule)
    assert start is not None
    assert start.wall == wall


@pytest.mark.parametrize(
    ("minute", "interval", "start"),
    [(14, 15, "22:15"), (15, 15, "22:30"), (59, 30, "23:00"), (0, 1, "22:01"), (58, 20, "23:00"), (5, 7, "22:06")],
)
def test_a_series_by_the_minute_starts_in_step_with_the_hour_where_it_divides_it(
    minute: int, interval: int, start: str
) -> None:
    reading = read(f"every {interval} minutes", now=NOW.replace(minute=minute), zone="Europe/Berlin")
    assert isinstance(reading, Parsed)
    assert isinstance(reading.schedule, Series)
    assert f"{reading.schedule.first.wall:%H:%M}" == start


def test_a_repeated_hour_is_told_apart_by_fold_alone() -> None:
    now = datetime(2027, 10, 30, 21, 30, tzinfo=UTC)
    for phrase, fold in (("in 4 hours", 1), ("in 3 hours", 0), ("31 october 2027 02:30 the second time", 1)):
        reading = read(phrase, now=now, zone="Europe/Berlin")
        assert isinstance(reading, Parsed)
        assert isinstance(reading.schedule, Once)
        start = reading.schedule.start
        assert (start.wall, start.wall.fold, start.fold) == (datetime(2027, 10, 31, 2, 30), 0, fold)
    once = read("tomorrow 21:00 the second time", now=now, zone="Europe/Berlin")
    assert isinstance(once, Parsed)
    assert isinstance(once.schedule, Once)
    assert once.schedule.start.fold == 0


def test_an_instant_becomes_a_time_to_the_minute() -> None:
    instant = datetime(2027, 10, 31, 1, 30, 59, 999, tzinfo=UTC)
    zoned = ZonedTime.from_instant(instant, "Europe/Berlin")
    assert (zoned.wall, zoned.wall.fold, zoned.fold) == (datetime(2027, 10, 31, 2, 30), 0, 1)
    assert zoned.instant == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert ZonedTime.from_instant(instant - timedelta(hours=1), "Europe/Berlin").fold == 0


def test_warming_up_loads_the_days_and_the_zones() -> None:
    zone_names.cache_clear()
    parse_day.cache_clear()
    warm_up()
    assert zone_names.cache_info().currsize == 1
    assert parse_day.cache_info().currsize == 12 * 31


vocabulary = st.sampled_from(
    [
        *VOCABULARY,
        "9pm",
        "21:00",
        "3:30",
        "9",
        "15th",
        "12/11",
        "24.12.",
        "2027",
        "2026-12-24",
        "UTC",
        "CET",
        "-",
        ",",
        "/",
        "Europe/Berlin",
        "+02:00",
        "1h30",
        "22h",
        "'",
        "(",
        "0",
        "99",
        "31",
    ]
)
phrases = st.lists(vocabulary, min_size=1, max_size=9).map(" ".join) | st.text(max_size=60)


@settings(max_examples=1500, deadline=None)
@given(phrases, st.booleans(), st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]))
def test_no_phrase_makes_reading_raise(phrase: str, whole_days: bool, zone: str) -> None:
    reading = read(phrase, now=NOW, zone=zone, whole_days=whole_days)
    if isinstance(reading, Parsed) and not whole_days:
        again = read(to_phrase(reading.schedule), now=NOW, zone="UTC")
        assert isinstance(again, Parsed), (phrase, to_phrase(reading.schedule))
        assert again.schedule == reading.schedule


def test_dateparser_is_not_loaded_before_a_phrase_needs_it() -> None:
    code = (
        "import sys, datetime, bot.schedule as s; now = datetime.datetime.now(datetime.UTC);"
        "s.read('tomorrow 21:00', now=now, zone='UTC'); early = 'dateparser' in sys.modules;"
        "s.read('24 december 21:00', now=now, zone='UTC'); print(early, 'dateparser' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_reading_is_quick_once_warm() -> None:
    warm_up()
    common = ["tomorrow 21:00", "friday 9pm Europe/Berlin", "in 2 hours", "every monday at 06:00", "21:00-23:00"] * 40
    spent = sorted(_cpu_seconds(phrase) for phrase in common)
    assert spent[len(spent) // 2] < 0.0015
    assert min(_cpu_seconds("junk " * 2000) for _ in range(5)) < 0.001


def _cpu_seconds(phrase: str) -> float:
    start = time.thread_time()
    read_phrase(phrase)
    return time.thread_time() - start
