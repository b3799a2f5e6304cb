"""The words after ``/nightshift list``."""

from datetime import UTC, datetime

import pytest

from bot.errors import NightshiftError
from bot.requests.model import Person
from handlers.list_words import ListWords, parse_list_words

NOW = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)  # a Friday
SYSTEMS = {"foreman.prod": "Foreman production", "opsramp.acme": "OpsRamp"}


def parsed(text: str) -> ListWords:
    return parse_list_words(text, Person(team="T1", user="UANN"), SYSTEMS, NOW, "Europe/Berlin")


def test_nothing_lists_everything() -> None:
    words = parsed("")
    assert words.found.model_dump(exclude_defaults=True) == {}
    assert words.title == "requests"


def test_states_systems_people_and_a_day_are_understood() -> None:
    found = parsed("failed foreman since monday").found
    assert found.states == ("failed", "partly_failed")
    assert found.backends == ("foreman.prod",)
    assert found.since == datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    assert parsed("failed foreman since monday").title == "failed foreman requests since Mon 23 Nov"
    assert parsed("by <@UBOB|bob>").found.requester == "UBOB"
    assert parsed("mine").found.requester == "UANN"
    assert parsed("pending prod").found.states == ("awaiting_approval",)
    assert parsed("pending prod").found.backends == ("foreman.prod",)


@pytest.mark.parametrize(
    ("text", "title", "empty"),
    [
        ("", "requests", "There are no requests."),
        ("mine", "your requests", "You have no requests."),
        ("waiting", "requests that wait for approval", "No request waits for approval."),
        ("failed mine", "your failed requests", "No requests found: your failed requests."),
        (
            "mine waiting foreman",
            "your foreman requests that wait for approval",
            "No requests found: your foreman requests that wait for approval.",
        ),
    ],
)
def test_a_list_and_an_empty_list_are_named_in_words(text: str, title: str, empty: str) -> None:
    assert (parsed(text).title, parsed(text).empty) == (title, empty)


def test_other_words_are_searched_for() -> None:
    words = parsed("running on web05.example.com")
    assert (words.found.text, words.found.states) == ("web05.example.com", ("starting", "running", "unknown"))
    assert words.title == "running requests with “web05.example.com”"


@pytest.mark.parametrize(
    ("text", "day"),
    [("today", 27), ("yesterday", 26), ("friday", 27), ("sat", 21), ("3 days", 24), ("3d", 24), ("2026-11-01", 1)],
)
def test_a_day_to_begin_with_is_never_in_the_future(text: str, day: int) -> None:
    since = parsed(f"since {text}").found.since
    assert since is not None
    assert (since.day, since <= NOW) == (day, True)


def test_a_day_that_is_not_understood_is_said() -> None:
    with pytest.raises(NightshiftError, match="“whenever” was not understood"):
        parsed("failed since whenever")
