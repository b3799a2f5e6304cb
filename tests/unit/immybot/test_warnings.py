"""Warnings, facts for policy, and what is sent."""

import pytest

from bot.backends.immybot.body import build_body
from bot.backends.immybot.item import MaintenanceItem
from bot.backends.immybot.warnings import facts, request_warnings
from bot.schedule import Now, Schedule
from bot.values import Json, JsonObject
from tests.unit.immybot.support import once, params


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
    assert facts(params(deployment_id=0), MaintenanceItem("Chrome"), ["Acme"]) == {
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
