"""Slack does not tell what a channel is called: rules about it neither approve nor let anything through."""

from collections.abc import Iterator

import pytest

from bot.errors import InputError
from bot.usecases.drafts.preview import preview_draft
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "not from the incident channel"
when = { channel = "#random", max_targets = 1 }
effect = "refuse"

[[policy.rules]]
name = "by the team"
when = { channel = "#ops", min_targets = 2 }
effect = "approve"
"""


@pytest.fixture(autouse=True)
def slack_forgets(bot: Harness) -> Iterator[None]:
    bot.services.directory.invalidate_channels()
    yield
    bot.env.slack.faults.clear()


async def effect_in(bot: Harness, channel: str, hosts: str) -> str:
    found = bot.env.slack.workspace.channel_by_name(channel)
    draft = await bot.draft(hosts=hosts, channel=found.id)
    return (await preview_draft(bot.services, draft, await bot.actor("alice")))[1].requirement.effect


async def test_a_known_channel_decides(bot: Harness) -> None:
    assert await effect_in(bot, "#ops", "name ~ web") == "approve"
    assert await effect_in(bot, "#ops", "name ~ web05") == "ask"


async def test_an_unknown_one_approves_nothing_and_lets_nothing_through(bot: Harness) -> None:
    bot.env.slack.faults.fail_with_status("conversations.info", times=None)
    assert await effect_in(bot, "#ops", "name ~ web") == "ask"
    with pytest.raises(InputError, match="not from the incident channel"):
        await effect_in(bot, "#ops", "name ~ web05")
