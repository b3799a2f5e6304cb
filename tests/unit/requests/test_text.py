"""The short phrases that reasons are composed of."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.requests.durations import format_age, format_duration
from bot.requests.model import Stage
from bot.requests.text import approver_names, count_noun, first_few, format_span, join_words, stages_text
from tests.unit.requests.build import stage

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("texts", "joined"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_joined(texts: list[str], joined: str) -> None:
    assert join_words(texts) == joined


@pytest.mark.parametrize(
    ("count", "text"),
    [(2, "1 and 2"), (3, "1, 2 and 3"), (4, "1, 2, 3 and 4"), (5, "1, 2, 3 and 2 more"), (10, "1, 2, 3 and 7 more")],
)
def test_of_many_names_the_first_few_are_told(count: int, text: str) -> None:
    assert first_few([str(n + 1) for n in range(count)]) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 hosts"), (1, "1 host"), (2, "2 hosts"), (3000, "3,000 hosts")])
def test_counts_agree_with_their_noun(count: int, text: str) -> None:
    assert count_noun(count, "hosts") == text


def test_approvers_go_by_the_names_that_policy_gives_them() -> None:
    assert approver_names(Stage(groups=("S1",), users=("U1",), names=("@sre", "Ann"))) == "@sre or Ann"
    assert approver_names(Stage(groups=("S1",), users=("U1",))) == "S1 or U1"
    assert approver_names(Stage()) == "nobody"
    assert stages_text([stage("@sre", quorum=2), stage("@dba")]) == "2 of @sre, then 1 of @dba"
    assert stages_text([]) == "an approval that nobody can give"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (
            datetime(2026, 3, 7, 22, tzinfo=BERLIN),
            datetime(2026, 3, 7, 23, tzinfo=BERLIN),
            "Sat 7 Mar 2026 22:00 to 23:00 CET",
        ),
        (
            datetime(2026, 3, 7, 22, tzinfo=BERLIN),
            datetime(2026, 3, 8, 1, tzinfo=BERLIN),
            "Sat 7 Mar 2026 22:00 CET to Sun 8 Mar 2026 01:00 CET",
        ),
        (
            datetime(2026, 3, 29, 1, tzinfo=BERLIN),
            datetime(2026, 3, 29, 4, tzinfo=BERLIN),
            "Sun 29 Mar 2026 01:00 CET to Sun 29 Mar 2026 04:00 CEST",
        ),
        (
            datetime(2026, 3, 7, 22, tzinfo=BERLIN),
            datetime(2026, 3, 7, 22, tzinfo=ZoneInfo("UTC")),
            "Sat 7 Mar 2026 22:00 to 23:00 CET",
        ),
    ],
)
def test_a_period_is_told_in_the_zone_of_its_start(start: datetime, end: datetime, text: str) -> None:
    assert format_span(start, end) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (0.9, "0 seconds"),
        (1, "1 second"),
        (61, "1 minute 1 second"),
        (93780, "1 day 2 hours"),
        (7200, "2 hours"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (119, "1 minute"),
        (18001, "5 hours"),
        (18061, "5 hours 1 minute"),
    ],
)
def test_an_age_is_told_in_whole_minutes(seconds: float, text: str) -> None:
    assert format_age(seconds) == text
