"""Freezes in the policy file: which load, which contradict each other."""

import pytest

from bot.errors import ConfigError
from bot.requests.policy.load import load_policy
from bot.schedule import Window
from tests.unit.requests.build import NOW, policy, stage
from tests.unit.requests.test_policy_file import HEAD, faults, read_phrase

YEAR_END = '[[policy.freezes]]\nname = "Year end"\nwhen = "2026-12-20 to 2026-12-27"\n'
FRIDAYS = '[[policy.freezes]]\nname = "Fridays"\nwhen = "every friday 18:00"\nlasts = "6h"\n'
FRIDAYS += 'effect = "ask"\napprovers = "@cab"\n'


def test_freezes_that_contradict_each_other_are_named() -> None:
    (fault,) = faults(HEAD + YEAR_END + FRIDAYS)
    assert fault.startswith("my.toml:7: the freeze “Fridays”: it holds at the same time as “Year end” (Fri 25 Dec 2026")
    assert 'add wins_over = ["Year end"] here or wins_over = ["Fridays"] there' in fault


@pytest.mark.parametrize(
    "text",
    [
        YEAR_END + 'wins_over = "Fridays"\n' + FRIDAYS,
        YEAR_END + FRIDAYS + 'wins_over = "Year end"\n',
        YEAR_END + 'backend = "foreman.*"\n' + FRIDAYS + 'backend = ["opsramp", "foremanx"]\n',
        YEAR_END + 'targets = "db-*"\n' + FRIDAYS + 'targets = "web-?"\noperation = "immybot.*"\nbackend = "immybot"\n',
        YEAR_END + YEAR_END.replace("Year end", "Also"),
    ],
)
def test_freezes_that_do_not_contradict_each_other(text: str) -> None:
    assert len(load_policy(HEAD + text, now=NOW, phrase_reader=read_phrase).freezes) == 2


FREEZE = '[[policy.freezes]]\nname = "F"\n'
DATES = "start = 2026-12-20T00:00:00\nend = 2027-01-03T06:00:00\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "say when it holds in one way"),
        (DATES + 'when = "every saturday"', "say when it holds in one way"),
        (DATES + 'calendar = "https://example.org/x.ics"', "say when it holds in one way"),
        ("start = 2026-12-20T00:00:00", "start and end are both needed"),
        ("end = 2026-12-20T00:00:00", "start and end are both needed"),
        ("start = 2026-12-20T00:00:00\nend = 2026-12-20T00:00:00", "the end after the start"),
        ("start = 2026-12-21T00:00:00\nend = 2026-12-20T00:00:00", "the end after the start"),
        (DATES + 'lasts = "2h"', "lasts goes with a phrase only"),
        (DATES + 'effect = "ask"', "approvers go with effect"),
        (DATES + 'approvers = "@a"', "approvers go with effect"),
        (DATES + 'effect = "ask"\napprovers = "U01"\nquorum = 2', "cannot be reached by 1 named person"),
        (DATES + 'effect = "ask"\napprovers = "@a"\nquorum = 0', '"quorum" does not fit'),
        (DATES + 'wins_over = "G"', 'there is no other freeze "G"'),
        (DATES + 'wins_over = "F"', 'there is no other freeze "F"'),
        (
            DATES + 'unless = {requester = "@a"}',
            'there is no setting "unless" here; there are allow_calendar, approvers,',
        ),
        (DATES + "[[policy.freezes]]\nname = 'F'\n" + DATES, 'there are two freezes named "F"'),
    ],
)
def test_what_is_no_freeze(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        policy(FREEZE + text)
    (line,) = caught.value.problems
    assert problem in line


def test_one_approval_may_be_asked_for_in_a_freeze() -> None:
    (freeze,) = policy(FREEZE + DATES + 'effect = "ask"\napprovers = "@cab"\nquorum = 1').freezes
    assert freeze.stage == stage("@cab")


def test_dates_of_a_freeze_may_have_a_zone_of_their_own() -> None:
    text = FREEZE + 'start = 2026-12-20T00:00:00Z\nend = 2027-01-03T06:00:00+01:00\nzone = "Europe/Berlin"\n'
    (freeze,) = policy(text).freezes
    assert isinstance(freeze.schedule, Window)
    assert (freeze.schedule.start.wall.hour, freeze.schedule.end.wall.hour) == (1, 6)
    assert (freeze.zone, freeze.max_age, freeze.schedule.start.zone) == ("Europe/Berlin", 86400, "Europe/Berlin")


def test_freezes_contradict_each_other_only_at_the_same_time_for_the_same_work() -> None:
    ask = 'effect = "ask"\napprovers = "@cab"\n'
    later = "start = 2027-01-03T06:00:00\nend = 2027-01-04T06:00:00\n"
    other = '[[policy.freezes]]\nname = "G"\n'

    def problems(one: str, two: str) -> int:
        try:
            policy(FREEZE + one + other + two)
        except ConfigError as error:
            return len(error.problems)
        return 0

    assert problems(DATES, DATES + ask) == 1
    assert problems(DATES, DATES) == 0
    assert problems(DATES, later + ask) == 0
    assert problems(DATES, DATES + ask + 'wins_over = "F"\n') == 0
    assert problems(DATES + 'wins_over = "G"\n', DATES + ask) == 0
    assert problems(DATES + 'backend = "foreman"\n', DATES + ask + 'backend = "immybot"\n') == 0
    assert problems(DATES + 'operation = "a"\n', DATES + ask + 'operation = "b"\n') == 0
    assert problems(DATES + 'targets = "a"\n', DATES + ask + 'targets = "b"\n') == 0
    assert problems(DATES + 'targets = "a*"\n', DATES + ask + 'targets = "*b"\n') == 1
    assert problems('when = "every saturday"\n', 'when = "every sunday"\n' + ask) == 0
    assert problems('when = "every saturday"\n', 'when = "every saturday"\n' + ask) == 1
    assert problems('calendar = "x.ics"\n', 'calendar = "x.ics"\n' + ask) == 0
