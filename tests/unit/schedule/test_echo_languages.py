"""Times are said back in the language that somebody has chosen."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.schedule import LANGUAGES, Parsed, echo, echo_in, read

ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 26, 10, 15, tzinfo=ZoneInfo(ZONE))


def parsed(phrase: str) -> Parsed:
    reading = read(phrase, now=NOW, zone=ZONE)
    assert isinstance(reading, Parsed), reading
    return reading


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("de", "Di., 1. Dez. 2026 21:00 GMT (Europe/London), in 5 Tagen; 22:00 Europe/Berlin"),
        ("es", "mar, 1 dic 2026 21:00 GMT (Europe/London), dentro de 5 días; 22:00 Europe/Berlin"),
        ("fr", "mar. 1 déc. 2026 21:00 GMT (Europe/London), dans 5 jours; 22:00 Europe/Berlin"),
        ("nl", "di 1 dec 2026 21:00 GMT (Europe/London), over 5 dagen; 22:00 Europe/Berlin"),
        ("pt", "ter., 1 de dez. de 2026 21:00 GMT (Europe/London), em 5 dias; 22:00 Europe/Berlin"),
    ],
)
def test_a_time_is_said_in_the_language(language: str, line: str) -> None:
    (said,) = echo_in(language, parsed("1 december 21:00 in london"), NOW, ZONE)
    assert said.replace("; 21:00 UTC", "") == line


def test_a_window_and_a_latest_start_are_said_in_the_language() -> None:
    (window,) = echo_in("de", parsed("saturday 22:00 to sunday 02:00"), NOW, ZONE)
    assert window.startswith("Sa., 28. Nov. 2026 22:00 bis So., 29. Nov. 2026 02:00 CET (Europe/Berlin), 4 Stunden, in")
    _, latest = echo_in("de", parsed("saturday 22:00, latest 23:30"), NOW, ZONE)
    assert latest == "Spätester Start: Sa., 28. Nov. 2026 23:30."


def test_the_runs_of_a_series_are_said_in_the_language_and_its_rule_as_it_can_be_typed() -> None:
    rule, *runs = echo_in("fr", parsed("every friday 22:00"), NOW, ZONE)
    assert rule == "Every Friday at 22:00 Europe/Berlin."
    assert [run.partition(" : ")[0] for run in runs] == ["Prochaine", "Puis", "Puis"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_half_an_hour_is_not_rounded_away(language: str) -> None:
    (said,) = echo_in(language, parsed("in 90 minutes"), NOW, ZONE)
    assert " 90 min" in said.casefold()


def test_remarks_are_kept() -> None:
    lines = echo_in("de", parsed("tomorrow at 8:30"), NOW, ZONE)
    assert lines[-1] == "8:30 was read on the 24-hour clock."


@pytest.mark.parametrize("language", ["en", "", "xx"])
def test_other_languages_are_said_in_english(language: str) -> None:
    reading = parsed("tomorrow 21:00")
    assert echo_in(language, reading, NOW, ZONE) == echo(reading, NOW, ZONE)


@pytest.mark.parametrize(
    ("phrase", "line"),
    [
        ("now", "Jetzt: sobald es genehmigt ist."),
        ("today 21:00 to 22:00", "Do., 26. Nov. 2026 21:00 bis 22:00 CET (Europe/Berlin), 1 Stunde, in 11 Stunden"),
        ("today 21:00 to 22:30", "Do., 26. Nov. 2026 21:00 bis 22:30 CET (Europe/Berlin), 90 Minuten, in 11 Stunden"),
        ("tomorrow 00:30", "Fr., 27. Nov. 2026 00:30 CET (Europe/Berlin), in 14 Stunden; Do., 26. Nov. 23:30 UTC"),
        ("28 november 21:00 utc", "Sa., 28. Nov. 2026 21:00 UTC, in 2 Tagen; 22:00 Europe/Berlin"),
    ],
)
def test_a_line_in_german(phrase: str, line: str) -> None:
    assert echo_in("de", parsed(phrase), NOW, ZONE) == (line,)


def test_the_next_run_and_those_after_it_are_said_with_the_changes_of_the_clocks() -> None:
    rule, first, second, third, *changes = echo_in("de", parsed("every sunday 02:30"), NOW, ZONE)
    assert rule == "Every Sunday at 02:30 Europe/Berlin."
    assert first == "Nächster Lauf: So., 29. Nov. 2026 02:30 CET (Europe/Berlin), in 3 Tagen; 01:30 UTC"
    assert [line.partition(" 02:30")[0] for line in (second, third)] == [
        "Danach: So., 6. Dez. 2026", "Danach: So., 13. Dez. 2026"
    ]  # fmt: skip
    assert [line[:18] for line in changes] == ["On Sun 28 Mar 2027", "On Sun 31 Oct 2027"]
