"""What ImmyBot and people write, read without a server."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.backends.base import Handle, HttpCall, Option, Placement, Plan, TargetResult
from bot.backends.immybot import handles, responses, vendor_payload
from bot.backends.immybot.actions import failure_summary
from bot.backends.immybot.body import build_body
from bot.backends.immybot.inventory import person_name
from bot.backends.immybot.lookups import deployment_title, rank_options
from bot.backends.immybot.placement import next_instant_at, place_start
from bot.backends.immybot.progress import ExpectedRun, parse_target_label, run_progress, target_label
from bot.backends.immybot.secret_store import SecretStore, body_with_secrets, secret_name
from bot.backends.immybot.sessions import Session, SessionQuery
from bot.backends.immybot.settings import ImmyBotSettings
from bot.backends.immybot.warnings import facts, request_warnings
from bot.errors import BadResponse
from bot.schedule import Now, Once, RecurrenceRule, Schedule, Series, Window, ZonedTime
from bot.values import Json, JsonObject
from tests.unit.immybot.support import START, once, params

RUN = ExpectedRun(START, frozenset({101, 102}), False, frozenset(), False, timedelta(hours=2))
SOON, LATE = START + timedelta(minutes=1), START + timedelta(hours=1, seconds=1)


def session(number: int, status: str, computer: int | None = None, **more: Any) -> Session:
    return Session(number, status, computer_id=computer, computer=f"pc-{computer}" if computer else "", **more)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, None, ""),
        (400, "text", "text"),
        (400, {"error": {"code": "c", "message": "m", "details": "m"}}, "m"),
        (400, {"error": {"code": "c", "details": ["a", {"b": 1}, None]}}, "c (a; b: 1; )"),
        (400, {"error": {"message": "m", "details": None}}, "m"),
        (400, {"errors": {"a": ["x", "y"], "": "z"}}, "a: x; y; z"),
        (400, {"errors": {}, "detail": "d", "title": "t"}, "d"),
        (400, {"title": "t"}, "t"),
    ],
)
def test_the_words_of_an_error(status: int, body: Json, words: str):
    assert responses.extract_error(status, body) == words


def test_rows_come_bare_or_under_a_key():
    for body in ([{"id": 1}], {"results": [{"id": 1}]}, {"data": [{"id": 1}]}):
        assert responses.extract_rows("i", "things", body) == [{"id": 1}]
    for odd in (None, {}, [1], {"results": {}}, "x"):
        with pytest.raises(BadResponse, match="i sent its list of things in a form that is not understood"):
            responses.extract_rows("i", "things", odd)
    assert responses.require_id("i", "things", {"n": "7"}, "n") == 7
    with pytest.raises(BadResponse, match="i sent one of its things without a usable id"):
        responses.require_id("i", "things", {"n": 7})


def test_numbers_texts_and_times():
    assert [responses.parse_int(v) for v in (7, " 7 ", "-7", True, "x", None, 1.5)] == [7, 7, -7] + 4 * [None]
    assert responses.first_text({"a": " ", "b": 4, "c": " x "}, "a", "b", "c") == "x"
    assert responses.first_text({}, "a") == ""
    assert responses.parse_instant("2026-03-04T12:00:00") == START
    assert responses.parse_instant("2026-03-04T13:00:00+01:00") == START
    assert [responses.parse_instant(v) for v in ("x", 4, None)] == [None, None, None]


def labels(state: str, run: ExpectedRun = RUN, now: datetime = SOON, complete: bool = True, *sessions: Session) -> str:
    progress = run_progress(run, sessions, {1: "no disk"}, now, complete=complete)
    return f"{progress.state} {progress.total}/{progress.succeeded}/{progress.failed}/{progress.pending}/" + str(
        progress.cancelled
    )


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("Passed", "Passed"), "succeeded 2/2/0/0/0"),
        (("Passed", "Failed"), "partly_failed 2/1/1/0/0"),
        (("Failed", "Failed"), "failed 2/0/2/0/0"),
        (("Failed", "PartialPassed"), "partly_failed 2/0/2/0/0"),
        (("Passed", "Cancelled"), "partly_failed 2/1/0/0/1"),
        (("Cancelled", "Cancelled"), "cancelled 2/0/0/0/2"),
        (("Failed", "Cancelled"), "failed 2/0/1/0/1"),
        (("Missed", "Passed"), "partly_failed 2/1/1/0/0"),
        (("Passed", "Running"), "running 2/1/0/1/0"),
        (("Passed", "Created"), "waiting 2/1/0/1/0"),
        (("PendingConnectivity", "Postponed"), "waiting 2/0/0/2/0"),
        (("Passed",), "waiting 2/1/0/1/0"),
        (("MaxTrackedDevicesPerMonthExceeded", "Passed"), "partly_failed 2/1/1/0/0"),
    ],
)
def test_the_state_of_a_run(statuses: tuple[str, ...], expected: str):
    sessions = [session(n + 1, status, 101 + n) for n, status in enumerate(statuses)]
    assert labels("", RUN, SOON, True, *sessions) == expected


def test_a_run_is_not_over_while_anything_is_unread():
    sessions = (session(1, "Passed", 101), session(2, "Passed", 102))
    assert labels("", RUN, SOON, False, *sessions) == "waiting 2/2/0/0/0"
    one = RUN.starts_at + timedelta(hours=1)
    assert labels("", RUN, one, True, sessions[0]) == "waiting 2/1/0/1/0"
    assert labels("", RUN, LATE, True, sessions[0]) == "partly_failed 2/1/1/0/0"
    assert labels("", RUN, LATE, False, sessions[0]) == "waiting 2/1/0/1/0"


def test_a_run_on_tenants_waits_for_more_sessions():
    run = ExpectedRun(START, frozenset(), True, frozenset(), False, timedelta(hours=2))
    two = START + timedelta(minutes=2)
    assert labels("", run, two, True, session(1, "Passed", 7)) == "waiting 1/1/0/0/0"
    assert labels("", run, two + timedelta(seconds=1), True, session(1, "Passed", 7)) == "succeeded 1/1/0/0/0"
    assert labels("", run, LATE - timedelta(seconds=1), True) == "waiting 0/0/0/0/0"
    assert labels("", run, LATE, False) == "waiting 0/0/0/0/0"
    assert labels("", run, LATE, True) == "failed 1/0/1/0/0"


def test_computers_that_were_busy():
    run = ExpectedRun(START, frozenset({101, 102}), False, frozenset({102}), False, timedelta(hours=2))
    progress = run_progress(run, [session(1, "Passed", 101)], {}, SOON, complete=True)
    busy = "ImmyBot started nothing: a session was already in progress there."
    assert progress.results == (
        TargetResult(name="computer (#102)", state="failed", reason=busy),
        TargetResult(name="pc-101 (#101)", state="succeeded"),
    )
    assert (progress.state, progress.summary) == ("partly_failed", "Of 2: 1 passed, 1 already in a session.")


SKIPPED = " It may have been offline: such computers are skipped."


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("Passed", "succeeded", ""),
        ("Running", "running", ""),
        ("Failed", "failed", "No disk."),
        ("PartialPassed", "failed", "Passed in part. No disk."),
        ("Cancelled", "cancelled", f"Cancelled in ImmyBot.{SKIPPED}"),
        ("PendingConnectivity", "pending", "Offline; ImmyBot does it when it connects."),
        ("Missed", "failed", "Missed."),
        ("Created", "pending", "Created."),
        ("Something new", "pending", "Something new."),
    ],
)
def test_the_result_of_a_session(status: str, state: str, reason: str):
    run = ExpectedRun(START, frozenset({101}), False, frozenset(), True, timedelta(hours=2))
    (result,) = run_progress(run, [session(1, status, 101)], {1: "no disk"}, SOON, complete=True).results
    assert result == TargetResult.model_validate({"name": "pc-101 (#101)", "state": state, "reason": reason})


def test_words_about_failures_and_cancelling():
    (result,) = run_progress(RUN, [session(2, "Failed", 101)], {}, SOON, complete=True).results
    assert result.reason == "Its failed actions are listed in ImmyBot."
    (result,) = run_progress(RUN, [session(2, "Cancelled", 101)], {}, SOON, complete=True).results
    assert result.reason == "Cancelled in ImmyBot."


WAITING = " ImmyBot goes on with the waiting ones when they connect or are no longer postponed."


@pytest.mark.parametrize(
    ("sessions", "now", "summary"),
    [
        ([], SOON, "ImmyBot has accepted the request; its sessions are not there yet."),
        ([], LATE, "Of 2: 2 without a session."),
        ([session(1, "Passed", 101)], SOON, "Of 2: 1 passed, 1 without a session."),
        (
            [session(1, "Created", 101), session(2, "Failed", 102), session(3, "Passed"), session(4, "Odd")],
            SOON,
            "Of 4: 1 passed, 1 failed, 1 created, 1 Odd.",
        ),
        (
            [session(1, "Running", 101), session(2, "PartialPassed", 102), session(3, "Failed")],
            SOON,
            "Of 3: 1 passed in part, 1 failed, 1 running.",
        ),
        ([session(1, "Postponed", 101), session(2, "Passed", 102)], SOON,
         f"Of 2: 1 passed, 1 postponed by the person at the computer.{WAITING}"),
        ([session(1, "PendingConnectivity", 101), session(2, "Passed", 102)], START + timedelta(hours=2),
         f"Of 2: 1 passed, 1 offline.{WAITING}"),
        ([session(1, "PendingConnectivity", 101), session(2, "Passed", 102)], START + timedelta(hours=2, seconds=1),
         "Of 2: 1 passed, 1 offline. Still pending after 2 hours; Nightshift no longer expects an end. See ImmyBot."),
        ([session(1, "Passed", 101), session(2, "Passed", 102)], START + timedelta(hours=3), "Of 2: 2 passed."),
    ],
)  # fmt: skip
def test_the_summary(sessions: list[Session], now: datetime, summary: str):
    assert run_progress(RUN, sessions, {}, now, complete=True).summary == summary


def test_results_are_sorted_and_the_next_start_is_told():
    later, sooner = SOON + timedelta(hours=2), SOON + timedelta(hours=1)
    sessions = [
        session(1, "Passed", 101),
        session(2, "Created", 102, scheduled_at=later),
        session(3, "Failed", 103, scheduled_at=START),
        session(4, "Created", 104, scheduled_at=sooner),
        session(5, "Cancelled", 105),
        session(6, "Created", 106, scheduled_at=SOON),
    ]
    progress = run_progress(RUN, sessions, {}, SOON, complete=True)
    assert [result.name[:6] for result in progress.results] == [
        "pc-103", "pc-105", "pc-102", "pc-104", "pc-106", "pc-101"
    ]  # fmt: skip
    assert progress.starts_at == sooner
    running = run_progress(RUN, [*sessions, session(7, "Running", 107)], {}, SOON, complete=True)
    assert (running.state, running.starts_at) == ("running", None)


@pytest.mark.parametrize(
    ("target", "label", "parsed"),
    [
        (Session(1, "", computer_id=5, computer="pc"), "pc (#5)", ("computers", 5)),
        (Session(1, "", computer_id=5), "computer (#5)", ("computers", 5)),
        (Session(1, "", person_id=6, tenant_id=7), "person (person #6)", ("persons", 6)),
        (Session(1, "", tenant_id=7, tenant="Acme"), "Acme (tenant #7)", ("tenants", 7)),
        (Session(1, "", tenant_id=7), "tenant (tenant #7)", ("tenants", 7)),
        (Session(1, ""), "session 1", None),
    ],
)
def test_labels_of_targets(target: Session, label: str, parsed: tuple[str, int] | None):
    assert (target_label(target), parse_target_label(label)) == (label, parsed)


@pytest.mark.parametrize(
    ("query", "found", "expected"),
    [
        (SessionQuery("g", START), Session(1, "", computer_id=5), False),
        (SessionQuery("g", START, computers=frozenset({5})), Session(1, "", computer_id=5), True),
        (SessionQuery("g", START, computers=frozenset({5})), Session(1, "", computer_id=6, tenant_id=7), False),
        (SessionQuery("g", START, tenants=frozenset({7})), Session(1, "", tenant_id=7), True),
        (SessionQuery("g", START, tenants=frozenset({7})), Session(1, "", tenant_id=8), False),
        (SessionQuery("g", START, tenants=frozenset({7})), Session(1, ""), True),
        (SessionQuery("g", START, persons=frozenset({9})), Session(1, "", person_id=9), True),
        (SessionQuery("g", START, persons=frozenset({9})), Session(1, "", person_id=8), False),
        (SessionQuery("g", START, persons=frozenset({9})), Session(1, ""), True),
    ],
)
def test_which_listed_sessions_may_be_ours(query: SessionQuery, found: Session, expected: bool):
    assert query.may_match(found) is expected


def warnings(schedule: Schedule | None = None, targets: int = 2, **values: Json) -> list[str]:
    return list(request_warnings(params(**values), schedule or Now(), targets))


PROMPTS = "The prompt settings are left out: they count only where the reboot preference is Prompt."
BUTTONS = "The Run Now and Postpone buttons stand in the detection e-mail of a run that ImmyBot starts later."
NO_STATE = "The desired software state does not count where the winning deployment is used."


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        (
            {"reboot_preference": "Force"},
            ["Force reboots every computer at the start and at the end, whether it is needed or not."],
        ),
        ({"prompt_timeout_minutes": 6}, [PROMPTS]),
        ({"prompt_timeout_action": "Reboot"}, [PROMPTS]),
        ({"auto_consent_to_reboots": True}, [PROMPTS]),
        ({"reboot_preference": "Prompt", "prompt_timeout_minutes": 6}, []),
        ({"skip_background_job": True}, []),
        (
            {"persons": [1]},
            ["Different kinds of targets are mixed; ImmyBot is meant to be given computers, tenants or persons alone."],
        ),
        (
            {"cache_only": True},
            ["ImmyBot's own pages disagree on cache only: it may work from the last inventory, or only download and "
             "install nothing."],
        ),
        (
            {"update_time": "02:30", "time_zone": "UTC"},
            ["ImmyBot starts it at 02:30 by itself. Freezes and conflicts are checked for the moment at which the "
             "request is sent, not for that time."],
        ),
        ({"time_zone": "UTC"}, ["The time zone is left out: it counts only with an update time."]),
        ({"show_run_now_button": True}, [BUTTONS]),
        ({"show_postpone_button": True, "send_detection_email": True}, [BUTTONS]),
        (
            {"use_winning_deployment": True, "deployment_id": 3},
            ["The deployment ID does not count where the winning deployment is used."],
        ),
        ({"use_winning_deployment": True}, []),
        ({"use_winning_deployment": True, "desired_software_state": "AnyVersion"}, [NO_STATE]),
        (
            {"desired_software_state": "ThisVersion"},
            ["“This version” compares with a version, and the request names none."],
        ),
        ({"desired_software_state": "ThisVersion", "semantic_version": {"major": 1}}, []),
        ({"desired_software_state": "AnyVersion"}, []),
        (
            {"task_parameter_values": {"ApiKey": "x"}},
            ["ApiKey looks like a secret and stands here in clear. Configure it among this connection's secrets and "
             'give {"secret": "its name"} instead.'],
        ),
        ({"task_parameter_values": {"ApiKey": {"secret": "admin"}}}, []),
        ({"task_parameter_values": {"ApiKey": ""}}, []),
        ({"task_parameter_values": {"ApiKey": 4}}, []),
        ({"task_parameter_values": {"Colour": "x"}}, []),
        (
            {"session_group_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"},
            ["The session group ID given is not sent: Nightshift makes a new one for each attempt."],
        ),
    ],
)  # fmt: skip
def test_warnings(values: JsonObject, expected: list[str]):
    assert warnings(**values) == expected


def test_warnings_that_depend_on_the_number_of_targets_and_the_schedule():
    from bot.backends.immybot.warnings import MANY_TARGETS

    assert warnings(targets=MANY_TARGETS - 1, skip_background_job=True) == []
    assert warnings(targets=MANY_TARGETS, skip_background_job=True) == [
        f"Skipping the background job starts all {MANY_TARGETS} sessions at once, past the instance's limit of "
        "concurrent sessions; this can overload it."
    ]
    later = once("2026-03-04T21:00")
    assert warnings(later, show_run_now_button=True, send_detection_email=True) == []
    assert warnings(later, show_run_now_button=True) == [BUTTONS]
    limited = once("2026-03-04T21:00", latest="2026-03-04T22:00")
    assert warnings(limited) == [
        "Computers that are offline are done when they connect, which may be after the latest start."
    ]
    assert warnings(limited, offline_behavior="Skip") == []


def test_facts_for_policy():
    assert facts(params(deployment_id=0), "Chrome", ["Acme"]) == {
        "task": "Chrome", "identifier": "10", "maintenance_type": "GlobalSoftware", "task_mode": "Enforce",
        "desired_state": "LatestVersion", "reboot": "Suppress", "deployment": None, "full_maintenance": False,
        "skip_background_job": False, "offline": "ApplyOnConnect", "tenants": ["Acme"],
    }  # fmt: skip


MAIN_KEYS = {
    "skipBackgroundJob": "skip_background_job", "cacheOnly": "cache_only",
    "useWinningDeployment": "use_winning_deployment", "sendDetectionEmail": "send_detection_email",
    "sendDetectionEmailWhenAllActionsAreCompliant": "send_detection_email_when_all_actions_are_compliant",
    "sendFollowUpEmail": "send_follow_up_email",
    "sendFollowUpOnlyIfActionNeeded": "send_follow_up_only_if_action_needed",
    "showRunNowButton": "show_run_now_button", "showPostponeButton": "show_postpone_button",
    "showMaintenanceActions": "show_maintenance_actions",
}  # fmt: skip


@pytest.mark.parametrize("key", MAIN_KEYS)
def test_a_flag_that_is_always_sent(key: str):
    for value in (False, True):
        body = build_body(params(**{MAIN_KEYS[key]: value}), "t", None, None)
        assert [name for name in MAIN_KEYS if body[name] is True] == ([key] if value else [])


def test_what_is_sent_only_where_it_is_set():
    body = build_body(params(deployment_id=0), "t", None, None)
    assert set(body) == {
        "sessionGroupId", "maintenanceParams", "rebootPreference", "deploymentType", "offlineBehavior", "computers",
        *MAIN_KEYS,
    }  # fmt: skip
    assert body["maintenanceParams"] == {
        "maintenanceIdentifier": "10", "maintenanceType": 0, "maintenanceTaskMode": 0, "desiredSoftwareState": 5,
        "repair": False,
    }  # fmt: skip
    timed = build_body(params(deployment_id=3, reboot_preference="Prompt"), "t", "02:30", "UTC")
    assert {name: timed[name] for name in timed if name not in body} == {
        "promptTimeoutAction": 1, "promptTimeoutMinutes": 5, "autoConsentToReboots": False, "updateTime": "02:30",
        "timeZoneInfoId": "UTC", "deploymentId": 3,
    }  # fmt: skip
    assert "updateTime" not in build_body(params(), "t", "02:30", None)
    assert "updateTime" not in build_body(params(), "t", None, "UTC")


IN_NIGHTSHIFT = "Nightshift makes the call when it is due."


@pytest.mark.parametrize(
    ("start", "zone", "latest", "reason"),
    [
        ("2026-03-04T12:05", "UTC", "", "as update time 12:05 in UTC"),
        ("2026-03-04T12:04:59", "UTC", "", "ImmyBot knows whole minutes only."),
        ("2026-03-04T12:05:00.000001", "UTC", "", "ImmyBot knows whole minutes only."),
        ("2026-03-04T12:04", "UTC", "", "The start is too close."),
        ("2026-03-05T11:55", "UTC", "", "as update time 11:55 in UTC"),
        ("2026-03-05T11:56", "UTC", "", "so it can hold the next 24 hours only."),
        ("2026-03-04T21:00", "UTC", "2026-03-04T22:00", "ImmyBot knows no latest start."),
    ],
)
def test_who_holds_one_start(start: str, zone: str, latest: str, reason: str):
    placed = place_start(params(), once(start, zone, latest), START)
    held = reason.startswith("as update")
    assert reason in placed.placement.reason
    assert (placed.placement.scheduler, placed.update_time is not None, placed.zone) == (
        ("backend", True, zone) if held else ("nightshift", False, None)
    )
    assert placed.placement.reason.startswith("ImmyBot holds" if held else IN_NIGHTSHIFT)


def test_a_start_in_a_change_of_the_clocks_is_not_held_by_immybot():
    for now, start in (("2026-03-28T12:00", "2026-03-29T02:30"), ("2026-10-24T12:00", "2026-10-25T02:30")):
        placed = place_start(params(), once(start, "Europe/Berlin"), datetime.fromisoformat(f"{now}+00:00"))
        assert placed.placement.reason.endswith("The clocks change then, and ImmyBot would have to guess.")


def test_everything_else_is_held_by_nightshift():
    start = once("2026-03-04T21:00").start
    series = Series(rule=RecurrenceRule(freq="daily"), zone="UTC", first=start)
    for schedule in (Now(), series, Window(start=start, end=start)):
        placed = place_start(params(), schedule, START)
        assert (placed.placement.scheduler, placed.update_time, placed.starts_at) == ("nightshift", None, None)
    off = place_start(params(), Once(start=start), START, native_schedules=False)
    assert off.placement.reason == f"{IN_NIGHTSHIFT} This ImmyBot is set up to start at once only."
    own = place_start(params(update_time="02:30", time_zone="UTC"), Now(), START)
    assert (own.update_time, own.zone, own.starts_at) == ("02:30", "UTC", START.replace(day=5, hour=2, minute=30))


@pytest.mark.parametrize(
    ("clock_time", "zone", "now", "expected"),
    [
        ("12:01", "UTC", "2026-03-04T12:00", "2026-03-04T12:01"),
        ("12:00", "UTC", "2026-03-04T12:00", "2026-03-05T12:00"),
        ("02:30", "Europe/Berlin", "2026-03-28T12:00", "2026-03-30T00:30"),
        ("02:30", "Europe/Berlin", "2026-03-29T03:00", "2026-03-30T00:30"),
    ],
)
def test_the_next_time_that_a_clock_shows(clock_time: str, zone: str, now: str, expected: str):
    instant = next_instant_at(clock_time, zone, datetime.fromisoformat(f"{now}+00:00"))
    assert instant == datetime.fromisoformat(f"{expected}+00:00")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, [5]), ("5, 6;7 8", [5, 6, 7, 8]), ("[5, {\"computerId\": 6}]", [5, 6]), ([5, "5", {"id": 7}], [5, 7]),
        ((5,), [5]), ([], []), ("", []), ([{"computerId": 5, "other": None}], [5]), (2**31 - 1, [2**31 - 1]),
        ("{\"id\": 4}", [4]),
    ],
)  # fmt: skip
def test_ids_of_targets(value: Json, expected: list[int]):
    assert vendor_payload.target_ids("computerId")(value) == expected


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (0, "0 is not an id"), (2**31, "is not an id"), (True, "True is not an id"), ("x", "'x' is not an id"),
        (1.5, "1.5 is not an id"), ("12345678901", "is not an id"), ([{"a": 1}], "each is a number or an object"),
        ([{"id": 1, "computerId": 2}], "each is a number or an object"), ("[", "is not valid JSON"),
        ([{}], "each is a number or an object"),
        ([{"id": 1, "maintenanceTaskParameterValueOverrides": {"a": 1}}], "values for one target alone are not sent"),
    ],
)  # fmt: skip
def test_what_is_no_id(value: Json, problem: str):
    with pytest.raises(ValueError, match=problem):
        vendor_payload.target_ids("computerId")(value)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (vendor_payload.task_values, '{"A": 1}', {"A": {"value": 1}}),
        (vendor_payload.task_values, {"A": {"value": 1, "allowOverride": None}}, {"A": {"value": 1}}),
        (vendor_payload.task_values, {"A": {"value": None}}, {"A": {"value": None}}),
        (vendor_payload.task_values, {"A": {"value": 1, "requiresOverride": True}},
         {"A": {"value": 1, "requiresOverride": True}}),
        (vendor_payload.task_values, {"A": {"value": 1, "x": 2}}, {"A": {"value": {"value": 1, "x": 2}}}),
        (vendor_payload.task_values, {"A": {"secret": "n"}}, {"A": {"value": {"secret": "n"}}}),
        (vendor_payload.json_object, '{"a": 1}', {"a": 1}),
        (vendor_payload.json_object, {"a": 1}, {"a": 1}),
        (vendor_payload.clock_time, " 2:30 ", "02:30"),
        (vendor_payload.clock_time, "23:59:00", "23:59"),
    ],
)  # fmt: skip
def test_values_in_every_form(read: Callable[[Json], Json], value: Json, expected: Json):
    assert read(value) == expected


@pytest.mark.parametrize(
    ("read", "value", "problem"),
    [
        (vendor_payload.task_values, [], "must be a JSON object"),
        (vendor_payload.task_values, {"A": {"secret": 4}}, "A: a secret is given as"),
        (vendor_payload.task_values, {"A": {"value": 1, "allowOverride": "x"}}, "A: allowOverride is true or false"),
        (vendor_payload.task_values, {"A": {"value": 1, "requiresOverride": 1}}, "A: requiresOverride is true"),
        (vendor_payload.task_values, '{"A": NaN}', "there is no NaN in JSON"),
        (vendor_payload.json_object, "4", "must be a JSON object"),
        (vendor_payload.clock_time, "24:00", "must be a time of day"),
        (vendor_payload.clock_time, "12:60", "must be a time of day"),
        (vendor_payload.clock_time, "12:30:01", "must be a time of day"),
        (vendor_payload.clock_time, "noon", "must be a time of day"),
    ],
)
def test_values_that_do_not_fit(read: Callable[[Json], Json], value: Json, problem: str):
    with pytest.raises(ValueError, match=problem):
        read(value)


def test_names_of_every_spelling():
    names = ("time_zone", "computers", "cache_only")
    read = vendor_payload.flatten
    assert read({"timeZoneInfoId": "UTC", "Cache Only": True}, names) == {"time_zone": "UTC", "cache_only": True}
    assert read({"uiOptions": {"cacheOnly": False}, "x": "", "y": None}, names) == {"cache_only": False}
    assert read({"uiOptions": 4}, names) == {"uiOptions": 4}
    assert read({"semanticVersionNormalized": "1"}, names) == {}
    assert read({"targets": {"computerIds": [1]}, "computers": [1]}, names) == {"computers": [1]}
    assert read("text", names) == "text"
    with pytest.raises(ValueError, match="computers is given twice with different values"):
        read({"targets": {"computerIds": [1]}, "computers": [2]}, names)


def test_ranking_of_choices():
    options = [Option(value=v, label=la, description=d) for v, la, d in (
        ("1", "Zed app", ""), ("2", "app", ""), ("3", "Apple", ""), ("4", "b", "an app"), ("5", "a_b", "")
    )]  # fmt: skip
    assert [o.value for o in rank_options(options, "app")] == ["2", "3", "4", "1"]
    assert [o.value for o in rank_options(options, "4")] == ["4"]
    assert [o.value for o in rank_options(options, "a b")] == ["5"]
    assert [o.value for o in rank_options(options, "")] == ["5", "2", "3", "4", "1"]
    assert len(rank_options([Option(value=str(n), label="x") for n in range(150)], "")) == 101


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ({"id": 4}, "Deployment 4"),
        ({"targetName": "All", "maintenanceType": 0, "maintenanceIdentifier": 10, "desiredSoftwareState": 5},
         "All: Global software 10: Installed latest"),
        ({"maintenanceIdentifier": "x"}, "x"),
    ],
)  # fmt: skip
def test_the_title_of_a_deployment(row: JsonObject, title: str):
    assert deployment_title(row) == title


def test_the_name_of_a_person():
    assert person_name({"firstName": "Ada", "lastName": "L"}) == "Ada L"
    assert person_name({"lastName": "L"}) == "L"
    assert person_name({"emailAddress": "a@b"}) == "a@b"
    assert person_name({"id": 4}) == "person 4"


FAILED: JsonObject = {"result": 2, "actionTypeName": "Install", "maintenanceDisplayName": "Chrome"}


@pytest.mark.parametrize(
    ("actions", "summary"),
    [
        ([], "ImmyBot names no action that failed"),
        ([{"result": 1}], "ImmyBot names no action that failed"),
        ([{**FAILED, "resultReason": 11}], "Install Chrome: the computer is offline"),
        ([{**FAILED, "resultReasonMessage": "no disk", "resultReason": 11}], "Install Chrome: no disk"),
        ([{"resultName": "Failed", "actionType": 2}], "Update: failed"),
        ([{"result": 4}], "An action: could not be determined"),
        ([FAILED] * 3, "; ".join(["Install Chrome: failed"] * 3)),
        ([FAILED] * 5, "; ".join(["Install Chrome: failed"] * 3) + "; and 2 more"),
    ],
)
def test_why_a_session_failed(actions: list[JsonObject], summary: str):
    assert failure_summary(actions) == summary


def plan(body: Json, **context: Json) -> Plan:
    call = HttpCall(method="POST", url="u", body=body)
    placement = Placement(scheduler="nightshift", reason="r")
    return Plan(operation="o", token="t1", placement=placement, calls=(call,), context=context)


def test_what_is_kept_of_a_run():
    body: JsonObject = {"computers": [{"computerId": 1}, {"computerId": 1}, {"x": 2}], "tenants": [{"tenantId": 3}],
                        "persons": [{"personId": 4}], "offlineBehavior": 1}  # fmt: skip
    answer: JsonObject = {"sessionsStarted": [{"sessionId": 9}], "sessionsAlreadyInProgress": [{"computerId": 5}]}
    handle = handles.build_handle(plan(body), START, answer)
    assert handle.detail == {
        "since": START.isoformat(), "computers": [1], "tenants": [3], "persons": [4], "sessions": [9], "busy": [5],
        "skips_offline": True,
    }  # fmt: skip
    query = handles.session_query(handle, LATE)
    assert (query.group, query.since, query.session_ids) == (handle.id, START, (9,))
    assert (query.computers, query.tenants, query.persons) == (frozenset({1}), frozenset({3}), frozenset({4}))
    run = handles.expected_run(handle, LATE, 2)
    assert run == ExpectedRun(START, frozenset({1}), True, frozenset({5}), True, timedelta(hours=2))


def test_the_start_of_a_run_that_immybot_holds():
    timed = plan({"updateTime": "21:00", "timeZoneInfoId": "UTC", "offlineBehavior": 2})
    handle = handles.build_handle(timed, START, {})
    assert handle.detail["starts_at"] == "2026-03-04T21:00:00+00:00"
    assert handle.detail["skips_offline"] is False
    assert handles.expected_run(handle, LATE, 2).starts_at == START.replace(hour=21)
    told = plan({"updateTime": "21:00", "timeZoneInfoId": "UTC"}, starts_at="2026-03-05T01:00:00+00:00")
    assert handles.build_handle(told, START, {}).detail["starts_at"] == "2026-03-05T01:00:00+00:00"
    assert "starts_at" not in handles.build_handle(plan(None), START, {}).detail


def test_a_run_that_a_person_named():
    assert handles.attached_sessions("4, 5") == (4, 5)
    assert handles.attached_sessions("4, x") == handles.attached_sessions("") == handles.attached_sessions("٤") == ()
    query = handles.session_query(Handle(id="4,5"), LATE)
    assert (query.session_ids, query.since, query.computers) == ((4, 5), LATE, frozenset())
    run = handles.expected_run(Handle(id="4"), LATE, 2)
    assert (run.starts_at, run.has_group_targets, run.skips_offline) == (LATE, False, False)


def test_secrets_are_put_in_and_struck_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("S_ADMIN", "hunter2")
    monkeypatch.setenv("S_TOKEN", "tok")
    store = SecretStore({"admin": "env:S_ADMIN", "absent": "env:S_ABSENT"}, ("env:S_TOKEN", None))
    assert store.names == ("absent", "admin")
    assert store.redact("hunter2 and tok and more") == "••• and ••• and more"
    assert store.missing_messages() == ("The environment variable S_ABSENT is not set; env:S_ABSENT refers to it.",)
    body: JsonObject = {"maintenanceParams": {"taskParameterValues": {
        "A": {"value": {"secret": "admin"}}, "B": {"value": "plain"}, "C": 4,
    }}}  # fmt: skip
    filled = body_with_secrets(body, store)  # type: ignore[arg-type]
    assert filled == {"maintenanceParams": {"taskParameterValues": {
        "A": {"value": "hunter2"}, "B": {"value": "plain"}, "C": 4,
    }}}  # fmt: skip
    assert "hunter2" not in str(body)
    for odd in (None, {}, {"maintenanceParams": 4}, {"maintenanceParams": {"taskParameterValues": 4}}):
        assert body_with_secrets(odd, store) == odd  # type: ignore[arg-type]
    assert [secret_name(v) for v in ({"secret": "a"}, {"secret": 4}, {"secret": "a", "b": 1}, "secret")] == [
        "a", None, None, None
    ]  # fmt: skip


ENTRA = {"subdomain": "contoso", "tenant_id": "t-1", "client_id": "c", "client_secret": "env:S"}


def test_settings_and_what_follows_from_them():
    settings = ImmyBotSettings.model_validate(ENTRA)
    assert settings.base_url == "https://contoso.immy.bot"
    assert settings.token_endpoint == "https://login.microsoftonline.com/t-1/oauth2/v2.0/token"
    assert settings.token_scope == "https://contoso.immy.bot/.default"
    assert settings.model_dump(exclude=set(ENTRA)) == {
        "title": "", "approvals_channel": "", "results_channel": "", "url": "", "token_url": "", "scope": "",
        "bearer": None, "endpoint": "/api/v1/run-immy-service-new", "give_up_hours": 72, "native_schedules": True,
        "timeout": 30, "lookup_timeout": 2.0, "secrets": {},
    }  # fmt: skip
    own = ImmyBotSettings.model_validate(
        {**ENTRA, "subdomain": "", "url": "http://localhost:1/", "token_url": "https://t/", "scope": "s"}
    )
    assert (own.base_url, own.token_endpoint, own.token_scope) == ("http://localhost:1", "https://t", "s")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"subdomain": ""}, "subdomain is needed"),
        ({"subdomain": "contoso.immy.bot"}, "must be the first part of the address alone"),
        ({"url": "http://immy.example.com"}, "must be an https:// address"),
        ({"token_url": "ftp://localhost"}, "must be an https:// address"),
        ({"tenant_id": "a/b"}, "must be the directory"),
        ({"endpoint": "api/v1"}, "must be a path such as"),
        ({"client_id": ""}, "give either tenant_id, client_id and client_secret, or bearer"),
        ({"client_secret": None}, "give either"),
        ({"tenant_id": ""}, "give either"),
        ({"bearer": "env:B"}, "give either"),
        ({"subdomain": "", "url": "https://i"}, "scope is needed where url stands instead of subdomain"),
        ({"give_up_hours": 0}, "greater than 0"),
        ({"timeout": 0}, "greater than 0"),
        ({"lookup_timeout": 0}, "greater than 0"),
    ],
)
def test_settings_that_are_refused(changes: JsonObject, problem: str):
    with pytest.raises(ValueError, match=problem):
        ImmyBotSettings.model_validate({**ENTRA, **changes})


def test_settings_with_a_token_of_their_own():
    settings = ImmyBotSettings.model_validate({"url": "https://i", "bearer": "env:B"})
    assert settings.base_url == "https://i"
    assert ImmyBotSettings.model_validate({**ENTRA, "tenant_id": "", "token_url": "https://t"}).token_url == "https://t"


def test_times_are_in_utc():
    assert START.tzinfo is UTC
    assert ZonedTime(wall=datetime(2026, 3, 4, 12), zone="UTC").instant == START
