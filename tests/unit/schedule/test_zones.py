"""Time zones in a phrase: abbreviations, offsets and cities mean zones that really keep that time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.schedule import Ambiguous, Once, Parsed, Rejected, echo, is_known_zone, read, to_phrase
from bot.schedule.parsing.zones import ABBREVIATIONS, SEASONLESS_ABBREVIATIONS

NOW = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
WINTER, SUMMER = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)


def zone_of(text: str, speaker: str = "Europe/Berlin") -> str:
    reading = read(f"28 november 21:00 {text}", now=NOW, zone=speaker)
    if not isinstance(reading, Parsed):
        return reading.kind
    assert isinstance(reading.schedule, Once)
    return reading.schedule.start.zone


@pytest.mark.parametrize("abbreviation", sorted(set(ABBREVIATIONS) - SEASONLESS_ABBREVIATIONS))
def test_an_abbreviation_is_used_by_each_of_its_zones(abbreviation: str) -> None:
    for zone in ABBREVIATIONS[abbreviation]:
        names = {moment.astimezone(ZoneInfo(zone)).tzname() for moment in (WINTER, SUMMER)}
        hours = [moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in (WINTER, SUMMER)]
        assert abbreviation.upper() in names or not any(str(name).isalpha() for name in names), (zone, names, hours)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("z", "UTC"),
        ("zulu", "UTC"),
        ("GMT", "UTC"),
        ("et", "America/New_York"),
        ("ct", "America/Chicago"),
        ("mt", "America/Denver"),
        ("pt", "America/Los_Angeles"),
        ("hst", "Pacific/Honolulu"),
        ("sgt", "Asia/Singapore"),
        ("CET time", "Europe/Berlin"),
        ("eastern", "America/New_York"),
        ("eastern time", "America/New_York"),
        ("eastern standard time", "America/New_York"),
        ("eastern daylight time", "America/New_York"),
        ("eastern summer time", "America/New_York"),
        ("eastern standard", "refusal"),
        ("eastern time time", "refusal"),
        ("pacific time", "America/Los_Angeles"),
        ("central european time", "Europe/Berlin"),
        ("central european summer time", "Europe/Berlin"),
        ("central time", "Europe/Berlin"),
        ("mountain time", "question"),
        ("in new york", "America/New_York"),
        ("on new york time", "America/New_York"),
        ("new york", "America/New_York"),
        ("salt lake city time", "America/Denver"),
        ("san francisco", "America/Los_Angeles"),
        ("new delhi", "Asia/Kolkata"),
        ("delhi", "Asia/Kolkata"),
        ("rio de janeiro", "America/Sao_Paulo"),
        ("uk time", "Europe/London"),
        ("Australia/lord_howe", "Australia/Lord_Howe"),
        ("america/argentina/buenos_aires", "America/Argentina/Buenos_Aires"),
        ("us/eastern", "US/Eastern"),
        ("knox", "refusal"),
        ("easter island", "refusal"),
        ("in", "refusal"),
        ("new", "refusal"),
        ("CET CET", "Europe/Berlin"),
        ("CET Europe/Berlin", "Europe/Berlin"),
        ("CET UTC", "refusal"),
    ],
)
def test_names_of_zones(text: str, zone: str) -> None:
    assert zone_of(text) == zone


@pytest.mark.parametrize("minutes", [210, 270, 330, 345, 390, 525, 570, -570, *range(-720, 841, 60)])
def test_an_offset_is_a_zone_that_keeps_it_all_the_year(minutes: int) -> None:
    sign, (hours, rest) = "+-"[minutes < 0], divmod(abs(minutes), 60)
    texts = [f"UTC{sign}{hours}:{rest:02}", f"utc {sign}{hours:02}{rest:02}", f"gmt{sign}{hours:02}:{rest:02}"]
    if minutes >= 0:
        texts += [f"+{hours:02}:{rest:02}", f"utc + {hours:02}{rest:02}"]
    for text in texts:
        zone = ZoneInfo(zone_of(text))
        for moment in (WINTER, SUMMER):
            assert moment.astimezone(zone).utcoffset() == timedelta(minutes=minutes), text


@pytest.mark.parametrize("text", ["21:00 UTC - 5", "21:00 GMT - 05:00", "21:00 utc - 0500"])
def test_a_minus_between_spaces_is_an_offset_or_the_end(text: str) -> None:
    reading = read(f"28 november {text}", now=NOW, zone="Europe/Berlin")
    assert isinstance(reading, Ambiguous)
    assert [choice.meaning.schedule.kind for choice in reading.choices] == ["window", "once"]


def test_a_minus_before_hours_that_are_no_offset_is_a_range() -> None:
    reading = read("28 november 8:00 GMT - 12:00", now=NOW, zone="Europe/Berlin")
    assert isinstance(reading, Parsed)
    assert to_phrase(reading.schedule) == "2026-11-28 08:00 to 2026-11-28 12:00 UTC"


@pytest.mark.parametrize("text", ["2026-12-01T10:00:00+01:00[Europe/Berlin]", "2026-12-01T09:00Z[Europe/Berlin]"])
def test_a_zone_in_brackets_is_the_zone_of_the_time(text: str) -> None:
    reading = read(text, now=NOW, zone="Asia/Tokyo")
    assert isinstance(reading, Parsed)
    assert to_phrase(reading.schedule) == "2026-12-01 10:00 Europe/Berlin"


def test_an_offset_that_the_named_zone_does_not_have_is_refused() -> None:
    reading = read("2026-12-01T10:00:00+02:00[Europe/Berlin]", now=NOW, zone="UTC")
    assert isinstance(reading, Rejected)
    assert reading.reason == "Europe/Berlin is at UTC+0100 then, not at UTC+0200."


def test_a_series_at_an_offset_is_said_as_it_was_written() -> None:
    reading = read("every day 22:00 -0500", now=NOW, zone="Europe/Berlin")
    assert isinstance(reading, Parsed)
    assert echo(reading, NOW, "Europe/Berlin")[0] == "Every day at 22:00 UTC-5."


@pytest.mark.parametrize("text", ["UTC+15", "UTC-13", "UTC+14:30", "UTC-3:30", "UTC+1:15", "UTC-9:15", "UTC+24"])
def test_an_offset_that_no_zone_keeps_is_refused(text: str) -> None:
    reading = read(f"28 november 21:00 {text}", now=NOW, zone="Europe/Berlin")
    assert isinstance(reading, Rejected)
    assert reading.word == text
    assert "all the year" in reading.reason


@pytest.mark.parametrize(
    ("abbreviation", "speaker", "zone"),
    [
        ("CST", "America/Chicago", "America/Chicago"),
        ("CST", "America/Mexico_City", "America/Mexico_City"),
        ("CST", "Europe/Berlin", "question"),
        ("EST", "America/Toronto", "America/Toronto"),
        ("ET", "America/Toronto", "America/New_York"),
        ("UTC", "Etc/UTC", "UTC"),
        ("GMT", "Europe/London", "UTC"),
        ("BST", "Europe/London", "Europe/London"),
        ("CEST", "Europe/Paris", "Europe/Paris"),
        ("EDT", "America/Toronto", "America/Toronto"),
        ("eastern", "America/Toronto", "America/New_York"),
        ("central", "America/Chicago", "America/Chicago"),
        ("mountain", "America/Phoenix", "America/Phoenix"),
    ],
)
def test_the_zone_of_the_speaker_decides_where_it_uses_the_abbreviation(
    abbreviation: str, speaker: str, zone: str
) -> None:
    assert zone_of(abbreviation, speaker) == zone


def test_every_zone_name_is_known_by_its_exact_spelling() -> None:
    assert all(is_known_zone(name) for name in available_timezones())
    assert not is_known_zone("europe/berlin")
    assert not is_known_zone("")
