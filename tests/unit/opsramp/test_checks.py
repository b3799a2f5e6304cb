"""What does not fit together in a job, and what people should know about it."""

from datetime import UTC, datetime

import pytest

from bot.backends.opsramp import checks
from bot.backends.opsramp.scripts import Script, ScriptParameter
from bot.values import Json, JsonObject

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PASSWORD = ScriptParameter("1", "Password", data_type="PASSWORD")
HOST = ScriptParameter("2", "Host", required=True)
SCRIPT = Script(5, "Restart", "Ops", "9", parameters=(PASSWORD, HOST))


def custom(*parameters: JsonObject, **more: Json) -> dict[str, Json]:
    return {"script": {"jobType": "custom", "customScript": {"id": 5}, "parameters": [*parameters]}, **more}


NO_SCHEDULE = "needs a schedule: give a time, or a start date and a pattern."


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ({}, {}),
        (
            {"script": {"jobType": "adCheckList"}},
            {"name": "A job of type adCheckList needs a name.", "when": f"A job of type adCheckList {NO_SCHEDULE}"},
        ),
        ({"script": {"jobType": "adCheckList"}, "name": "n", "schedule": {"startDate": "s", "pattern": {"a": 1}}}, {}),
        (
            {"script": {"jobType": "networkconfigbackup"}, "name": "n", "schedule": {"startDate": "s", "pattern": {}}},
            {"versions_saved": "A configuration backup needs to know which versions are kept."},
        ),
        (
            {"script": {"jobType": "appinstall"}},
            {"approval_type": "An installation needs manual or automatic approval."},
        ),
        ({"script": {"jobType": "appinstall", "approvalType": {"approvalType": 0}}}, {}),
        ({"script": {"jobType": "custom"}}, {"script": "Choose the script to run."}),
        ({"schedule": {"pattern": {"a": 1}}}, {"start_date": "A pattern needs a start date."}),
        (
            {"schedule": {"startDate": "s"}},
            {"pattern_type": "A start date needs a pattern; Never is the one for a single run."},
        ),
    ],
)
def test_what_a_job_lacks(job: JsonObject, expected: dict[str, str]):
    assert checks.job_problems(job) == expected


BOTH = "Give days of the month, or a week with a weekday, not both."


@pytest.mark.parametrize(
    ("given", "unused", "expected"),
    [
        ({}, False, {}),
        ({}, True, {"pattern_type": "Say which pattern: daily, weekly, monthly, run once or never."}),
        (
            {"pattern_frequency": "x"},
            False,
            {"pattern_type": "Say which pattern: daily, weekly, monthly, run once or never."},
        ),
        (
            {"pattern_type": "daily"},
            False,
            {"pattern_frequency": "A daily pattern needs it: everyday, every weekday or recurrence."},
        ),
        ({"pattern_type": "daily", "pattern_frequency": "everyday"}, False, {}),
        (
            {"pattern_type": "daily", "pattern_frequency": "recurrence"},
            False,
            {"pattern_repeat_frequency": "Say every how many days."},
        ),
        (
            {"pattern_type": "daily", "pattern_frequency": "recurrence", "pattern_repeat_frequency": 2},
            False,
            {},
        ),
        (
            {"pattern_type": "weekly", "pattern_week_days": ()},
            False,
            {"pattern_week_days": "A weekly pattern needs at least one day."},
        ),
        ({"pattern_type": "weekly", "pattern_week_days": ("Monday",)}, False, {}),
        (
            {"pattern_type": "monthly"},
            False,
            {"pattern_day_of_month": "A monthly pattern needs days of the month, or a week with a weekday."},
        ),
        ({"pattern_type": "monthly", "pattern_day_of_month": (1,)}, False, {}),
        (
            {"pattern_type": "monthly", "pattern_day_of_month": (1,), "pattern_week_index": "First"},
            False,
            {"pattern_day_of_month": BOTH},
        ),
        (
            {"pattern_type": "monthly", "pattern_day_of_month": (1,), "pattern_day_of_week": "Monday"},
            False,
            {"pattern_day_of_month": BOTH},
        ),
        (
            {"pattern_type": "monthly", "pattern_week_index": "First"},
            False,
            {"pattern_day_of_week": "Say which weekday of that week."},
        ),
        (
            {"pattern_type": "monthly", "pattern_day_of_week": "Monday"},
            False,
            {"pattern_week_index": "Say which week: First, Second, Third, Fourth or Last."},
        ),
        (
            {"pattern_type": "monthly", "pattern_day_of_week": "Monday", "pattern_week_index": "First"},
            False,
            {},
        ),
        ({"pattern_type": "never"}, True, {}),
    ],
)
def test_what_a_pattern_lacks(given: JsonObject, unused: bool, expected: dict[str, str]):
    assert checks.pattern_problems(given, unused) == expected


SECRET = "This is a password: choose one of the configured secrets."


@pytest.mark.parametrize(
    ("parameters", "given", "expected"),
    [
        ([{"paramId": 2, "value": "h"}], {}, {}),
        ([], {}, {"parameters.2": "The script needs Host."}),
        ([{"paramId": 2, "value": ""}], {}, {"parameters.2": "The script needs Host."}),
        ([{"paramId": 2, "itopMacro": {"id": 1}}], {}, {}),
        ([{"paramId": 2, "value": "h"}, {"paramId": 1, "value": "***"}], {},
         {"parameters.1": checks.HIDDEN_CREDENTIAL}),
        ([{"paramId": 2, "value": "h"}, {"paramId": 1, "value": "**"}], {}, {}),
        ([{"paramId": 2, "value": "h"}], {"1": "hunter2"}, {"parameters.1": SECRET}),
        ([{"paramId": 2, "value": "h"}], {"1": "secret:a"}, {}),
        ([{"paramId": 2, "value": "h"}], {"7": "x"}, {"parameters.7": "The script Restart has no parameter 7."}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_scripts_parameters(
    parameters: list[JsonObject], given: JsonObject, expected: dict[str, str]
):
    assert checks.script_problems(custom(*parameters), SCRIPT, given) == expected


def test_a_required_password_that_is_hidden_has_to_be_chosen_again():
    script = Script(5, "R", "c", "9", parameters=(ScriptParameter("1", "P", required=True, data_type="PASSWORD"),))
    assert checks.script_problems(custom(), script, {}) == {"parameters.1": checks.HIDDEN_CREDENTIAL}
    assert checks.script_problems(custom(), None, {"1": "x"}) == {}
    assert checks.script_problems(custom(), Script(5, "R", "c", "9"), {"1": "x"}) == {}


UNTOLD = "OpsRamp does not tell whether Password is set; choose it again to be sure."
NO_SET = "OpsRamp never tells a job's credential set. None is sent; if the job should have one, choose it here."


@pytest.mark.parametrize(
    ("job", "script", "expected"),
    [
        (custom(), SCRIPT, [UNTOLD, NO_SET]),
        (custom({"paramId": 1, "value": "x"}), SCRIPT, [NO_SET]),
        (custom(credentialSet={"uniqueId": "c"}), None, []),
        (custom(), None, [NO_SET]),
        ({"script": {"jobType": "adCheckList"}}, None, []),
    ],
)
def test_what_a_script_may_lose(job: JsonObject, script: Script | None, expected: list[str]):
    assert checks.script_warnings(job, script) == expected


PASSED = "The start date has passed. OpsRamp does not say what it then does with a job's first run."
NO_ZONE = "OpsRamp keeps no time zone: the job runs at 22:30 UTC all year, so it moves by an hour where clocks change."
WHICH_ZONE = "OpsRamp does not say in which zone it takes a pattern's days; its answers are in UTC."
SHORT = "OpsRamp does not say what happens on days 29 to 31 in shorter months."
FAR = "OpsRamp does not say how many days apart runs may be; more than a year may be refused."
NO_DAY = "The start date is no day of the pattern. OpsRamp does not say whether the job also runs then."
START = "2026-03-04T22:30:00+0000"  # a Wednesday


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({}, []),
        ({"startDate": "odd"}, []),
        ({"startDate": "2026-03-02T11:59:59+0000", "pattern": {"type": "never"}}, [PASSED]),
        ({"startDate": "2026-03-02T12:00:00+0000", "pattern": {"type": "never"}}, []),
        ({"startDate": START, "pattern": {"type": "run once"}}, []),
        ({"startDate": START}, []),
        ({"startDate": START, "pattern": {"type": "daily", "frequency": "everyday"}}, [NO_ZONE]),
        ({"startDate": START, "pattern": {"type": "weekly", "weekDays": "Wednesday"}}, [NO_ZONE, WHICH_ZONE]),
        ({"startDate": START, "pattern": {"type": "weekly", "weekDays": "Sunday"}}, [NO_ZONE, WHICH_ZONE, NO_DAY]),
        ({"startDate": START, "pattern": {"type": "monthly", "dayOfMonth": "4, 28"}}, [NO_ZONE, WHICH_ZONE]),
        ({"startDate": START, "pattern": {"type": "monthly", "dayOfMonth": "4, 29"}}, [NO_ZONE, WHICH_ZONE, SHORT]),
        ({"startDate": START, "pattern": {"type": "monthly", "dayOfMonth": "odd"}}, [NO_ZONE, WHICH_ZONE]),
        (
            {"startDate": START, "pattern": {"type": "daily", "frequency": "recurrence", "repeatFrequency": 365}},
            [NO_ZONE],
        ),
        (
            {"startDate": START, "pattern": {"type": "daily", "frequency": "recurrence", "repeatFrequency": 366}},
            [NO_ZONE, FAR],
        ),
        (
            {"startDate": START, "pattern": {"type": "daily", "frequency": "recurrence", "repeatFrequency": "odd"}},
            [NO_ZONE],
        ),
        ({"startDate": START, "pattern": {"type": "daily", "frequency": "recurrence"}}, [NO_ZONE]),
        (
            {"startDate": START, "pattern": {"type": "daily", "frequency": "everyday", "repeatFrequency": 400}},
            [NO_ZONE],
        ),
    ],
)
def test_caveats_of_a_schedule(schedule: JsonObject, expected: list[str]):
    assert checks.schedule_warnings(schedule, NOW, None) == expected


def test_a_start_on_another_day_in_utc():
    weekly: JsonObject = {"startDate": START, "pattern": {"type": "weekly", "weekDays": "Wednesday"}}
    berlin = datetime.fromisoformat("2026-03-05T00:30:00+02:00")
    assert checks.schedule_warnings(weekly, NOW, berlin)[2:] == [
        "The start is Thu 2026-03-05 for you but Wed 2026-03-04 in UTC. The pattern's days are sent as you chose them."
    ]
    assert checks.schedule_warnings(weekly, NOW, datetime.fromisoformat(START))[2:] == []
    daily: JsonObject = {"startDate": START, "pattern": {"type": "daily", "frequency": "everyday"}}
    assert checks.schedule_warnings(daily, NOW, berlin) == [NO_ZONE]
