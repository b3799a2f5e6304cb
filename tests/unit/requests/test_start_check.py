"""When a start that a back end makes is checked, and what its card says of one that was not."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.requests.start_check import StartCheck, check_time, must_cancel, recheck_time, unchecked_note

START = datetime(2027, 1, 12, 21, 0, tzinfo=UTC)
LAST = START - timedelta(minutes=2)


def test_a_start_is_checked_a_quarter_of_an_hour_before() -> None:
    assert check_time(START) == START - timedelta(minutes=15)


def test_two_minutes_before_it_is_too_late_to_wait() -> None:
    assert not must_cancel(START, LAST - timedelta(seconds=1))
    assert must_cancel(START, LAST)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (LAST - timedelta(minutes=5), LAST - timedelta(minutes=4)),
        (LAST - timedelta(seconds=10), LAST),
        (LAST, LAST + timedelta(minutes=1)),
        (START + timedelta(minutes=1), START + timedelta(minutes=2)),
    ],
)
def test_what_waits_is_checked_again_at_the_latest_when_it_has_to_be_cancelled(
    now: datetime, expected: datetime
) -> None:
    assert recheck_time(START, now, timedelta(minutes=1)) == expected


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (None, "Not checked before it started: Nightshift was down."),
        (StartCheck(state="passed"), ""),
        (StartCheck(state="waiting", text="Foreman is away."), "Not checked before it started. Foreman is away."),
        (
            StartCheck(state="cancelling", text="Policy refuses it."),
            "It started although Nightshift tried to cancel it. Policy refuses it.",
        ),
    ],
)
def test_a_start_that_was_not_checked_says_why(check: StartCheck | None, expected: str) -> None:
    assert unchecked_note(check) == expected
