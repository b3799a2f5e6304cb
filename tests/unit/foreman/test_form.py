"""The form: a template's inputs as fields, and only the fields that can have an effect."""

from typing import Any

import pytest

from bot.backends.base import Field
from tests.unit.foreman.conftest import Bench


@pytest.fixture
def extra() -> dict[str, Any]:
    return {"secrets": {"root": "env:ROOT_PASSWORD", "alice": "env:ALICE"}}


async def fields(bench: Bench, **values: Any) -> dict[str, Field]:
    return {field.name: field for field in await bench.run.fields(values)}


async def test_without_a_template_every_parameter_is_there(bench: Bench) -> None:
    found = await fields(bench)
    assert len(found) == 27
    assert found["inputs"].widget == "json"
    assert [o.value for o in found["password"].choices] == ["alice", "root"]
    assert found["password"].widget == "choice"


async def test_a_templates_inputs_become_fields(bench: Bench) -> None:
    found = await fields(bench, job_template_id="190")
    assert "inputs" not in found
    action, service = found["inputs.action"], found["inputs.service"]
    assert [o.value for o in action.choices] == ["restart", "start", "stop", "status"]
    assert (action.widget, action.required, action.default) == ("choice", False, "restart")
    assert (service.widget, service.required, service.hint) == ("text", True, "The name of the service.")
    assert service.api_name == "inputs[service]"


async def test_a_hidden_input_is_a_choice_of_secrets(bench: Bench) -> None:
    hidden = (await fields(bench, job_template_id=210))["inputs.new password"]
    assert hidden.widget == "choice"
    assert [o.value for o in hidden.choices] == ["secret:alice", "secret:root"]


async def test_a_feature_brings_its_templates_inputs(bench: Bench) -> None:
    assert "inputs.package" in await fields(bench, feature="katello_package_install")


async def test_fields_without_effect_on_the_template_are_left_out(bench: Bench) -> None:
    service = await fields(bench, job_template_id=190)
    assert {"search_query", "targeting_type", "ssh_user", "concurrency_level", "cron_line"} <= set(service)
    assert not {"effective_user", "effective_user_password", "tags", "tags_flag"} & set(service)
    assert {"effective_user", "effective_user_password"} <= set(await fields(bench, job_template_id=189))
    assert {"tags", "tags_flag"} <= set(await fields(bench, job_template_id=193))


async def test_time_span_is_offered_by_old_servers_only(bench: Bench) -> None:
    bench.sandbox.state.remote_execution = (10, 0, 0)
    await bench.connection.check()
    assert "time_span" in await fields(bench)
    bench.sandbox.state.remote_execution = (13, 2, 0)
    await bench.connection.check()
    assert "time_span" not in await fields(bench)


async def test_a_form_whose_template_is_gone_still_opens(bench: Bench) -> None:
    assert "search_query" in await fields(bench, job_template_id=4711)
    assert "search_query" in await fields(bench, feature="gone")


async def test_a_template_is_asked_for_once_in_a_while(bench: Bench) -> None:
    await bench.connection.check()
    bench.sandbox.ledger.clear()
    await fields(bench, job_template_id=201)
    asked = len(bench.sandbox.ledger)
    await fields(bench, job_template_id=201)
    assert len(bench.sandbox.ledger) == asked
    bench.clock.forward(minutes=2)
    await fields(bench, job_template_id=201)
    assert len(bench.sandbox.ledger) == 2 * asked
