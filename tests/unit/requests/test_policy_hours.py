"""Days and hours of a rule, for the start alone and for the whole run."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.errors import ConfigError
from bot.requests.policy.evaluate import evaluate
from tests.unit.requests.build import policy, rule, subject

BERLIN = ZoneInfo("Europe/Berlin")
HEAD = '[policy]\napprovers = ["@sre"]\nzone = "Europe/Berlin"\n'
HOURS = 'days = "sat", hours = "02:00-06:00"'


def at(wall: str) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=BERLIN)


def effect(text: str, start: str, run_hours: float = 1) -> str:
    asked = subject(starts=(at(start),), run_seconds=int(run_hours * 3600))
    return evaluate(policy(HEAD + text), asked).effect


OUTSIDE = rule("min_targets = 1", f'effect = "refuse"\nunless = {{{HOURS}, hours_cover = "run"}}')
START_ONLY = rule("min_targets = 1", f'effect = "refuse"\nunless = {{{HOURS}}}')


@pytest.mark.parametrize(
    ("start", "hours", "whole", "start_only"),
    [
        ("2026-03-07 02:00", 4, "ask", "ask"),
        ("2026-03-07 05:30", 0.5, "ask", "ask"),
        ("2026-03-07 05:30", 1, "refuse", "ask"),
        ("2026-03-07 01:59", 1, "refuse", "refuse"),
        ("2026-03-07 02:00", 25, "refuse", "ask"),
        ("2026-03-08 03:00", 1, "refuse", "refuse"),
    ],
)
def test_work_outside_the_allowed_hours(start: str, hours: float, whole: str, start_only: str) -> None:
    assert effect(OUTSIDE, start, hours) == whole
    assert effect(START_ONLY, start, hours) == start_only


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-03-04 07:30", 1, "refuse"),
        ("2026-03-04 07:30", 0.5, "ask"),
        ("2026-03-04 18:00", 13, "ask"),
        ("2026-03-04 06:00", 24, "refuse"),
        ("2026-03-04 17:59", 1, "refuse"),
    ],
)
def test_work_that_touches_forbidden_hours(start: str, hours: float, expected: str) -> None:
    text = rule('hours = "08:00-18:00", hours_cover = "run"', 'effect = "refuse"')
    assert effect(text, start, hours) == expected


def test_a_run_through_the_night_of_a_clock_change_is_as_long_as_it_is() -> None:
    text = rule("min_targets = 1", 'effect = "refuse"\nunless = {hours = "22:00-06:00", hours_cover = "run"}')
    assert effect(text, "2026-10-24 22:00", 9) == "ask", "the night has 25 hours"
    assert effect(text, "2026-10-23 22:00", 9) == "refuse"


def test_the_reason_names_the_moment() -> None:
    text = rule('hours = "08:00-18:00", hours_cover = "run"', 'effect = "refuse"')
    asked = subject(starts=(at("2026-03-04 07:30"),), run_seconds=3600)
    assert evaluate(policy(HEAD + text), asked).reasons == (
        "The rule “r” refuses this: a run on Wednesday at 08:00 (Europe/Berlin). "
        "It allows a run that is not at 08:00-18:00 (Europe/Berlin).",
    )


def test_it_needs_hours_or_days() -> None:
    with pytest.raises(ConfigError, match='hours_cover = "run" says nothing without hours or days'):
        policy(rule('min_targets = 1, hours_cover = "run"', 'effect = "refuse"'))
