"""What an orchestrator is told, and what the metrics say of the parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from bot.probes import MAX_SOCKET_SILENCE_SECONDS, Probes
from bot.scrape import scrape
from bot.serve import SocketHealth
from playground.environment import Environment, run_bot, run_environment

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def env(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Environment]:
    async with (
        run_environment(tmp_path_factory.mktemp("probes")) as environment,
        run_bot(environment, "http"),
    ):
        yield environment


def probes_of(env: Environment) -> Probes:
    assert env.bot is not None
    return Probes(env.bot)


async def test_all_is_well(env: Environment) -> None:
    assert await probes_of(env).ready() == (True, {"started": "ok", "database": "ok", "disk": "ok", "slack": "ok"})


async def test_a_token_that_slack_does_not_accept_is_named(env: Environment) -> None:
    env.slack.faults.fail_with_code("auth.test", "token_revoked")
    is_ready, checks = await probes_of(env).ready()
    assert (is_ready, checks["slack"]) == (False, "token_revoked")


async def test_slack_being_away_is_told_and_is_no_fault_of_this_process(env: Environment) -> None:
    env.slack.faults.offline = True
    is_ready, checks = await probes_of(env).ready()
    env.slack.faults.clear()
    assert is_ready
    assert checks["slack"].startswith("not answering")


async def test_slack_is_asked_once_a_minute_however_often_somebody_asks_here(env: Environment) -> None:
    probes = probes_of(env)
    await probes.ready()
    env.slack.faults.fail_with_code("auth.test", "token_revoked")
    assert (await probes.ready())[0]
    env.slack.faults.clear()


async def test_a_bot_that_is_starting_or_stopping_takes_nothing(env: Environment) -> None:
    probes = probes_of(env)
    probes.bot.ready = False
    assert await probes.ready() == (False, {"started": "starting"})
    probes.bot.is_stopping = True
    assert await probes.ready() == (False, {"started": "stopping"})
    probes.bot.ready, probes.bot.is_stopping = True, False


async def test_a_database_that_takes_no_writes_is_named(env: Environment) -> None:
    probes, held = probes_of(env), asyncio.Event()

    async def hold() -> None:
        async with probes.bot.db.write():
            held.set()
            await asyncio.sleep(60)

    holding = asyncio.create_task(hold())
    await held.wait()
    probes.write_timeout = 0.05
    is_ready, checks = await probes.ready()
    holding.cancel()
    with suppress(asyncio.CancelledError):
        await holding
    assert not is_ready
    assert checks["database"].startswith("no answer within")
    assert (await probes.ready())[0]


@pytest.mark.parametrize(("seconds", "is_ready"), [(0.0, True), (1.0, True), (MAX_SOCKET_SILENCE_SECONDS, False)])
async def test_a_short_gap_of_socket_mode_is_no_fault(env: Environment, seconds: float, is_ready: bool) -> None:
    probes = probes_of(env)
    probes.socket_age = lambda: seconds
    ready, checks = await probes.ready()
    assert (ready, checks["socket"]) == (is_ready, "ok" if seconds == 0 else f"not connected for {seconds:.0f} s")


async def test_the_age_of_a_gap_counts_from_when_it_was_seen() -> None:
    health = SocketHealth()
    assert health.age() == 0
    health.note(connected=False)
    assert health.age() > 0
    health.note(connected=True)
    assert health.age() == 0


async def test_the_metrics_say_what_is_there(env: Environment) -> None:
    assert env.bot is not None
    text = (await scrape(env.bot)).decode()
    samples = {s.name: s for family in text_string_to_metric_families(text) for s in family.samples}
    assert samples["nightshift_build_info"].value == 1
    assert samples["nightshift_database_up"].value == 1
    assert samples["nightshift_ready"].value == 1
    assert samples["nightshift_oldest_seconds"].value == 0
    assert "nightshift_silent_runs" in samples
