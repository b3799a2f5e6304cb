"""A search in a form is answered before Slack's deadline, whatever the back end does."""

from typing import Any

import pytest

from playground.environment import Environment
from playground.immybot import CLIENT_ID, TENANT_ID
from playground.sandbox import Fault
from playground.slack import Modal, Person
from tests.scenarios.steps import go_to_page, open_form

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTRA = """
[backends.foreman.hasty]
title = "Hasty Foreman"
url = "{foreman}"
username = "nightshift"
password = "env:SANDBOX_FOREMAN_PASSWORD"
lookup_timeout = 0.3

[backends.opsramp.hasty]
title = "Hasty OpsRamp"
url = "{opsramp}"
tenant = "client_93"
key = "env:SANDBOX_OPSRAMP_KEY"
secret = "env:SANDBOX_OPSRAMP_SECRET"
lookup_timeout = 0.3

[backends.immybot.hasty]
title = "Hasty ImmyBot"
url = "{immybot}"
token_url = "{immybot}/TENANT/oauth2/v2.0/token"
tenant_id = "TENANT"
client_id = "CLIENT"
client_secret = "env:SANDBOX_IMMYBOT_SECRET"
subdomain = "contoso"
lookup_timeout = 0.3
""".replace("TENANT", TENANT_ID).replace("CLIENT", CLIENT_ID)

FORMS = [
    pytest.param("/foreman system=hasty", "", "Template", "foreman", id="foreman"),
    pytest.param("/opsramp update system=hasty", "", "Job", "opsramp", id="opsramp"),
    pytest.param("/immybot system=hasty", "Targets", "Computers", "immybot", id="immybot"),
]


async def rows(modal: Modal, label: str, typed: str) -> list[str]:
    """The rows of a search with their descriptions."""
    found: list[Any] = await modal.options(modal.field(label), typed)
    return [" ".join(row[line]["text"] for line in ("text", "description") if line in row) for row in found]


@pytest.mark.parametrize(("line", "page", "label", "kind"), FORMS)
async def test_a_search_reports_a_back_end_that_never_answers(
    env: Environment, alice: Person, line: str, page: str, label: str, kind: str
) -> None:
    modal = await open_form(alice, line)
    if page:
        await go_to_page(modal, page, label)
    getattr(env, kind).faults.append(Fault("hang", "/api/", "GET", remaining=None))
    (row,) = await rows(modal, label, "s")
    assert row.startswith(f"{kind}.hasty did not answer within 0.3 seconds")
    getattr(env, kind).faults.clear()
    assert len(await rows(modal, label, "o")) > 0


async def test_without_any_setting_the_answer_comes_before_slack_gives_up(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, "/foreman system=main")
    env.foreman.faults.append(Fault("hang", "/api/", "GET", remaining=None))
    (row,) = await rows(modal, "Template", "s")
    assert "did not answer within 2 seconds" in row
