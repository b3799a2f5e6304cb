"""One environment for the tests of a module: a local Slack and the sandboxes, and the services, without loops.

A module may set POLICY, EXTRA (configuration) and GROUPS (who is in which), as the scenarios do.
"""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import pytest_asyncio
import stamina

from playground.environment import POLICY, environment_variables, run_environment
from tests.unit.usecases.harness import START, Harness, make_services


@pytest.fixture(autouse=True)
def _no_retry_delay() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    """The services of a module."""
    chosen = request.module
    policy, extra = getattr(chosen, "POLICY", POLICY), getattr(chosen, "EXTRA", "")
    directory = tmp_path_factory.mktemp("usecases")
    scheduler = getattr(chosen, "SCHEDULER", "nightshift")
    async with (
        run_environment(directory, policy=policy, extra=extra, scheduler=scheduler) as env,
        aiohttp.ClientSession() as http,
    ):
        env.clock.move_to(START)
        for handle, names in getattr(chosen, "GROUPS", {}).items():
            env.slack.admin.set_group(handle, names)
        with environment_variables(env.env_vars):
            bot, harness = await make_services(env, http)
            try:
                yield harness
            finally:
                await bot.close()


@pytest.fixture
def bot(shared: Harness) -> Iterator[Harness]:
    """The services, at the same time of the same Monday for each test, with everything working."""
    shared.move_to(START)
    shared.env.foreman.speed, shared.env.foreman.state.jobs.failing = 100.0, {}
    shared.engine.reset()
    shared.woken()
    yield shared
    for sandbox in (shared.env.foreman, shared.env.opsramp, shared.env.immybot):
        sandbox.faults.clear()
    shared.env.slack.faults.clear()
