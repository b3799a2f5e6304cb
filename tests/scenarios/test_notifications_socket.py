"""Who gets which new message, over Socket Mode, in a private channel."""

import pytest
import pytest_asyncio

from playground.environment import Environment
from tests.scenarios.notifications import *  # noqa: F403

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRANSPORT = "socket"


@pytest_asyncio.fixture(autouse=True)
async def private_channel(env: Environment) -> None:
    """The approvers' channel is private."""
    env.slack.workspace.channel_by_name("#approvals").kind = "private"
