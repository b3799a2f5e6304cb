"""Which pauses hold a start at a moment, and what its card says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.requests.model import Request, Run, RunState
from bot.requests.pauses import Pause, PauseScope, held_text, holding_pause, shown_pauses
from bot.schedule import RecurrenceRule, Schedule, Series, ZonedTime
from tests.unit.requests.build import pending_request

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


def make_run(state: RunState, due_at: datetime | None = None) -> Run:
    return Run(id="n_1", request_id="r1", number=1, state=state, version=1, due_at=due_at)


def scheduled(schedule: Schedule | None = None, **values: object) -> Request:
    asked = pending_request(schedule) if schedule else pending_request()
    return asked.model_copy(update={"state": "scheduled", **values})


EVERYTHING = pause("everything", "", until=NOW + HOUR)


def test_a_card_shows_the_pause_that_its_next_start_falls_into() -> None:
    assert shown_pauses([EVERYTHING], scheduled(), [make_run("pending", NOW)], NOW) == (EVERYTHING,)
    assert shown_pauses([EVERYTHING], scheduled(), [make_run("pending", NOW + HOUR)], NOW) == ()
    assert shown_pauses([EVERYTHING], scheduled(), [make_run("pending", NOW - HOUR)], NOW) == (EVERYTHING,)


def test_a_card_of_a_run_under_way_shows_no_pause() -> None:
    for state in ("starting", "running", "unknown"):
        assert shown_pauses([EVERYTHING], scheduled(), [make_run(state)], NOW) == ()  # type: ignore[arg-type]


def test_a_request_that_waits_for_approval_shows_it_by_the_start_that_it_asks_for() -> None:
    asked = pending_request()
    assert shown_pauses([EVERYTHING], asked, [], NOW) == (EVERYTHING,)
    later = asked.model_copy(update={"start_at": NOW + 2 * HOUR})
    assert shown_pauses([EVERYTHING], later, [], NOW) == ()


def test_a_series_that_a_back_end_keeps_shows_it_by_its_next_occurrence() -> None:
    daily = Series(
        rule=RecurrenceRule(freq="daily"), zone="UTC", first=ZonedTime.from_instant(NOW - timedelta(hours=48.5), "UTC")
    )
    kept = [make_run("scheduled_in_backend")]
    assert shown_pauses([EVERYTHING], scheduled(daily), kept, NOW) == ()
    long = pause("everything", "", until=NOW + 24 * HOUR)
    assert shown_pauses([long], scheduled(daily), kept, NOW) == (long,)


def test_a_paused_series_shows_that_until_it_is_over() -> None:
    paused = pause("series", "r1")
    series = scheduled().model_copy(update={"id": "r1"})
    assert shown_pauses([paused], series, [], NOW) == (paused,)
    assert shown_pauses([paused], series.model_copy(update={"state": "cancelled"}), [], NOW) == ()


def test_a_card_shows_the_pause_by_the_first_of_several_runs_and_by_the_time_that_a_back_end_keeps() -> None:
    runs = [make_run("pending", NOW + 2 * HOUR), make_run("pending", NOW)]
    assert shown_pauses([EVERYTHING], scheduled(), runs, NOW) == (EVERYTHING,)
    kept = [make_run("scheduled_in_backend")]
    assert shown_pauses([EVERYTHING], scheduled(start_at=NOW + HOUR), kept, NOW) == ()
    assert shown_pauses([EVERYTHING], scheduled(start_at=NOW + 0.5 * HOUR), kept, NOW) == (EVERYTHING,)


def test_a_series_without_a_run_left_shows_no_pause() -> None:
    ended = Series(rule=RecurrenceRule(freq="daily"), zone="UTC", first=ZonedTime.from_instant(NOW - 48 * HOUR, "UTC"))
    ended = ended.model_copy(update={"count": 1})
    assert shown_pauses([EVERYTHING], scheduled(ended), [make_run("scheduled_in_backend")], NOW) == ()
