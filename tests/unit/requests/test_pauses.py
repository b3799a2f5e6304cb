"""Which pauses hold a start at a moment, and what its card says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.requests.pauses import Pause, PauseScope, held_text, holding_pause

NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def pause(scope: PauseScope = "system", name: str = "foreman.prod", **fields: object) -> Pause:
    return Pause.model_validate(
        {"id": "p_1", "scope": scope, "name": name, "since": NOW - HOUR, "reason": "disk", **fields}
    )


@pytest.mark.parametrize(
    ("scope", "name", "backend", "request_id", "covers"),
    [
        ("everything", "", "foreman.prod", "r_1", True),
        ("system", "foreman.prod", "foreman.prod", "r_1", True),
        ("system", "foreman.prod", "foreman.lab", "r_1", False),
        ("series", "r_1", "foreman.prod", "r_1", True),
        ("series", "r_1", "foreman.prod", "r_2", False),
    ],
)
def test_a_pause_covers_its_system_its_series_or_everything(
    scope: PauseScope, name: str, backend: str, request_id: str, covers: bool
) -> None:
    held = holding_pause([pause(scope, name)], backend, request_id, NOW)
    assert (held is not None) is covers


def test_a_pause_holds_until_its_end_and_not_at_it() -> None:
    until = pause(until=NOW + HOUR)
    assert holding_pause([until], "foreman.prod", "r_1", NOW + HOUR - timedelta(microseconds=1)) == until
    assert holding_pause([until], "foreman.prod", "r_1", NOW + HOUR) is None


def test_a_pause_that_was_ended_holds_nothing() -> None:
    assert holding_pause([pause(ended_at=NOW)], "foreman.prod", "r_1", NOW - HOUR) is None


def test_a_pause_holds_although_the_clock_was_set_back_to_before_its_beginning() -> None:
    assert holding_pause([pause()], "foreman.prod", "r_1", NOW - 5 * HOUR) is not None


def test_of_several_pauses_the_one_that_ends_last_is_named() -> None:
    short, long = pause(until=NOW + HOUR), pause("everything", "", until=NOW + 2 * HOUR)
    endless = pause(id="p_2")
    assert holding_pause([short, long], "foreman.prod", "r_1", NOW) == long
    assert holding_pause([long, endless, short], "foreman.prod", "r_1", NOW) == endless


@given(
    ends=st.lists(st.one_of(st.none(), st.integers(-5, 5)), max_size=5),
    moment=st.integers(-5, 5),
)
def test_a_start_is_held_exactly_while_some_pause_is_not_over(ends: list[int | None], moment: int) -> None:
    pauses = [pause(until=None if end is None else NOW + end * HOUR) for end in ends]
    at = NOW + moment * HOUR
    held = holding_pause(pauses, "foreman.prod", "r_1", at)
    assert (held is not None) is any(end is None or moment < end for end in ends)


def test_the_card_says_why_and_until_when() -> None:
    until = pause(until=NOW + HOUR, reason="disk full.")
    assert held_text(until, "Europe/Berlin") == "Paused: disk full. Held until Mon 11 Jan 11:00 CET."
    assert held_text(pause(), "UTC") == "Paused: disk. Held until somebody ends the pause."
    assert held_text(pause("series", "r_1"), "UTC") == "Paused: disk. No run starts until somebody resumes the series."
