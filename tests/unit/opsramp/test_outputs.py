"""How a run of a script went, facts for policy, fields of parameters, settings."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.backends.base import Handle
from bot.backends.opsramp.run_job import _script_progress
from bot.backends.opsramp.scripts import Script, ScriptOutput, ScriptParameter
from bot.backends.opsramp.settings import OpsRampSettings, RateLimits
from bot.backends.opsramp.write_job import facts, parameter_fields

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SETTINGS = OpsRampSettings(url="https://o", tenant="client_1", key="env:K", secret="env:S")
PASSWORD = ScriptParameter("1", "Password", data_type="PASSWORD")
HOST = ScriptParameter("2", "Host", required=True)
SCRIPT = Script(5, "Restart", "Ops", "9", parameters=(PASSWORD, HOST))
RUN = Handle(id="j/t", detail={"tenant": "t", "job": "j", "script": 5, "at": NOW.isoformat(),
                               "devices": {"a": "alpha", "b": "beta"}})  # fmt: skip
LEAD = "OpsRamp accepted the run. Output came from"
END = "OpsRamp tells no exit status."


def ran(device: str, text: str = "ok", minute: int = 1) -> ScriptOutput:
    return ScriptOutput(device, NOW + timedelta(minutes=minute), text)


@pytest.mark.parametrize(
    ("outputs", "waited", "state", "counts", "summary"),
    [
        ([], False, "running", (0, 0, 2), f"{LEAD} 0 of 2 devices. Waiting for 2. {END}"),
        ([ran("a")], False, "running", (1, 0, 1), f"{LEAD} 1 of 2 devices. Waiting for 1. {END}"),
        ([ran("a"), ran("b")], False, "succeeded", (2, 0, 0), f"{LEAD} 2 of 2 devices. {END}"),
        (
            [ran("a")], True, "succeeded", (1, 0, 1),
            f"{LEAD} 1 of 2 devices. No output came from 1 within the time waited, so nothing is known of them. {END}",
        ),
        (
            [ran("a", " Agent Offline "), ran("b")], False, "partly_failed", (1, 1, 0),
            f"{LEAD} 1 of 2 devices, 1 had their agent offline. {END}",
        ),
        (
            [ran("a", "Agent Offline"), ran("b", "Agent Offline")], False, "failed", (0, 2, 0),
            f"{LEAD} 0 of 2 devices, 2 had their agent offline. {END}",
        ),
        ([ran("c"), ran("a", minute=-1)], False, "running", (0, 0, 2), f"{LEAD} 0 of 2 devices. Waiting for 2. {END}"),
        (
            [ran("a", "ok", 2), ran("a", "Agent Offline", 1), ran("b", minute=0)], False, "partly_failed", (1, 1, 0),
            f"{LEAD} 1 of 2 devices, 1 had their agent offline. {END}",
        ),
    ],
)  # fmt: skip
def test_how_a_run_of_a_script_went(
    outputs: list[ScriptOutput], waited: bool, state: str, counts: tuple[int, int, int], summary: str
):
    progress = _script_progress(RUN, outputs, waited)
    assert (progress.state, progress.total, progress.summary) == (state, 2, summary)
    assert (progress.succeeded, progress.failed, progress.pending) == counts
    reasons = {r.state: r.reason for r in progress.results}
    words = {"failed": "The agent was offline.", "pending": "No output so far.",
             "succeeded": "The script's output came."}  # fmt: skip
    assert reasons == {name: words[name] for name in reasons}
    assert [*reasons] == [name for name in ("failed", "pending", "succeeded") if name in reasons]


def test_facts_for_policy():
    job = {"id": "j", "name": "n", "script": {"jobType": "custom", "userType": 2, "approvalType": {"approvalType": 0}},
           "schedule": {"pattern": {"type": "daily"}}}  # fmt: skip
    assert facts("t", job, SCRIPT) == {  # type: ignore[arg-type]
        "tenant": "t", "job": "j", "name": "n", "job_type": "custom", "script": "Restart", "run_as": "other",
        "approval": "manual", "pattern": "daily",
    }  # fmt: skip
    other = facts("t", {"script": {"userType": 1, "approvalType": {"approvalType": 1}}})
    assert other == {"tenant": "t", "run_as": "system", "approval": "automatic"}


def test_the_fields_of_a_scripts_parameter():
    number = ScriptParameter("3", "Count", "How many.", "4", True, "INTEGER")
    value, macro = parameter_fields(number, ["a"])
    assert (value.name, value.label, value.hint, value.widget, value.default, value.secret, value.section) == (
        "parameters.3", "Count", "How many. The script needs it.", "number", "4", False, "Script parameters"
    )  # fmt: skip
    assert value.api_name == "script.parameters.3.value"
    assert (macro.name, macro.label, macro.widget, macro.api_name, macro.section) == (
        "macros.3", "Count from a macro", "number", "script.parameters.3.itopMacro.id", "Script parameters"
    )  # fmt: skip
    secret, _ = parameter_fields(PASSWORD, ["a", "b"])
    assert (secret.widget, secret.secret, [(o.value, o.label) for o in secret.choices]) == (
        "choice", True, [("secret:a", "a"), ("secret:b", "b")]
    )  # fmt: skip
    text, _ = parameter_fields(ScriptParameter("4", "Text"), [])
    assert (text.widget, text.default, text.hint) == ("text", None, "")


def test_settings():
    assert SETTINGS.model_dump(exclude={"url", "tenant", "key", "secret"}) == {
        "title": "", "approvals_channel": "", "results_channel": "",
        "scheduler": "nightshift", "token_path": "/tenancy/auth/oauth/token",
        "run_verb": "GET", "emit_day_of_index": False, "stringly": False, "per_minute": None, "secrets": {},
        "output_minutes": 30, "ca_file": None, "timeout": 30.0, "lookup_timeout": 2.0,
    }  # fmt: skip
    assert SETTINGS.rate_limits == RateLimits(get=500, get_paged=50, write=50) == RateLimits()
    partner = SETTINGS.model_copy(update={"tenant": "msp_1"})
    assert partner.rate_limits == RateLimits(get=1500, get_paged=150, write=150)
    own = RateLimits(get=1, get_paged=1, write=1)
    assert SETTINGS.model_copy(update={"per_minute": own}).rate_limits == own
    for name in ("get", "get_paged", "write"):
        with pytest.raises(ValueError, match="greater than or equal to 1"):
            RateLimits.model_validate({name: 0})
    for name, value in (("output_minutes", 0), ("timeout", 0), ("lookup_timeout", 0), ("url", "http://o"),
                        ("token_path", "x"), ("tenant", "a b"), ("run_verb", "PUT")):  # fmt: skip
        with pytest.raises(ValueError, match=name):
            OpsRampSettings.model_validate({**SETTINGS.model_dump(), name: value})
    local = {**SETTINGS.model_dump(), "url": "http://localhost:1/", "output_minutes": 1}
    assert OpsRampSettings.model_validate(local).url == "http://localhost:1"
