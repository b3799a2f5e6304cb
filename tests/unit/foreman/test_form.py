"""The form: a template's inputs as fields, and only the fields that can have an effect."""

from typing import Any

import pytest

from bot.backends.base import MAIN_SECTION, FormField, form_fields
from bot.backends.foreman.params import ForemanJobParams
from tests.unit.foreman.conftest import Harness


@pytest.fixture
def extra_settings() -> dict[str, Any]:
    return {"secrets": {"root": "env:ROOT_PASSWORD", "alice": "env:ALICE"}}


async def fields(harness: Harness, **values: Any) -> dict[str, FormField]:
    return {field.name: field for field in await harness.operation.fields(values)}


async def test_without_a_template_the_form_has_every_parameter_but_inputs_and_a_feature(harness: Harness) -> None:
    found = await fields(harness)
    assert {field.name for field in form_fields(ForemanJobParams)} - set(found) == {"inputs", "feature"}
    assert (found["job_template_id"].required, found["search_query"].required) == (True, True)
    assert [o.value for o in found["password"].choices] == ["alice", "root"]
    assert found["password"].widget == "choice"


async def test_a_templates_inputs_become_fields(harness: Harness) -> None:
    found = await fields(harness, job_template_id="190")
    assert "inputs" not in found
    action, service = found["inputs.action"], found["inputs.service"]
    assert [o.value for o in action.choices] == ["restart", "start", "stop", "status"]
    assert (action.widget, action.required, action.default) == ("choice", True, "restart")
    assert (service.widget, service.required, service.hint) == ("text", True, "The name of the service.")
    assert service.api_name == "inputs[service]"


async def test_a_hidden_input_is_a_choice_of_secrets(harness: Harness) -> None:
    hidden = (await fields(harness, job_template_id=210))["inputs.new password"]
    assert hidden.widget == "choice"
    assert [o.value for o in hidden.choices] == ["secret:alice", "secret:root"]


async def test_a_feature_or_a_bookmark_takes_the_place_of_what_it_stands_for(harness: Harness) -> None:
    found = await fields(harness, feature="run_script", bookmark_id="1")
    assert {"job_template_id", "search_query"}.isdisjoint(found)
    assert found["bookmark_id"].section == MAIN_SECTION
    both = await fields(harness, feature="run_script", job_template_id="189", bookmark_id="1", search_query="a = b")
    assert {"feature", "job_template_id", "bookmark_id", "search_query"} <= set(both)


async def test_a_feature_brings_its_templates_inputs(harness: Harness) -> None:
    assert "inputs.package" in await fields(harness, feature="katello_package_install")


async def test_fields_without_effect_on_the_template_are_left_out(harness: Harness) -> None:
    service = await fields(harness, job_template_id=190)
    assert {"search_query", "targeting_type", "ssh_user", "concurrency_level", "cron_line"} <= set(service)
    assert not {"effective_user", "effective_user_password", "tags", "tags_flag"} & set(service)
    assert {"effective_user", "effective_user_password"} <= set(await fields(harness, job_template_id=189))
    assert {"tags", "tags_flag"} <= set(await fields(harness, job_template_id=193))


async def test_time_span_is_offered_by_old_servers_only(harness: Harness) -> None:
    harness.sandbox.state.remote_execution = (10, 0, 0)
    await harness.connection.check()
    assert "time_span" in await fields(harness)
    harness.sandbox.state.remote_execution = (13, 2, 0)
    await harness.connection.check()
    assert "time_span" not in await fields(harness)


async def test_a_form_whose_template_is_gone_still_opens(harness: Harness) -> None:
    assert "search_query" in await fields(harness, job_template_id=4711)
    assert "search_query" in await fields(harness, feature="gone")


async def test_a_template_is_asked_for_once_in_a_while(harness: Harness) -> None:
    await harness.connection.check()
    harness.sandbox.received_requests.clear()
    await fields(harness, job_template_id=201)
    asked = len(harness.sandbox.received_requests)
    await fields(harness, job_template_id=201)
    assert len(harness.sandbox.received_requests) == asked
    harness.clock.advance(minutes=11)
    await harness.connection.check()
    harness.sandbox.received_requests.clear()
    await fields(harness, job_template_id=201)
    assert len(harness.sandbox.received_requests) == asked
