"""The log of a target is read from the back end, by those who have to do with the request."""

import pytest

from bot.errors import BackendError
from bot.usecases.runs.read_log import read_log
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = '[policy]\napprovers = ["@sre"]\n'


async def test_the_log_of_one_target_is_read(bot: Harness) -> None:
    request, run = await bot.started()
    await bot.poll()
    assert await read_log(bot.services, request.id, run.id, request.targets.names[0], bot.person("alice"))


async def test_what_never_started_has_no_log(bot: Harness) -> None:
    request = await bot.approved()
    with pytest.raises(BackendError, match="This run was never started, so there is no log"):
        await read_log(bot.services, request.id, (await bot.run(request)).id, "web05", bot.person("alice"))
