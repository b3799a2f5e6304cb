"""Deadlines in working hours."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.requests.approval.deadlines import escalates_at, expires_at, next_reminder_at
from bot.requests.approval.rounds import ApprovalRound
from bot.requests.business_time import BusinessTime
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import terms_text
from bot.schedule import Now
from tests.unit.requests.build import CONTENT_HASH, person, policy, requirement, rule, stage, subject

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = BusinessTime(begin=time(9), end=time(17), weekdays=(0, 1, 2, 3, 4), zone="Europe/Berlin")
FRIDAY_18 = datetime(2026, 3, 6, 18, tzinfo=BERLIN)
HOUR = 3600
COUNTED = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
count = "business"
expires = "4h"
reminders = ["1h"]
escalate_after = "2h"
escalate_to = ["@leads"]
"""


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (FRIDAY_18, 1, datetime(2026, 3, 9, 10)),
        (FRIDAY_18, 8, datetime(2026, 3, 9, 17)),
        (datetime(2026, 3, 6, 16, tzinfo=BERLIN), 1, datetime(2026, 3, 6, 17)),
        (datetime(2026, 3, 6, 16, tzinfo=BERLIN), 2, datetime(2026, 3, 9, 10)),
        (datetime(2026, 3, 6, 7, tzinfo=BERLIN), 1, datetime(2026, 3, 6, 10)),
        (datetime(2026, 3, 27, 16, tzinfo=BERLIN), 9, datetime(2026, 3, 30, 17)),
    ],
)
def test_only_working_hours_count(start: datetime, hours: float, end: datetime) -> None:
    assert OFFICE.after(start, hours * HOUR) == end.replace(tzinfo=BERLIN)


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    first=st.integers(0, 90_000),
    more=st.integers(0, 9_000),
)
def test_a_deadline_lies_in_working_hours_and_more_time_never_ends_earlier(
    start: datetime, first: int, more: int
) -> None:
    begun = start.replace(tzinfo=UTC)
    end, later = OFFICE.after(begun, first), OFFICE.after(begun, first + more)
    local = end.astimezone(BERLIN)
    assert begun <= end <= later
    assert end - begun >= timedelta(seconds=first)
    assert local.weekday() < 5
    assert time(9) <= local.time() <= time(17)


def test_a_request_of_friday_evening_does_not_expire_on_saturday() -> None:
    found = evaluate(policy(COUNTED), subject())
    assert expires_at(found, FRIDAY_18, Now()) == datetime(2026, 3, 9, 13, tzinfo=BERLIN)
    assert next_reminder_at(found, FRIDAY_18, FRIDAY_18) == datetime(2026, 3, 9, 10, tzinfo=BERLIN)
    assert escalates_at(found, FRIDAY_18) == datetime(2026, 3, 9, 11, tzinfo=BERLIN)
    assert "4 hours of working time (Mon, Tue, Wed, Thu, Fri 09:00-17:00 Europe/Berlin)" in terms_text(found)[0]


def test_the_second_group_waits_for_working_hours_too() -> None:
    asked = requirement(stage("@sre"), business=OFFICE, escalate_after=2 * HOUR, escalate_to=stage("@leads"))
    there = ApprovalRound(requirement=asked, content_hash=CONTENT_HASH, requester=person("UANN"), opened_at=FRIDAY_18)
    assert "@leads" not in there.stages(FRIDAY_18 + timedelta(hours=3))[0].groups
    assert "@leads" in there.stages(datetime(2026, 3, 9, 11, tzinfo=BERLIN))[0].groups


def test_every_hour_counts_by_default_and_wins() -> None:
    assert evaluate(policy(""), subject()).business is None
    text = COUNTED + rule("min_targets = 1", 'count = "clock"')
    assert evaluate(policy(text), subject()).business is None
    with pytest.raises(ConfigError, match="count: business is easier than the clock of"):
        policy(rule("min_targets = 1", 'count = "business"'))


@pytest.mark.parametrize("hours", ["22:00-06:00", "9-17", "09:00-09:00"])
def test_working_hours_are_within_a_day(hours: str) -> None:
    with pytest.raises(ConfigError, match="hours"):
        policy(f'[policy]\napprovers = ["@sre"]\nworking_hours = "{hours}"\n')
